// @ts-check
/** The head of the page: host, connection, age of the data, verdict, and what the viewer can do. */

import { isPast, needsViewer } from '../model/connection.js'
import { byId, setAttribute, setIcon, setText } from '../ui/dom.js'
import { hostAge } from '../model/state.js'
import { brokerName } from '../model/verdict.js'

/** @import { View } from '../charts/view.js' */
/** @import { Finding } from '../model/types.js' */
/** @import { Elsewhere } from '../model/hosts.js' */

const RETRY_LABELS = /** @type {const} */ ({ offline: 'link.retry', unverified: 'link.retry', replaced: 'link.resume' })

/** @param {View} view */
export function renderHeader(view) {
  setText(byId('host-name'), view.state.host ?? '')
  renderConnection(view)
  renderVerdict(view)
  renderElsewhere(view)
  renderActions(view)
}

/** @param {View} view */
function renderConnection({ connection, pause, t, format }) {
  const chip = byId('connection')
  const code = pause && !isPast(connection.code) ? 'paused' : connection.code
  const age = connection.age_s === null ? '' : t('link.age', { age: format.age(connection.age_s) })
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
  setText(byId('verdict-text'), verdictText(view, verdict))
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

/** Names the worst of the other hosts if it is worse than the one shown; a press shows that host. @param {View} view */
function renderElsewhere(view) {
  const { elsewhere } = view
  const button = byId('elsewhere')
  button.hidden = elsewhere === null
  if (!elsewhere) return
  setAttribute(button, 'data-level', elsewhere.level)
  setAttribute(button, 'value', elsewhere.host)
  setIcon(byId('elsewhere-icon'), elsewhere.code === 'silent' ? 'stale' : elsewhere.level)
  setText(byId('elsewhere-text'), elsewhereText(view, elsewhere))
}

/** @param {View} view @param {Elsewhere} elsewhere */
export function elsewhereText({ state, sample, t, format }, { host, level, code, more }) {
  const age = format.age(hostAge(state, host, performance.now()))
  const first = t([`elsewhere.${code}`, `elsewhere.${level}`], { code, host, age, broker: brokerName(sample?.broker_kind ?? null) })
  return more > 0 ? t('elsewhere.more', { first, count: more }) : first
}

/** @param {View} view */
function verdictDetail(view) {
  const { verdict, sample, connection, t, format } = view
  const [problems, news] = [false, true].map((isFine) => {
    return verdict.also.filter(({ level }) => (level === 'fine') === isFine).map((finding) => verdictText(view, finding))
  })
  if (problems.length > 0) return [t('verdict.also', { list: problems.join(' · ') }), ...news].join(' · ')
  if (news.length > 0) return news.join(' · ')
  if (!sample) return verdict.code === 'empty' ? t('verdict.detail_empty') : ''
  const time = format.clock(sample.at)
  return t(isPast(connection.code) ? 'verdict.detail_last' : 'verdict.detail', { time })
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
