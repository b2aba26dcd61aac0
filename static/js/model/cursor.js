// @ts-check
/** The ids of the stream, `<ms>-<sequence>`: the store's own clock and order. [pure] */

/** @param {string} a @param {string} b  */
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
