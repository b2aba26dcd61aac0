// @ts-check
/**
 * What the page knows, folded from what happened: (state, event) → state. [pure]
 *
 * Ages rest on the store's clock alone: it gives the stream's ids, and every answer stamps its `now`. The browser's
 * monotonic clock (`mono_ms`) carries it on; neither the browser's wall clock nor a collector's has a say in an age.
 */

/** @typedef {import('./types.js').Sample} Sample */
/** @typedef {import('./types.js').History} History */
/** @typedef {import('./types.js').Snapshot} Snapshot */
/** @typedef {import('./types.js').Hello} Hello */

/**
 * `connecting`: a try is under way; `waiting`: the next is at `retry_ms`; the last three wait for the viewer.
 * @typedef {'connecting' | 'open' | 'waiting' | 'replaced' | 'signed_out' | 'forbidden'} Phase
 * @typedef {{phase: Phase, since_ms: number, retry_ms: number | null}} Link
 *
 * @typedef {object} State
 * @property {number} interval_s
 * @property {string | null} host the one shown
 * @property {readonly string[]} hosts
 * @property {Readonly<Record<string, number>>} heard_at by host: its newest sample, epoch s of the store's clock, never ahead of it
 * @property {Readonly<Record<string, Sample>>} samples the newest by host
 * @property {Readonly<Record<string, number>>} busy_ticks by host: samples in a row with the CPU at its limit
 * @property {number | null} lead_s the store's clock less the monotonic one
 * @property {string | null} cursor newest stream id seen
 * @property {Link} link
 * @property {boolean} was_open
 *
 * @typedef {{type: 'link', phase: Phase, mono_ms: number, retry_ms?: number}
 *   | {type: 'hello', hello: Hello, mono_ms: number}
 *   | {type: 'sample', id: string, sample: Sample, mono_ms: number}
 *   | {type: 'history', history: History, mono_ms: number}
 *   | {type: 'reset'}
 *   | {type: 'host', host: string}} Event
 *
 * @typedef {'connecting' | 'live' | 'delayed' | 'stale' | 'offline' | 'replaced' | 'signed_out' | 'forbidden'
 *   | 'empty'} ConnectionCode
 * @typedef {{code: ConnectionCode, age_s: number | null, retry_s: number | null}} Connection
 */

/** How long a connection may be on its way before it counts as lost, in ms. */
const GRACE_MS = 5000
/** Ages, in intervals, beyond which data is late and stale: 6 s and 9 s at the default of 3 s. */
const DELAYED_INTERVALS = 2
const STALE_INTERVALS = 3
/** CPU percent that counts as being at the limit. */
const BUSY_PERCENT = 90

/** @param {Snapshot} snapshot @param {number} mono_ms @returns {State} */
export function makeState(snapshot, mono_ms) {
  /** @type {State} */
  let state = {
    interval_s: snapshot.interval_s,
    host: snapshot.history?.host ?? snapshot.hosts[0]?.host ?? null,
    hosts: snapshot.hosts.map(({ host }) => host),
    heard_at: Object.fromEntries(snapshot.hosts.map(({ host, last_at }) => [host, last_at])),
    samples: {},
    busy_ticks: {},
    lead_s: null,
    cursor: null,
    link: { phase: 'connecting', since_ms: mono_ms, retry_ms: null },
    was_open: false,
  }
  if (snapshot.history) state = reduce(state, { type: 'history', history: snapshot.history, mono_ms })
  return snapshot.latest ? withSample(state, snapshot.latest.id, snapshot.latest.sample, mono_ms) : state
}

/** @param {State} state @param {Event} event @returns {State} */
export function reduce(state, event) {
  switch (event.type) {
    case 'link':
      return withLink(state, event)
    case 'hello':
      return { ...state, interval_s: event.hello.interval_s, lead_s: leadOf(event.hello.now, event.mono_ms) }
    case 'sample':
      if (state.cursor !== null && !isNewer(event.id, state.cursor)) return state
      return { ...withSample(state, event.id, event.sample, event.mono_ms), cursor: event.id }
    case 'history':
      return withHistory(state, event.history, event.mono_ms)
    case 'reset':
      return { ...state, cursor: null }
    case 'host':
      return { ...state, host: event.host }
  }
}

/**
 * What may be said of the data shown: the connection's own state first, then the data's age.
 *
 * @param {State} state
 * @param {number} mono_ms
 * @returns {Connection}
 */
