// @ts-check
/**
 * The state of the page, as a reducer: (state, event) → state. [pure]
 * All ages rest on the store's clock (store_clock.js); `mono_ms` is the browser's monotonic one.
 */

import { REPLAY_MOST_S, cursorBefore, isNewer, newerOf, writtenAt } from './cursor.js'
import { fromNews, fromSample, fromSnapshot, withHost } from './hosts.js'
import { linkAfter, newLink } from './link.js'
import { offsetOf, storeTimeAt } from './store_clock.js'

/** @import { Sample, History, Snapshot, Hello, HostNews, Refusal } from './types.js' */
/** @import { HostState } from './hosts.js' */
/** @import { Link, Phase } from './link.js' */

/**
 * @typedef {'store' | 'collector'} Blame
 *
 * @typedef {object} State
 * @property {number} interval_s
 * @property {string | null} host the one shown
 * @property {readonly HostState[]} hosts by name
 * @property {{id: string, sample: Sample} | null} newest of the host shown
 * @property {number | null} clock_offset_s the store's clock minus the monotonic one
 * @property {string | null} cursor the stream id to go on after
 * @property {Link} link
 * @property {boolean} was_open
 * @property {string} version the page's own
 * @property {boolean} is_outdated whether the server has another version of the page
 * @property {Blame | null} blame why an open stream brings nothing, once the page has found out
 * @property {Refusal | null} refusal the server's reason: its Redis refuses writes
 *
 * @typedef {{type: 'link', phase: Phase, mono_ms: number, retry_ms?: number}
 *   | {type: 'hello', hello: Hello, mono_ms: number}
 *   | {type: 'sample', id: string, sample: Sample, mono_ms: number}
 *   | {type: 'history', history: History, mono_ms: number}
 *   | {type: 'hosts', hosts: HostNews[], refusal?: Refusal | null, mono_ms: number}
 *   | {type: 'forgotten', host: string, mono_ms: number}
 *   | {type: 'reset', now?: number | null, mono_ms: number}
 *   | {type: 'host', host: string, mono_ms: number}
 *   | {type: 'blame', blame: Blame | null}
 *   | {type: 'slept', seconds: number}
 *   | {type: 'skip', mono_ms: number}} Event
 */

/** Age, in intervals, beyond which data is stale: 9 s at the default of 3 s. */
export const STALE_INTERVALS = 3

/**
 * @param {Snapshot} snapshot
 * @param {number} mono_ms
 * @param {string | null} [wanted] the host to show, if it is known; else the one that the snapshot is of
 * @returns {State}
 */
export function makeState({ interval_s, hosts, history, latest, version }, mono_ms, wanted = null) {
  const host = history?.host ?? hosts[0]?.host ?? null
  /** @type {State} */
  let state = {
    interval_s,
    host,
    hosts: fromSnapshot(hosts, STALE_INTERVALS * interval_s),
    newest: null,
    clock_offset_s: null,
    cursor: null,
    link: newLink(mono_ms),
    was_open: false,
    version,
    is_outdated: false,
    blame: null,
    refusal: null,
  }
  if (history) state = reduce(state, { type: 'history', history, mono_ms })
  if (latest) state = withSample(state, latest.id, latest.sample, mono_ms)
  const isKnown = hosts.some(({ host }) => host === wanted)
  return wanted !== null && isKnown ? reduce(state, { type: 'host', host: wanted, mono_ms }) : state
}

/** @param {State} state @param {Event} event @returns {State} */
export function reduce(state, event) {
  switch (event.type) {
    case 'link':
      return { ...state, link: linkAfter(state.link, event), was_open: state.was_open || event.phase === 'open' }
    case 'hello':
      return withHello(state, event.hello, event.mono_ms)
    case 'sample':
      if (state.newest && !isNewer(event.id, state.newest.id)) return state
      return withSample(state, event.id, event.sample, event.mono_ms)
    case 'history':
      return withHistory(state, event.history, event.mono_ms)
    case 'hosts':
      return withHosts({ ...state, refusal: event.refusal ?? null }, event.hosts, event.mono_ms)
    case 'forgotten':
      return withKnownHost({ ...state, hosts: state.hosts.filter(({ host }) => host !== event.host) }, event.mono_ms)
    case 'reset':
      return withReset({ ...state, cursor: null, newest: null }, event.now ?? null, event.mono_ms)
    case 'host':
      return event.host === state.host ? state : showing(state, event.host, event.mono_ms)
    case 'blame':
      return event.blame === state.blame ? state : { ...state, blame: event.blame }
    case 'slept':
      return state.clock_offset_s === null ? state : { ...state, clock_offset_s: state.clock_offset_s + event.seconds }
    case 'skip':
      return { ...state, cursor: replayCursor(state, state.host, event.mono_ms) }
  }
}

/** @param {State} state @returns {Sample | null} the newest of the host shown */
export function currentSample(state) {
  return state.newest?.sample ?? null
}

/** @param {State} state @param {string | null} name @param {number} mono_ms @returns {number | null} s */
export function hostAge({ hosts, clock_offset_s }, name, mono_ms) {
  const known = hosts.find(({ host }) => host === name)
  return known === undefined || clock_offset_s === null ? null : Math.max(0, storeTimeAt(clock_offset_s, mono_ms) - known.heard_at)
}

