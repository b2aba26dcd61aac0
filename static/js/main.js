// @ts-check
/** Wires the page: feed → state and series → views. The only file that knows all others. */

import { watchActivity } from './activity.js'
import { byId } from './dom.js'
import { Feed } from './feed.js'
import { makeFormat } from './format.js'
import { applyCatalogue, loadTranslate } from './i18n.js'
import { chosenLanguage, watchPreferences } from './preferences.js'
import { appendNewer, appendRow, emptyColumns, historyColumns, sampleRow } from './series.js'
import { elsewhere } from './roster.js'
import { connection, currentSample, isInTouch, makeState, reduce } from './state.js'
import { followLead } from './timeline.js'
import { verdict } from './verdict.js'
import { renderCards } from './views/cards.js'
import { Charts, SPAN_S } from './views/charts.js'
import { renderContainers } from './views/containers.js'
import { renderHeader } from './views/header.js'
import { Hosts } from './views/hosts.js'
import { renderServices } from './views/services.js'

/** @import { Format } from './format.js' */
/** @import { Language, Translate } from './i18n.js' */
/** @import { Elsewhere } from './roster.js' */
/** @import { Connection, Event, State } from './state.js' */
/** @import { History, Sample, Snapshot } from './types.js' */
/** @import { Verdict } from './verdict.js' */
/**
 * @typedef {object} View What every view is given.
 * @property {State} state
 * @property {Connection} connection
 * @property {Sample | null} sample the newest of the host shown
 * @property {Verdict} verdict
 * @property {Elsewhere | null} elsewhere
 * @property {Translate} t
 * @property {Format} format
 */

/** Kept beyond what is shown: the line must come from outside the plot on both sides. */
const KEEP_S = SPAN_S + 15
/** An open stream that brings nothing for three intervals is asked about this often, in ms. */
const DOUBT_MS = 15_000
/** The parameter of the page's address that says which host is shown. */
const HOST = 'host'

/** @type {Snapshot} */
const snapshot = JSON.parse(byId('snapshot').textContent ?? '')
let state = makeState(snapshot, performance.now(), new URLSearchParams(location.search).get(HOST))
const isOther = state.host !== (snapshot.history?.host ?? null) // The snapshot is of another host than the one asked for.
let columns = snapshot.history && !isOther ? historyColumns(snapshot.history, KEEP_S) : emptyColumns()
/** @type {number | null} Of the plot's clock; null until a sample is known. */
let lead = columns[0].length > 0 ? state.lead_s : null
let doubted_ms = -Infinity

let format = makeFormat(chosenLanguage())
let t = await loadTranslate(chosenLanguage())

const charts = new Charts(makeView(), columns)
const hosts = new Hosts({ hostChosen: choose, hostForgotten: forget })
const feed = new Feed({
  wanted: () => ({ host: state.host, cursor: state.cursor }),
  linkChanged: (phase, delay_ms) => {
    const mono_ms = performance.now()
    dispatch({ type: 'link', phase, mono_ms, retry_ms: delay_ms === undefined ? undefined : mono_ms + delay_ms })
    renderNow()
  },
  helloReceived: (hello) => {
    dispatch({ type: 'hello', hello, mono_ms: performance.now() })
    renderNow()
  },
  sampleReceived: (id, sample) => {
    const mono_ms = performance.now()
    if (!dispatch({ type: 'sample', id, sample, mono_ms })) return
    if (sample.host === state.host) plot(sample, mono_ms)
    renderAll()
  },
  hostsReceived: (news) => {
    if (changeHost({ type: 'hosts', hosts: news, mono_ms: performance.now() })) return
    renderNow()
    hosts.render(makeView())
  },
  resetReceived: () => {
    dispatch({ type: 'reset' })
    refetch()
  },
})

watchPreferences({ languageChosen: speak, themeChanged: () => charts.restyle() })
wireControls()
watchActivity()
applyCatalogue(document, t)
document.documentElement.classList.remove('is-translating')
renderAll()
charts.start()
feed.start()
if (isOther) refetch()
setInterval(tick, 1000)

/** @returns {View} */
function makeView() {
  const now = connection(state, performance.now())
  const sample = currentSample(state)
  const judged = verdict(now, sample, state.busy_ticks)
  const worse = isInTouch(now.code) ? elsewhere(state.hosts, state.host, judged.level) : null
  return { state, connection: now, sample, verdict: judged, elsewhere: worse, t, format }
}