export function connection(state, mono_ms) {
  const { phase, since_ms, retry_ms } = state.link
  const age_s = dataAge(state, mono_ms)
  const retry_s = retry_ms === null ? null : Math.max(0, Math.ceil((retry_ms - mono_ms) / 1000))
  if (phase === 'signed_out' || phase === 'forbidden' || phase === 'replaced') return { code: phase, age_s, retry_s }
  if (phase !== 'open' && mono_ms - since_ms > GRACE_MS) return { code: 'offline', age_s, retry_s }
  if (phase === 'waiting') return { code: 'offline', age_s, retry_s }
  if (phase === 'connecting' && !state.was_open) return { code: 'connecting', age_s, retry_s }
  return { code: freshness(age_s, state.interval_s), age_s, retry_s }
}

/** @param {State} state @returns {Sample | null} the newest of the host shown */
export function currentSample(state) {
  return (state.host !== null && state.samples[state.host]) || null
}

/** @param {State} state @returns {number} samples in a row in which the host shown had its CPU at the limit */
export function busyTicks(state) {
  return (state.host !== null && state.busy_ticks[state.host]) || 0
}

/** @param {string} a @param {string} b stream ids, `<ms>-<sequence>` */
export function isNewer(a, b) {
  const [a_ms, a_sequence] = a.split('-').map(BigInt)
  const [b_ms, b_sequence] = b.split('-').map(BigInt)
  return a_ms === b_ms ? a_sequence > b_sequence : a_ms > b_ms
}

/** @param {State} state @param {number} mono_ms @returns {number | null} */
function dataAge(state, mono_ms) {
  const heard_at = state.host === null ? undefined : state.heard_at[state.host]
  if (heard_at === undefined || state.lead_s === null) return null
  return Math.max(0, serverTime(state.lead_s, mono_ms) - heard_at)
}

/** @param {number | null} age_s @param {number} interval_s @returns {ConnectionCode} */
function freshness(age_s, interval_s) {
  if (age_s === null) return 'empty'
  if (age_s > STALE_INTERVALS * interval_s) return 'stale'
  return age_s > DELAYED_INTERVALS * interval_s ? 'delayed' : 'live'
}

/**
 * Deliberate: `since_ms` is when the stream was last lost, not when the last try began, so that failing tries in a row
 * do not each get a new grace.
 *
 * @param {State} state
 * @param {{phase: Phase, mono_ms: number, retry_ms?: number}} event
 * @returns {State}
 */
function withLink(state, { phase, mono_ms, retry_ms = undefined }) {
  const isSameLoss = phase !== 'open' && state.link.phase !== 'open'
  const since_ms = isSameLoss ? state.link.since_ms : mono_ms
  const was_open = state.was_open || phase === 'open'
  return { ...state, link: { phase, since_ms, retry_ms: retry_ms ?? null }, was_open }
}

/** @param {State} state @param {string} id @param {Sample} sample @param {number} mono_ms @returns {State} */
function withSample(state, id, sample, mono_ms) {
  const { host } = sample
  const is_busy = sample.cpu !== null && sample.cpu >= BUSY_PERCENT
  const written_at = writtenAt(id)
  const now = state.lead_s === null ? written_at : serverTime(state.lead_s, mono_ms)
  return {
    ...state,
    host: state.host ?? host,
    hosts: state.hosts.includes(host) ? state.hosts : [...state.hosts, host].sort(),
    lead_s: state.lead_s ?? leadOf(written_at, mono_ms),
    heard_at: { ...state.heard_at, [host]: Math.min(written_at, now) },
    samples: { ...state.samples, [host]: sample },
    busy_ticks: { ...state.busy_ticks, [host]: is_busy ? (state.busy_ticks[host] ?? 0) + 1 : 0 },
  }
}

/** @param {State} state @param {History} history @param {number} mono_ms @returns {State} */
function withHistory(state, { host, now, age_s, last_id, interval_s }, mono_ms) {
  const heard_at = host === null || age_s === null ? state.heard_at : { ...state.heard_at, [host]: now - age_s }
  const isAhead = last_id !== null && (state.cursor === null || isNewer(last_id, state.cursor))
  return { ...state, interval_s, heard_at, lead_s: leadOf(now, mono_ms), cursor: isAhead ? last_id : state.cursor }
}

/** @param {string} id @returns {number} when the store took the sample, epoch s */
function writtenAt(id) {
  return Number(id.split('-')[0]) / 1000
}

/** @param {number} server_s @param {number} mono_ms */
function leadOf(server_s, mono_ms) {
  return server_s - mono_ms / 1000
}

/** @param {number} lead_s @param {number} mono_ms */
function serverTime(lead_s, mono_ms) {
  return lead_s + mono_ms / 1000
}
