// @ts-check
/** Wires the page: feed → state and series → views. The only file that knows all others. */

import { byId } from './dom.js'
import { Feed } from './feed.js'
import { makeFormat } from './format.js'
import { applyCatalogue, loadTranslate } from './i18n.js'
import { chosenLanguage, watchPreferences } from './preferences.js'
import { appendNewer, appendRow, emptyColumns, historyColumns, sampleRow } from './series.js'
import { busyTicks, connection, currentSample, makeState, reduce } from './state.js'
import { followLead } from './timeline.js'
import { verdict } from './verdict.js'
import { renderCards } from './views/cards.js'
import { Charts, SPAN_S } from './views/charts.js'
import { renderHeader } from './views/header.js'
import { renderServices } from './views/services.js'

/** @typedef {import('./types.js').Snapshot} Snapshot */
/** @typedef {import('./types.js').History} History */
/** @typedef {import('./types.js').Sample} Sample */
/**
 * @typedef {object} View What every view is given.
 * @property {import('./state.js').State} state
 * @property {import('./state.js').Connection} connection
 * @property {Sample | null} sample the newest of the host shown
 * @property {import('./verdict.js').Verdict} verdict
 * @property {import('./i18n.js').Translate} t
 * @property {import('./format.js').Format} format
 */

/** Kept beyond what is shown: the line must come from outside the plot on both sides. */
const KEEP_S = SPAN_S + 15
/** An open stream that brings nothing for three intervals is asked about this often, in ms. */
const DOUBT_MS = 15_000

/** @type {Snapshot} */
const snapshot = JSON.parse(byId('snapshot').textContent ?? '')
let state = makeState(snapshot, performance.now())
let columns = snapshot.history ? historyColumns(snapshot.history, KEEP_S) : emptyColumns()
/** @type {number | null} Of the plot's clock; null until a sample is known. */
let lead = columns[0].length > 0 ? state.lead_s : null
let doubted_ms = -Infinity

let format = makeFormat(chosenLanguage())
let t = await loadTranslate(chosenLanguage())

const charts = new Charts(makeView(), columns)
const feed = new Feed({
  cursor: () => state.cursor,
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
  resetReceived: () => {
    dispatch({ type: 'reset' })
    refetch()
  },
})

watchPreferences({ languageChosen: speak, themeChanged: () => charts.restyle() })
wireControls()
applyCatalogue(document, t)
document.documentElement.classList.remove('is-translating')
renderAll()
charts.start()
feed.start()
setInterval(tick, 1000)

/** @returns {View} */
function makeView() {
  const now = connection(state, performance.now())
  const sample = currentSample(state)
  return { state, connection: now, sample, verdict: verdict(now, sample, busyTicks(state)), t, format }
}

/** @param {import('./state.js').Event} event @returns {boolean} whether it changed anything */
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
  charts.update(view, columns, lead)
}

/** What follows the clock. */
function renderNow() {
  renderHeader(makeView())
}

function tick() {
  renderNow()
  const mono_ms = performance.now()
  const isSilent = state.link.phase === 'open' && connection(state, mono_ms).code === 'stale'
  if (!isSilent || mono_ms - doubted_ms < DOUBT_MS) return
  doubted_ms = mono_ms
  feed.doubt(Math.max(...Object.values(state.heard_at)))
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
  const history = await response.json()
  dispatch({ type: 'history', history, mono_ms: performance.now() })
  const seen = columns
  columns = historyColumns(history, KEEP_S)
  appendNewer(columns, seen, { interval_s: history.interval_s, keep_s: KEEP_S })
  lead = columns[0].length > 0 ? state.lead_s : null
  renderAll()
}

/** @param {import('./i18n.js').Language} language */
async function speak(language) {
  t = await loadTranslate(language)
  format = makeFormat(language)
  applyCatalogue(document, t)
  renderAll()
}

function wireControls() {
  byId('retry').addEventListener('click', () => feed.retryNow())
  byId('host').addEventListener('change', ({ target }) => {
    dispatch({ type: 'host', host: /** @type {HTMLSelectElement} */ (target).value })
    columns = emptyColumns()
    lead = null
    renderAll()
    refetch()
  })
  const menu = byId('menu')
  menu.addEventListener('click', () => {
    const isOpen = document.documentElement.classList.toggle('is-menu-open')
    menu.setAttribute('aria-expanded', String(isOpen))
  })
  // A page in the back/forward cache must not hold a stream: the server counts its viewers.
  addEventListener('pagehide', () => feed.stop())
  addEventListener('pageshow', () => feed.start())
}