/**
 * Whether the page missed so much that it must fetch history instead of a replay of the samples.
 *
 * @param {State} state
 * @param {number} mono_ms
 */
export function isFarBehind({ cursor, clock_offset_s }, mono_ms) {
  return cursor !== null && clock_offset_s !== null && storeTimeAt(clock_offset_s, mono_ms) - writtenAt(cursor) > REPLAY_MOST_S
}

/** The store's clock now, epoch s; null before it is known. @param {State} state @param {number} mono_ms */
export function storeTime({ clock_offset_s }, mono_ms) {
  return clock_offset_s === null ? null : storeTimeAt(clock_offset_s, mono_ms)
}

/** @param {State} state @param {Hello} hello @param {number} mono_ms @returns {State} */
function withHello(state, { version, interval_s, now }, mono_ms) {
  return { ...state, interval_s, clock_offset_s: offsetOf(now, mono_ms), is_outdated: version !== state.version }
}

/**
 * A sample of another host than the one shown only moves the cursor: the event `hosts` tells the rest.
 *
 * @param {State} state
 * @param {string} id
 * @param {Sample} sample
 * @param {number} mono_ms
 * @returns {State}
 */
function withSample(state, id, sample, mono_ms) {
  const { host } = sample
  const cursor = newerOf(id, state.cursor)
  if (state.host !== null && state.host !== host) return { ...state, cursor }
  const written_at = writtenAt(id)
  const clock_offset_s = state.clock_offset_s ?? offsetOf(written_at, mono_ms)
  const now = storeTimeAt(clock_offset_s, mono_ms)
  const known_at = state.hosts.find((known) => known.host === host)?.heard_at ?? written_at
  const heard_at = Math.min(now, Math.max(known_at, written_at)) // A replayed sample does not make a host older.
  const is_fresh = now - heard_at <= STALE_INTERVALS * state.interval_s
  return {
    ...state,
    host,
    hosts: withHost(state.hosts, fromSample(sample, heard_at, is_fresh)),
    clock_offset_s,
    cursor,
    newest: { id, sample },
    blame: null,
  }
}

/**
 * The stream has started over, and its clock may have been set back: no host can have been heard in the future.
 *
 * @param {State} state
 * @param {number | null} now epoch s
 * @param {number} mono_ms
 * @returns {State}
 */
function withReset(state, now, mono_ms) {
  if (now === null) return state
  const hosts = state.hosts.map((known) => ({ ...known, heard_at: Math.min(known.heard_at, now) }))
  return { ...state, hosts, clock_offset_s: offsetOf(now, mono_ms) }
}

/** @param {State} state @param {History} history @param {number} mono_ms @returns {State} */
function withHistory(state, { host, now, age_s, last_id, interval_s }, mono_ms) {
  const hosts = state.hosts.map((known) => {
    return known.host === host && age_s !== null ? { ...known, heard_at: now - age_s } : known
  })
  const cursor = last_id === null ? state.cursor : newerOf(last_id, state.cursor)
  return { ...state, interval_s, hosts, clock_offset_s: offsetOf(now, mono_ms), cursor }
}

/**
 * Takes over the server's list of hosts. A host missing from it was forgotten, unless it is the host shown and has just
 * sent a sample: then the list lags behind the samples.
 *
 * @param {State} state
 * @param {HostNews[]} news
 * @param {number} mono_ms
 * @returns {State}
 */
function withHosts(state, news, mono_ms) {
  const { clock_offset_s, interval_s } = state
  if (clock_offset_s === null) return state // `hello` comes first and sets it.
  const now = storeTimeAt(clock_offset_s, mono_ms)
  const hosts = fromNews(news, now)
  const shown = state.hosts.find(({ host }) => host === state.host)
  const isMissing = shown !== undefined && hosts.every(({ host }) => host !== shown.host)
  const isJustHeard = isMissing && now - shown.heard_at <= STALE_INTERVALS * interval_s
  return withKnownHost({ ...state, hosts: isJustHeard ? withHost(hosts, shown) : hosts }, mono_ms)
}

/** Shows the first host when the one shown is no longer on the list. @param {State} state @param {number} mono_ms */
function withKnownHost(state, mono_ms) {
  if (state.hosts.some(({ host }) => host === state.host)) return state
  return showing(state, state.hosts[0]?.host ?? null, mono_ms)
}

/** @param {State} state @param {string | null} host @param {number} mono_ms @returns {State} */
function showing(state, host, mono_ms) {
  return { ...state, host, newest: null, cursor: replayCursor(state, host, mono_ms) }
}

/** The id after which a host's newest sample comes; null where that is not known. @param {State} state @param {string | null} name @param {number} mono_ms */
function replayCursor({ hosts, clock_offset_s, interval_s }, name, mono_ms) {
  const known = hosts.find(({ host }) => host === name)
  if (!known || clock_offset_s === null) return null
  return cursorBefore(known, storeTimeAt(clock_offset_s, mono_ms), interval_s)
}
