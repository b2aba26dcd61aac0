// @ts-check
/**
 * The messages between the tabs of one browser, which share one stream: HTTP/1.1 allows six connections. [pure]
 *
 * One tab leads: it holds the stream, opened for the hosts that all tabs show, and passes events on. The other tabs say
 * which host they want: when they open, when they change the host, and when a new leader asks.
 */

import { isNewer } from '../model/cursor.js'

/** @import { HostNews, Hello } from '../model/types.js' */
/** @import { Phase } from '../model/link.js' */
/**
 * @typedef {{host: string | null, cursor: string | null}} Want whose samples, null for all, and the id to go on after
 * @typedef {Readonly<Record<string, Want>>} Wants by tab; cursor null: served, wants what comes next
 * @typedef {{name: string, id: string, data: string}} StreamEvent as EventSource gives it
 * @typedef {{floor: string | null, events: readonly StreamEvent[]}} Recent all samples after the id `floor`, oldest first
 * @typedef {{type: 'want', tab: string} & Want | {type: 'leave' | 'lead' | 'retry', tab: string}
 *   | {type: 'link', phase: Phase, delay_ms?: number, to?: string}
 *   | {type: 'event', event: StreamEvent, to?: string}} Message `to`: for that tab alone
 */

/** A leader sends a message every `PULSE_MS`; one that is silent for this long was frozen by the browser, in ms. */
export const SILENT_MS = 6500
export const PULSE_MS = 2000
/** Samples kept for tabs that open later: half a minute of one host. */
const CAPACITY = 10

/** @type {Recent} */
export const NOTHING_RECENT = { floor: null, events: [] }

/** @param {Wants} wants @param {string} tab @param {Want} want @returns {Wants} */
export function withWant(wants, tab, { host, cursor }) {
  return { ...wants, [tab]: { host, cursor } }
}

/** @param {Wants} wants @param {string} tab @returns {Wants} */
export function withoutTab(wants, tab) {
  return Object.fromEntries(Object.entries(wants).filter(([name]) => name !== tab))
}

/** The stream is open from all cursors on, so every tab is served. @param {Wants} wants @returns {Wants} */
export function served(wants) {
  return Object.fromEntries(Object.entries(wants).map(([tab, { host }]) => [tab, { host, cursor: null }]))
}

/**
 * The stream that serves every tab: the hosts of all tabs (an empty list means all hosts), from the oldest cursor on. Each
 * tab drops the samples that it has already.
 *
 * @param {Wants} wants
 * @param {string | null} newest the id that served tabs have
 * @returns {{hosts: string[], cursor: string | null}}
 */
export function streamFor(wants, newest) {
  const all = Object.values(wants)
  const names = all.flatMap(({ host }) => (host === null ? [] : [host]))
  const hosts = names.length < all.length ? [] : [...new Set(names)].sort()
  const cursors = all.flatMap(({ cursor }) => cursor ?? newest ?? [])
  return { hosts, cursor: cursors.reduce(older, cursors[0] ?? null) }
}

/** @param {readonly string[]} hosts of a stream @param {string | null} host @returns {boolean} whether it brings that host's samples */
export function brings(hosts, host) {
  return hosts.length === 0 || (host !== null && hosts.includes(host))
}

/** @param {Recent} recent @param {StreamEvent} event @returns {Recent} */
export function remember({ floor, events }, event) {
  const kept = [...events, event]
  return kept.length > CAPACITY ? { floor: kept[0].id, events: kept.slice(1) } : { floor, events: kept }
}

/** @param {Recent} recent @param {string | null} cursor @returns {StreamEvent[] | null} null when not all are kept */
export function since({ floor, events }, cursor) {
  if (cursor === null) return []
  if (floor === null || isNewer(floor, cursor)) return null
  return events.filter(({ id }) => isNewer(id, cursor))
}

/** What `hello` would say now. @param {Hello} hello @param {number} elapsed_s since it came @returns {Hello} */
export function agedHello(hello, elapsed_s) {
  const age_s = hello.age_s === null ? null : hello.age_s + elapsed_s
  return { ...hello, now: hello.now + elapsed_s, age_s }
}

/** What `hosts` would say now. @param {HostNews[]} hosts @param {number} elapsed_s since it came @returns {HostNews[]} */
export function agedHosts(hosts, elapsed_s) {
  return hosts.map((row) => ({ ...row, age_s: row.age_s + elapsed_s }))
}

/** @param {string | null} id @param {string} other */
function older(id, other) {
  return id === null || isNewer(id, other) ? other : id
}
