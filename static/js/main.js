// @ts-check
/** Wires the page: feed → state and series → views. The only file that knows all others. */

import { watchActivity } from './net/activity.js'
import { connection, isInTouch } from './model/connection.js'
import { wireControls } from './views/controls.js'
import { byId } from './ui/dom.js'
import { makeFormat } from './ui/format.js'
import { applyCatalogue, loadTranslate } from './ui/i18n.js'
import { watchLifecycle } from './net/lifecycle.js'
import { UNREAD, withAnswer, withGroup } from './model/log_book.js'
import { chosenLanguage, watchPreferences } from './ui/preferences.js'
import { Dataset } from './time/dataset.js'
import { askLogs, forgetHost, whoIsSilent } from './net/api.js'
import { SharedFeed } from './net/shared_feed.js'
import { elsewhere } from './model/hosts.js'
import { currentSample, isFarBehind, makeState, reduce, storeTime } from './model/state.js'
import { reloadWall } from './ui/tv.js'
import { verdict } from './model/verdict.js'
import { parse } from './model/wire.js'
import { Page } from './views/page.js'
import { TimePanel } from './charts/time_panel.js'

/** @import { View } from './charts/view.js' */
/** @import { Language } from './ui/i18n.js' */
/** @import { Phase } from './model/link.js' */
/** @import { Event } from './model/state.js' */
/** @import { StreamEvent } from './net/tabs.js' */
/** @import { Sample, Snapshot } from './model/types.js' */

/** An open stream that is late is asked about this often, in ms: when the data is stale, we know why. */
const DOUBT_MS = 15_000
/** The parameter of the page's address that says which host is shown. */
const HOST = 'host'

/** @type {Snapshot} */
const snapshot = parse(byId('snapshot').textContent ?? '')
let state = makeState(snapshot, performance.now(), new URLSearchParams(location.search).get(HOST))
const isOther = state.host !== (snapshot.history?.host ?? null) // The snapshot is of another host than the one asked for.
let doubted_ms = -Infinity
let book = snapshot.logs ? withAnswer(UNREAD, snapshot.logs) : UNREAD

let format = makeFormat(chosenLanguage())
let t = await loadTranslate(chosenLanguage())

const dataset = new Dataset(snapshot.interval_s)
if (snapshot.history && !isOther) dataset.take(snapshot.history, state.clock_offset_s)
const time = new TimePanel(dataset, makeView, (past) => {
  dispatch({ type: 'history', history: past, mono_ms: performance.now() })
  dataset.take(past, state.clock_offset_s)
  renderAll()
})
const page = new Page({ hostChosen: choose, hostForgotten: forget, around: (at) => time.showAround(at) })
const feed = new SharedFeed({ wanted, linkChanged, eventReceived })

watchPreferences({ languageChosen: speak, themeChanged: () => time.restyle() })
watchLifecycle({
  left: () => feed.stop(),
  returned: () => feed.start(),
  woken: () => feed.wake(),
  slept: (seconds) => {
    dispatch({ type: 'slept', seconds })
    renderNow()
    feed.retryNow()
  },
})
const help = wireControls({
  retry: () => feed.retryNow(),
  hostChosen: choose,
  pause: () => time.toggle(),
  range: (position) => time.choose(position),
  logs: () => page.focusLogs(),
})
watchActivity()
applyCatalogue(document, t)
help.speak(t)
document.documentElement.classList.remove('is-translating')
renderAll()
time.start()
feed.start()
setInterval(tick, 1000)

/** What the stream is to bring; what is too far back to be replayed is fetched as history. */
function wanted() {
  const mono_ms = performance.now()
  if (isFarBehind(state, mono_ms)) {
    dispatch({ type: 'skip', mono_ms })
    dataset.invalidate()
    time.read()
  }
  return { host: state.host, cursor: state.cursor }
}

