// @ts-check
/** The ids of the stream, `<ms>-<sequence>`: the store's own clock and order. [pure] */

/** More than this is fetched as history instead of being replayed, in s. */
export const REPLAY_MOST_S = 45
/** Where the stream of another host begins, in intervals before now: the replay then holds its newest sample. */
const REPLAY_INTERVALS = 2
/** The same for a silent host: this long before its last sample, in s. */
const REPLAY_MARGIN_S = 0.5

/** @param {string} a @param {string} b */
export function isNewer(a, b) {
  const [a_ms, a_sequence] = a.split('-').map(BigInt)
  const [b_ms, b_sequence] = b.split('-').map(BigInt)
  return a_ms === b_ms ? a_sequence > b_sequence : a_ms > b_ms
}

/** @param {string} id @param {string | null} other */
export function newerOf(id, other) {
  return other === null || isNewer(id, other) ? id : other
}

/** @param {string} id @returns {number} when the store took the sample, epoch s */
export function writtenAt(id) {
  return Number(id.split('-')[0]) / 1000
}

/**
 * The id after which a host's newest sample comes.
 *
 * @param {{is_fresh: boolean, heard_at: number}} host `heard_at`: its newest sample, epoch s
 * @param {number} now epoch s of the store's clock
 * @param {number} interval_s
 */
export function cursorBefore({ is_fresh, heard_at }, now, interval_s) {
  const since = is_fresh ? now - REPLAY_INTERVALS * interval_s : heard_at - REPLAY_MARGIN_S
  return `${Math.floor(since * 1000)}-0`
}
