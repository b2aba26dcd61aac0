// @ts-check
/** The head of the page: host, connection, age of the data, verdict, and what the viewer can do. */

import { isInTouch, isPast, needsViewer } from '../model/connection.js'
import { byId, fitChildren, fromTemplate, partOf, setAttribute, setIcon, setText } from '../ui/dom.js'
import { troubledHosts } from '../model/hosts.js'
import { hostAge } from '../model/state.js'
import { brokerName } from '../model/verdict.js'

/** @import { View } from '../charts/view.js' */
/** @import { Finding } from '../model/types.js' */
/** @import { Elsewhere } from '../model/hosts.js' */

/** So many other hosts are named; the last says how many more there are. */
const MOST_OTHERS = 2
const RETRY_LABELS = /** @type {const} */ ({ offline: 'link.retry', unverified: 'link.retry', replaced: 'link.resume' })

/** @param {View} view */
export function renderHeader(view) {
  renderHostChoice(view)
  renderConnection(view)
  renderVerdict(view)
  renderElsewhere(view)
  renderActions(view)
}

/** The title names the host; where there are several, it lies under a list to choose from. @param {View} view */
function renderHostChoice({ state }) {
  const names = state.hosts.map(({ host }) => host)
  const select = /** @type {HTMLSelectElement} */ (byId('host-select'))
  setText(byId('host-name'), state.host ?? '')
  select.hidden = names.length < 2
  if (select.hidden) return
  if (names.join('\n') !== [...select.options].map(({ value }) => value).join('\n')) {
    select.replaceChildren(...names.map((name) => new Option(name, name)))
  }
  if (select.value !== state.host) select.value = state.host ?? ''
}

/** @param {View} view */
function renderConnection({ connection, pause, t, format }) {
  const chip = byId('connection')
  const code = pause && !isPast(connection.code) ? 'paused' : connection.code
  const age = connection.age_s === null || code === 'connecting' ? '' : t('link.age', { age: format.age(connection.age_s) })
  setAttribute(chip, 'data-state', code)
  setIcon(byId('connection-icon'), code)
  setText(byId('connection-text'), t(`link.${code}`))
  setText(byId('connection-age'), code === 'paused' ? t('link.missed', { count: pause?.missed ?? 0 }) : age)
  document.documentElement.classList.toggle('is-past', isPast(connection.code))
  document.documentElement.classList.toggle('is-out', needsViewer(connection.code))
}

/** @param {View} view */
function renderVerdict(view) {
  const { verdict, connection } = view
  setAttribute(byId('verdict'), 'data-level', verdict.level)
  setIcon(byId('verdict-icon'), isPast(connection.code) ? connection.code : verdict.level)
  setText(byId('verdict-text'), verdictText(view, verdict).replaceAll(' · ', '\u00a0· ')) // No line begins with a dot.
  setText(byId('verdict-cause'), causeText(view))
  setText(byId('verdict-detail'), verdictDetail(view))
}

/** @param {View} view @param {Finding} finding */
export function verdictText({ now, t, format }, { level, code, facts }) {
  const other = level === 'fine' ? 'verdict.fine' : 'unknown.verdict'
  return t([`verdict.${code}`, other], { code, ...format.params(facts, now) })
}

/** Why it is not fine, where that is known. @param {View} view @returns {string} */
function causeText({ verdict: { cause }, now, t, format }) {
  if (!cause) return ''
  const { code, facts } = cause
  return t('cause.line', { cause: t([`cause.${code}`, 'unknown.cause'], { code, ...format.params(facts, now) }) })
}

/** Names the other hosts that have a problem, the worst first; a press shows one. @param {View} view */
function renderElsewhere(view) {
  const { state, connection } = view
  const others = isInTouch(connection.code) ? troubledHosts(state.hosts, state.host) : []
  const list = byId('elsewhere')
  fitChildren(list, Math.min(others.length, MOST_OTHERS), () => fromTemplate('other-host'))
  others.slice(0, MOST_OTHERS).forEach((other, index) => {
    const button = partOf(list.children[index], 'button')
    const more = index === MOST_OTHERS - 1 ? others.length - MOST_OTHERS : 0
    setAttribute(button, 'data-level', other.level)
    setAttribute(button, 'value', other.host)
    setIcon(partOf(button, '.icon'), other.code === 'silent' ? 'stale' : other.level)
    setText(partOf(button, '.other-host-text'), elsewhereText(view, { ...other, more }))
  })
}

/** @param {View} view @param {Elsewhere} elsewhere */
export function elsewhereText({ state, sample, t, format }, { host, level, code, more }) {
  const age = format.age(hostAge(state, host, performance.now()))
  const first = t([`elsewhere.${code}`, `elsewhere.${level}`], { code, host, age, broker: brokerName(sample?.broker_kind ?? null) })
  return more > 0 ? t('elsewhere.more', { first, count: more }) : first
}

/** What else is wrong, since when, the last failure, the last recovery. @param {View} view @returns {string} */
function verdictDetail(view) {
  const { verdict, sample, connection, t, format } = view
  if (isPast(connection.code)) return sample ? t('verdict.detail_last', { time: format.clock(sample.at) }) : ''
  if (!sample) return verdict.code === 'empty' ? t('verdict.detail_empty') : ''
  const [problems, news] = [false, true].map((isFine) => {
    return verdict.also.filter(({ level }) => (level === 'fine') === isFine).map((finding) => verdictText(view, finding))
  })
  const codes = [verdict, ...verdict.also].map(({ code }) => code)
  const outage = codes.includes('recovered') ? '' : outageText(view)
  const failure = codes.some((code) => code.startsWith('fail')) ? '' : failureText(view)
  const also = problems.length > 0 ? t('verdict.also', { list: problems.join(' · ') }) : ''
  return [also, ...news, outage, failure].filter(Boolean).join(' · ')
}

/** The outage that goes on, or the last one. @param {View} view @returns {string} */
export function outageText({ outage, now, t, format }) {
  if (outage === null) return ''
  const { since, until } = outage
  if (until === null) return since === null ? '' : t('detail.since', { time: format.when(since, now) })
  const age = format.age(Math.max(0, now - until))
  return since === null ? t('detail.back', { age }) : t('detail.back_after', { age, length: format.age(until - since) })
}

/** @param {View} view @returns {string} */
function failureText({ logs, areLogsRead, now, t, format }) {
  const newest = logs.at(0)
  if (newest) return t('detail.failure', { age: format.age(Math.max(0, now - newest.last_at)) })
  return areLogsRead ? t('detail.no_failure') : ''
}

/** @param {View} view */
function renderActions({ state, connection, t }) {
  const retry = byId('retry')
  const { code } = connection
  const isRetriable = code === 'offline' || code === 'unverified' || code === 'replaced'
  retry.hidden = !isRetriable
  if (isRetriable) setText(retry, t(RETRY_LABELS[code]))
  byId('login').hidden = code !== 'signed_out'
  byId('reload').hidden = !state.is_outdated
}