/** @param {Event} event @returns {boolean} whether it changed anything */
function dispatch(event) {
  const before = state
  state = reduce(state, event)
  return state !== before
}

/** What follows the data. */
function renderAll() {
  const view = makeView()
  renderHeader(view)
  renderCards(view)
  renderServices(view)
  renderContainers(view)
  hosts.update(view)
  charts.update(view, columns, lead)
}

/** What follows the clock. */
function renderNow() {
  const view = makeView()
  renderHeader(view)
  hosts.update(view)
}

function tick() {
  renderNow()
  const mono_ms = performance.now()
  const isSilent = state.link.phase === 'open' && connection(state, mono_ms).code === 'stale'
  if (!isSilent || mono_ms - doubted_ms < DOUBT_MS) return
  doubted_ms = mono_ms
  const shown = state.hosts.find(({ host }) => host === state.host)
  if (shown) feed.doubt(shown.host, shown.heard_at)
}

/** @param {string} host */
function choose(host) {
  changeHost({ type: 'host', host, mono_ms: performance.now() })
}

/**
 * Everything that may end in another host being shown: then its past is fetched and its stream opened.
 *
 * @param {Event} event
 * @returns {boolean} whether another host is shown
 */
function changeHost(event) {
  const before = state.host
  dispatch(event)
  if (state.host === before) return false
  const address = new URL(location.href)
  if (state.host === null) address.searchParams.delete(HOST)
  else address.searchParams.set(HOST, state.host)
  history.replaceState(null, '', address)
  columns = emptyColumns()
  lead = null
  renderAll()
  hosts.render(makeView())
  feed.retryNow()
  refetch()
  return true
}

/** @param {string} host @returns {Promise<boolean>} */
async function forget(host) {
  const token = /** @type {HTMLInputElement} */ (document.querySelector('[name=csrf_token]')).value
  const options = { method: 'DELETE', headers: { 'X-CSRFToken': token } }
  const response = await fetch(`/api/hosts/${encodeURIComponent(host)}`, options).catch(() => null)
  const isGone = response !== null && (response.ok || response.status === 404)
  if (isGone && !changeHost({ type: 'forgotten', host, mono_ms: performance.now() })) hosts.render(makeView())
  return isGone
}

/** @param {Sample} sample @param {number} mono_ms */
function plot(sample, mono_ms) {
  const { interval_s } = state
  lead = followLead(lead, sample.at, mono_ms, { interval_s, span_s: SPAN_S })
  appendRow(columns, sampleRow(sample), { interval_s, keep_s: KEEP_S })
}

/** The past of the host shown, anew: after a change of host, or when the stream could not go on where it was. */
async function refetch() {
  const { host } = state
  const query = host === null ? '' : `?host=${encodeURIComponent(host)}`
  const response = await fetch(`/api/history${query}`, { cache: 'no-store' }).catch(() => null)
  if (!response?.ok || host !== state.host) return // The feed finds out by itself what is wrong; live samples go on.
  /** @type {History} */
  const past = await response.json()
  if (host !== state.host) return
  dispatch({ type: 'history', history: past, mono_ms: performance.now() })
  const seen = columns
  columns = historyColumns(past, KEEP_S)
  appendNewer(columns, seen, { interval_s: past.interval_s, keep_s: KEEP_S })
  lead = columns[0].length > 0 ? state.lead_s : null
  renderAll()
}

/** @param {Language} language */
async function speak(language) {
  t = await loadTranslate(language)
  format = makeFormat(language)
  applyCatalogue(document, t)
  renderAll()
  hosts.render(makeView())
}

function wireControls() {
  byId('retry').addEventListener('click', () => feed.retryNow())
  const other = /** @type {HTMLButtonElement} */ (byId('elsewhere'))
  other.addEventListener('click', () => choose(other.value))
  const menu = byId('menu')
  menu.addEventListener('click', () => {
    const isOpen = document.documentElement.classList.toggle('is-menu-open')
    menu.setAttribute('aria-expanded', String(isOpen))
  })
  // A page in the back/forward cache must not hold a stream: the server counts its viewers.
  addEventListener('pagehide', () => feed.stop())
  addEventListener('pageshow', () => feed.start())
}
