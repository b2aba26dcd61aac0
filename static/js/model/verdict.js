// @ts-check
/**
 * The verdict on top of the page: first whether the data can be trusted, then what the collector said with its newest sample.
 * The collector judges; the page only doubts its own connection. [pure]
 */

/** @import { Container, Facts, Finding, Level, Sample, Verdict } from './types.js' */
/** @import { Connection } from './connection.js' */

/** Worst first. */
export const LEVELS = /** @type {readonly Level[]} */ (['bad', 'attention', 'unknown', 'fine'])

/** A container's report older than this says nothing about now, in seconds. */
const CONTAINER_STALE_S = 9

/**
 * @param {Connection} connection
 * @param {Sample | null} sample
 * @returns {Verdict}
 */
export function verdict(connection, sample) {
  const doubt = doubtAbout(connection, sample)
  return doubt ? { ...doubt, also: [], cause: null } : told(/** @type {Sample} */ (sample))
}

/** @param {string | null} kind @returns {string} the watched broker's name */
export function brokerName(kind) {
  return kind === 'redis' ? 'Redis' : 'RabbitMQ'
}

/** @param {Container} container @returns {boolean} whether it has stopped reporting */
export function isMute({ age_s }) {
  return age_s > CONTAINER_STALE_S
}

/** The collector's verdict. A level that this page does not know is never fine. @param {Sample} sample @returns {Verdict} */
export function told({ host, verdict: given }) {
  if (!given) return { ...finding('unknown', 'older_collector', { host }), also: [], cause: null }
  const level = LEVELS.includes(given.level) ? given.level : 'unknown'
  return { ...given, level, facts: given.facts ?? {}, also: given.also ?? [], cause: given.cause ?? null }
}

/** @param {Connection} connection @param {Sample | null} sample @returns {Finding | null} */
function doubtAbout({ code, age_s, retry_s, cause }, sample) {
  if (code === 'signed_out' || code === 'forbidden' || code === 'replaced') return finding('unknown', code)
  if (code === 'offline' && cause === 'network') return finding('unknown', 'no_network')
  if (code === 'offline') {
    return retry_s ? finding('unknown', 'offline_retry', { seconds: retry_s }) : finding('unknown', 'offline')
  }
  if (code === 'unverified') return finding('unknown', code)
  if (code === 'stale') return finding('unknown', cause ? `silent_${cause}` : 'silent', { age_s: Math.floor(age_s ?? 0) })
  if (code === 'empty' && cause?.startsWith('store')) return finding('unknown', `empty_${cause}`)
  if (code === 'connecting' && !sample) return finding('unknown', 'connecting')
  return sample ? null : finding('unknown', 'empty')
}

/** @param {Level} level @param {string} code @param {Facts} [facts] @returns {Finding} */
function finding(level, code, facts = {}) {
  return { level, code, facts }
}
