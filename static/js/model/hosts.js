// @ts-check
/** The list of hosts: how it is updated, which hosts have a problem, and in which order they are shown. [pure] */

import { LEVELS, told } from './verdict.js'

/** @import { Host, HostNews, Level, Sample, Services } from './types.js' */
/**
 * @typedef {object} HostState
 * @property {string} host
 * @property {number} heard_at time of its newest known sample, epoch s of the store's clock
 * @property {boolean} is_fresh whether it sends samples, by the server's word: the stream brings only those of the host shown
 * @property {Services} services {} while nothing is known
 * @property {Level | null} level of its collector's last verdict; null while nothing is known
 * @property {string} code of that verdict
 *
 * @typedef {{level: Level, code: string}} Problem
 * @typedef {Problem & {host: string, more: number}} Elsewhere `more`: how many other hosts are also worse than the one shown
 */

/** @param {readonly Host[]} hosts of the snapshot @param {number} stale_s @returns {HostState[]} */
export function fromSnapshot(hosts, stale_s) {
  return hosts.map(({ host, last_at, age_s }) => {
    return { host, heard_at: last_at, is_fresh: age_s <= stale_s, services: {}, level: null, code: '' }
  })
}

/** @param {readonly HostNews[]} news @param {number} now epoch s of the store's clock @returns {HostState[]} */
export function fromNews(news, now) {
  return news.map(({ age_s, ...known }) => ({ ...known, heard_at: now - age_s }))
}

/** @param {Sample} sample @param {number} heard_at @param {boolean} is_fresh @returns {HostState} */
export function fromSample(sample, heard_at, is_fresh) {
  const services = Object.fromEntries(Object.entries(sample.checks).map(([service, { status }]) => [service, status]))
  const { level, code } = told(sample)
  return { host: sample.host, heard_at, is_fresh, services, level, code }
}

/** @param {readonly HostState[]} hosts @param {HostState} newer @returns {HostState[]} by name */
export function withHost(hosts, newer) {
  return [...hosts.filter(({ host }) => host !== newer.host), newer].sort(byName)
}

/**
 * What is wrong with a host of the list. The last words of a silent host prove nothing.
 *
 * @param {HostState} host
 * @returns {Problem | null}
 */
export function problemOf({ is_fresh, level, code }) {
  if (!is_fresh) return { level: 'unknown', code: 'silent' }
  return level === null || level === 'fine' ? null : { level, code }
}

/** @param {readonly HostState[]} hosts @returns {HostState[]} hosts with problems first, the worst on top, then by name */
export function inOrder(hosts) {
  return [...hosts].sort((a, b) => rank(problemOf(a)?.level) - rank(problemOf(b)?.level) || byName(a, b))
}

/** @param {readonly HostState[]} hosts @param {string | null} shown @returns {(Problem & {host: string})[]} the other hosts with a problem, the worst first */
export function troubledHosts(hosts, shown) {
  return inOrder(hosts).flatMap((other) => {
    const problem = other.host === shown ? null : problemOf(other)
    return problem ? [{ ...problem, host: other.host }] : []
  })
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
  const worse = troubledHosts(hosts, shown).filter((problem) => rank(problem.level) < rank(level))
  return worse.length > 0 ? { ...worse[0], more: worse.length - 1 } : null
}

/** @param {Level} [level] */
function rank(level = 'fine') {
  return LEVELS.indexOf(level)
}

/** @param {HostState} a @param {HostState} b Host names are technical: they sort by code point in every language. */
function byName(a, b) {
  return a.host < b.host ? -1 : Number(a.host > b.host)
}
