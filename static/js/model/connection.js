// @ts-check
/** How far the data shown can be trusted: the state of the connection first, then the age of the data. [pure] */

import { STALE_INTERVALS, hostAge } from './state.js'

/** @import { Blame, State } from './state.js' */
/** @import { Refusal } from './types.js' */
/**
 * @typedef {'connecting' | 'live' | 'delayed' | 'stale' | 'offline' | 'unverified' | 'replaced' | 'signed_out'
 *   | 'forbidden' | 'empty'} ConnectionCode
 * @typedef {Blame | Refusal | 'network' | 'server'} Cause of data that does not come, where it is known
 * @typedef {{code: ConnectionCode, age_s: number | null, retry_s: number | null, cause: Cause | null}} Connection
 */

/** A connection attempt longer than this counts as lost, in ms. */
const GRACE_MS = 5000
/** Age, in intervals, beyond which data is late: 6 s at the default of 3 s. */
const DELAYED_INTERVALS = 2

/**
 * @param {State} state
 * @param {number} mono_ms
 * @param {boolean} [isOnline] whether the browser has a network at all
 * @returns {Connection}
 */
export function connection(state, mono_ms, isOnline = true) {
  const code = codeOf(state, mono_ms)
  const { retry_ms } = state.link
  return {
    code,
    age_s: hostAge(state, state.host, mono_ms),
    retry_s: retry_ms === null ? null : Math.max(0, Math.ceil((retry_ms - mono_ms) / 1000)),
    cause: causeOf(code, state.refusal ?? state.blame, isOnline),
  }
}

/** @param {ConnectionCode} code @returns {boolean} whether the server still sends news of the other hosts */
export function isInTouch(code) {
  return ['connecting', 'live', 'delayed', 'stale', 'empty'].includes(code)
}

/** @param {ConnectionCode} code @returns {boolean} whether no data will come until the viewer acts */
export function needsViewer(code) {
  return code === 'signed_out' || code === 'forbidden' || code === 'replaced'
}

/** @param {ConnectionCode} code @returns {boolean} whether the data shown may be out of date */
export function isPast(code) {
  return !['live', 'delayed', 'connecting', 'empty'].includes(code)
}

/** @param {State} state @param {number} mono_ms @returns {ConnectionCode} */
function codeOf(state, mono_ms) {
  const { phase, since_ms, has_failed, is_unverified } = state.link
  if (phase === 'signed_out' || phase === 'forbidden' || phase === 'replaced') return phase
  if (is_unverified) return 'unverified'
  if (phase !== 'open' && (has_failed || mono_ms - since_ms > GRACE_MS)) return 'offline'
  if (phase === 'connecting' && !state.was_open) return 'connecting'
  return freshness(hostAge(state, state.host, mono_ms), state.interval_s)
}

/** @param {number | null} age_s @param {number} interval_s @returns {ConnectionCode} */
function freshness(age_s, interval_s) {
  if (age_s === null) return 'empty'
  if (age_s > STALE_INTERVALS * interval_s) return 'stale'
  return age_s > DELAYED_INTERVALS * interval_s ? 'delayed' : 'live'
}

/** @param {ConnectionCode} code @param {Blame | Refusal | null} blame @param {boolean} isOnline @returns {Cause | null} */
function causeOf(code, blame, isOnline) {
  if (code === 'offline') return isOnline ? 'server' : 'network'
  return code === 'stale' || code === 'empty' ? blame : null
}
