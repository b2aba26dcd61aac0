// @ts-check
/** The list of hosts: how it is updated, which hosts have a problem, and in which order they are shown. [pure] */

/** @import { Host, HostNews, Sample, Services, TroubleCode } from './types.js' */
/** @import { Level } from './verdict.js' */
/**
 * @typedef {object} HostState
 * @property {string} host
 * @property {number} heard_at time of its newest known sample, epoch s of the store's clock
 * @property {boolean} is_fresh whether it sends samples, by the server's word: the stream brings only those of the host shown
 * @property {Services} services {} while nothing is known
 * @property {readonly TroubleCode[]} [troubles] problems of the monitoring itself on this host
 *
 * @typedef {{level: Level, code: string}} Problem
 * @typedef {Problem & {host: string, more: number}} Elsewhere `more`: how many other hosts are also worse than the one shown
 */

/** Worst first. */
const LEVELS = /** @type {readonly Level[]} */ (['bad', 'warn', 'unknown', 'ok'])
/** In the order in which they are named. */
const SERVICES = /** @type {const} */ (['database', 'rabbitmq', 'worker'])

/** @param {readonly Host[]} hosts of the snapshot @param {number} stale_s @returns {HostState[]} */
export function fromSnapshot(hosts, stale_s) {
  return hosts.map(({ host, last_at, age_s }) => ({ host, heard_at: last_at, is_fresh: age_s <= stale_s, services: {} }))
}

/** @param {readonly HostNews[]} news @param {number} now epoch s of the store's clock @returns {HostState[]} */
export function fromNews(news, now) {
  return news.map(({ host, age_s, is_fresh, services, troubles }) => {
    return { host, heard_at: now - age_s, is_fresh, services, ...(troubles && { troubles }) }
  })
}

/** @param {readonly HostState[]} hosts @param {HostState} newer @returns {HostState[]} by name */
export function withHost(hosts, newer) {
  return [...hosts.filter(({ host }) => host !== newer.host), newer].sort(byName)
}

/** @param {Sample} sample @returns {Services} */
export function servicesOf({ checks }) {
  return Object.fromEntries(Object.entries(checks).map(([service, { status }]) => [service, status]))
}

/**
 * The worst problem of a host in the list. The last words of a silent host prove nothing.
 *
 * @param {HostState} host
 * @returns {Problem | null}
 */
export function problemOf({ is_fresh, services, troubles = [] }) {
  if (!is_fresh) return { level: 'unknown', code: 'silent' }
  const offline = SERVICES.find((service) => services[service] === 'offline')
  if (offline) return { level: 'bad', code: `${offline}_offline` }
  const degraded = SERVICES.find((service) => services[service] === 'degraded')
  const code = degraded ? `${degraded}_degraded` : troubles[0]
  return code ? { level: 'warn', code } : null
}

/** @param {readonly HostState[]} hosts @returns {HostState[]} hosts with problems first, the worst on top, then by name */
export function inOrder(hosts) {
  return [...hosts].sort((a, b) => rank(problemOf(a)?.level) - rank(problemOf(b)?.level) || byName(a, b))
}

/**
 * The worst of the hosts that are worse than the host shown, whose verdict has the level `level`.
 *
 * @param {readonly HostState[]} hosts
 * @param {string | null} shown
 * @param {Level} level
 * @returns {Elsewhere | null}
 */
export function elsewhere(hosts, shown, level) {
  const worse = inOrder(hosts).flatMap((other) => {
    const problem = other.host === shown ? null : problemOf(other)
    return problem && rank(problem.level) < rank(level) ? [{ ...problem, host: other.host }] : []
  })
  return worse.length > 0 ? { ...worse[0], more: worse.length - 1 } : null
}

/** @param {Level} [level] */
function rank(level = 'ok') {
  return LEVELS.indexOf(level)
}

/** @param {HostState} a @param {HostState} b Host names are technical: they sort by code point in every language. */
function byName(a, b) {
  return a.host < b.host ? -1 : Number(a.host > b.host)
}
