// @ts-check
/** The state of the page's link to the live stream, as a reducer: (link, event) → link. [pure] */

/**
 * `connecting`: a try is under way; `waiting`: the next try is at `retry_ms`; `unverified`: the same, and the server
 * answers but cannot tell whether we may see anything. The last three wait for the viewer.
 *
 * @typedef {'connecting' | 'open' | 'waiting' | 'unverified' | 'replaced' | 'signed_out' | 'forbidden'} Phase
 *
 * @typedef {object} Link
 * @property {Phase} phase
 * @property {number} since_ms when the stream opened or was last lost, monotonic
 * @property {number | null} retry_ms when the next try begins, monotonic
 * @property {boolean} has_failed whether a try has failed since the stream was last open
 * @property {boolean} is_unverified
 */

/** @param {number} mono_ms @returns {Link} */
export function newLink(mono_ms) {
  return { phase: 'connecting', since_ms: mono_ms, retry_ms: null, has_failed: false, is_unverified: false }
}

/**
 * Deliberate: `since_ms` is when the stream was last lost, not when the last try began, so that several failing tries
 * do not each get a new grace period. Once a try has failed there is no grace at all until the stream is open again.
 *
 * @param {Link} before
 * @param {{phase: Phase, mono_ms: number, retry_ms?: number}} event
 * @returns {Link}
 */
export function linkAfter(before, { phase, mono_ms, retry_ms }) {
  const isSameLoss = phase !== 'open' && before.phase !== 'open'
  return {
    phase,
    since_ms: isSameLoss ? before.since_ms : mono_ms,
    retry_ms: retry_ms ?? null,
    has_failed: phase === 'waiting' || phase === 'unverified' || (isSameLoss && before.has_failed),
    is_unverified: phase === 'unverified' || (phase === 'connecting' && before.is_unverified),
  }
}