/** @param {Phase} phase @param {number} [delay_ms] */
function linkChanged(phase, delay_ms) {
  const mono_ms = performance.now()
  dispatch({ type: 'link', phase, mono_ms, retry_ms: delay_ms === undefined ? undefined : mono_ms + delay_ms })
  renderNow()
  if (phase === 'open' && snapshot.logs !== undefined) fetchLogs()
}

/** @param {StreamEvent} event */
function eventReceived({ name, id, data }) {
  const mono_ms = performance.now()
  const told = parse(data)
  if (name === 'system_stats') return sampleReceived(id, told, mono_ms)
  if (name === 'critical_log') book = withGroup(book, told)
  else if (name === 'hello') dispatch({ type: 'hello', hello: told, mono_ms })
  else if (name === 'reset') {
    dispatch({ type: 'reset', now: told.now, mono_ms })
    dataset.invalidate()
    time.read()
  } else if (name === 'hosts' && !changeHost({ type: 'hosts', ...told, mono_ms })) page.renderHosts(makeView())
  if (state.is_outdated) reloadWall()
  renderNow()
}

/** @param {string} id @param {Sample} sample @param {number} mono_ms */
function sampleReceived(id, sample, mono_ms) {
  if (!dispatch({ type: 'sample', id, sample, mono_ms })) return
  if (sample.host !== state.host) return
  time.add(sample, mono_ms)
  renderAll()
}

/** @returns {View} */
function makeView() {
  const now = connection(state, performance.now(), navigator.onLine)
  const sample = currentSample(state)
  const judged = verdict(now, sample, state.busy_ticks)
  const worse = isInTouch(now.code) ? elsewhere(state.hosts, state.host, judged.level) : null
  return {
    state, connection: now, sample, verdict: judged, elsewhere: worse, pause: dataset.pause, recent: dataset.live.columns,
    logs: book.groups, now: storeTime(state, performance.now()) ?? performance.timeOrigin / 1000, t, format,
  }
}

/** @param {Event} event @returns {boolean} whether it changed anything */
function dispatch(event) {
  const before = state
  state = reduce(state, event)
  return state !== before
}

/** What follows the data; a pause holds it. */
function renderAll() {
  const view = makeView()
  renderNow()
  if (!view.pause) page.renderData(view)
  time.render(view)
}

/** What follows the clock. */
function renderNow() {
  page.renderNow(makeView(), book)
}

function tick() {
  renderNow()
  time.tick()
  const mono_ms = performance.now()
  const { code } = connection(state, mono_ms)
  const isSilent = state.link.phase === 'open' && ['delayed', 'stale', 'empty'].includes(code)
  if (!isSilent || mono_ms - doubted_ms < DOUBT_MS) return
  doubted_ms = mono_ms
  doubt()
}

/** Settles who is to blame for an open stream that brings nothing; if it is the connection, it is made anew. */
async function doubt() {
  const shown = state.hosts.find(({ host }) => host === state.host)
  const blame = await whoIsSilent(state.host, shown?.heard_at ?? 0)
  if (blame === 'connection') feed.retryNow()
  else dispatch({ type: 'blame', blame })
  renderNow()
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
  dataset.clear()
  renderAll()
  page.renderHosts(makeView())
  feed.wantChanged()
  time.read()
  return true
}

/** @param {string} host @returns {Promise<boolean>} */
async function forget(host) {
  const isGone = await forgetHost(host)
  if (isGone && !changeHost({ type: 'forgotten', host, mono_ms: performance.now() })) page.renderHosts(makeView())
  return isGone
}

/** All that is known, whenever a stream opens: what was written while there was none is among it. */
async function fetchLogs() {
  const asked = book
  const answer = await askLogs()
  if (answer) book = withAnswer(book, answer, asked)
  renderNow()
}

/** @param {Language} language */
async function speak(language) {
  const words = await loadTranslate(language).catch(() => null)
  if (words === null) return // No network: the page stays as it is, and speaks it when it is loaded again.
  t = words
  document.documentElement.lang = language
  format = makeFormat(language)
  applyCatalogue(document, t)
  help.speak(t)
  renderAll()
  page.renderHosts(makeView())
}
