// @ts-check
/** Wires the page: the feed folds into the state and the dataset, and the views draw them. Only this file knows all rooms. */

import { watchActivity } from './net/activity.js'
import { connection, isInTouch } from './model/connection.js'
import { wireControls } from './views/controls.js'
import { byId } from './ui/dom.js'
import { makeFormat } from './ui/format.js'
import { applyCatalogue, loadTranslate } from './ui/i18n.js'
import { watchLifecycle } from './net/lifecycle.js'
import { UNREAD, withAnswer, withGroup } from './model/log_book.js'
import { chosenLanguage, keep, kept, watchPreferences } from './ui/preferences.js'
import { Dataset } from './time/dataset.js'
import { askLogs, forgetHost, findBlame } from './net/api.js'
import { SharedFeed } from './net/shared_feed.js'
import { elsewhere } from './model/hosts.js'
import { lastOutage } from './model/outage.js'
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

/** While an open stream is late, the server is asked for the cause this often, in ms: the cause is known by the time data is stale. */
const CAUSE_CHECK_MS = 15_000
/** The parameter of the page's address that says which host is shown. */
const HOST = 'host'

/** @type {Snapshot} */
const snapshot = parse(byId('snapshot').textContent ?? '')
let state = makeState(snapshot, performance.now(), hostToShow())
const isOther = state.host !== (snapshot.history?.host ?? null) // The snapshot is of another host than the one asked for.
let cause_checked_ms = -Infinity
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

watchPreferences({ languageChosen: setLanguage, themeChanged: () => time.restyle() })
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
document.documentElement.classList.add('is-drawn')
time.start()
feed.start()
setInterval(tick, 1000)

/** The host that the address names; else the one chosen last, unless the server has put a troubled one into the page. */
function hostToShow() {
  const named = new URLSearchParams(location.search).get(HOST)
  const level = snapshot.latest?.sample.verdict?.level
  return named ?? (level === 'bad' || level === 'attention' ? null : kept(HOST))
}

/** Which host the stream must bring, and from which id on. Samples too far back are fetched as history, not replayed. */
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
  const judged = verdict(now, sample)
  const worse = isInTouch(now.code) ? elsewhere(state.hosts, state.host, judged.level) : null
  return {
    state, connection: now, sample, verdict: judged, elsewhere: worse, pause: dataset.pause, recent: dataset.live.columns,
    outage: lastOutage(dataset.live.marks), logs: book.groups, areLogsRead: book.checked_at !== null, now: storeTime(state, performance.now()) ?? performance.timeOrigin / 1000, t, format,
  }
}

/** @param {Event} event @returns {boolean} whether it changed anything */
function dispatch(event) {
  const before = state
  state = reduce(state, event)
  return state !== before
}

/** Draws what depends on the data. A pause holds it. */
function renderAll() {
  const view = makeView()
  renderNow()
  if (!view.pause) page.renderData(view)
  time.render(view)
}

/** Draws what depends on the clock. */
function renderNow() {
  page.renderNow(makeView(), book)
}

function tick() {
  renderNow()
  time.tick()
  const mono_ms = performance.now()
  const { code } = connection(state, mono_ms)
  const isSilent = state.link.phase === 'open' && ['delayed', 'stale', 'empty'].includes(code)
  if (!isSilent || mono_ms - cause_checked_ms < CAUSE_CHECK_MS) return
  cause_checked_ms = mono_ms
  findCause()
}

/** Finds out why an open stream brings nothing. If the connection is the cause, the feed reconnects. */
async function findCause() {
  const shown = state.hosts.find(({ host }) => host === state.host)
  const blame = await findBlame(state.host, shown?.heard_at ?? 0)
  if (blame === 'connection') feed.retryNow()
  else dispatch({ type: 'blame', blame })
  renderNow()
}

/** @param {string} host */
function choose(host) {
  keep(HOST, host)
  changeHost({ type: 'host', host, mono_ms: performance.now() })
}

/**
 * Dispatches an event that may change the host shown. If it does, the page fetches that host's past and opens its stream.
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

/** Reads all logs whenever a stream opens, so that those written in between are not missed. */
async function fetchLogs() {
  const asked = book
  const answer = await askLogs()
  if (answer) book = withAnswer(book, answer, asked)
  renderNow()
}

/** @param {Language} language */
async function setLanguage(language) {
  const words = await loadTranslate(language).catch(() => null)
  if (words === null) return // No network: the page keeps its language until it is loaded again.
  t = words
  document.documentElement.lang = language
  format = makeFormat(language)
  applyCatalogue(document, t)
  help.speak(t)
  renderAll()
  page.renderHosts(makeView())
}
