// @ts-check
/** What the page says about itself: host, connection and age, verdict, title and icon, what can be done about it. */

import { NOTHING_SAID, announce } from '../announcement.js'
import { byId, setAttribute, setIcon, setText } from '../dom.js'
import { hostAge } from '../state.js'
import { brokerName } from '../verdict.js'

/** @import { View } from '../main.js' */
/** @import { Finding } from '../verdict.js' */
/** @import { Elsewhere } from '../roster.js' */
/** @import { ConnectionCode } from '../state.js' */

const TITLE_SHAPES = { ok: '●', warn: '▲', bad: '✕', unknown: '○' }
const RETRY_LABELS = /** @type {const} */ ({ offline: 'link.retry', unverified: 'link.retry', replaced: 'link.resume' })

let announced = NOTHING_SAID

/** @param {View} view */
export function renderHeader(view) {
  setText(byId('host-name'), view.state.host ?? '')
  renderConnection(view)
  renderVerdict(view)
  renderElsewhere(view)
  renderActions(view)
  renderTab(view)
  announceTransition(view)
}

/** @param {View} view */
function renderConnection({ connection, t, format }) {
  const chip = byId('connection')
  const age = connection.age_s === null ? '' : t('link.age', { age: format.age(connection.age_s) })
  setAttribute(chip, 'data-state', connection.code)
  setIcon(byId('connection-icon'), connection.code)
  setText(byId('connection-text'), t(`link.${connection.code}`))
  setText(byId('connection-age'), age)
  document.documentElement.classList.toggle('is-past', isPast(connection.code))
}

/** @param {View} view */
function renderVerdict(view) {
  const { verdict } = view
  setAttribute(byId('verdict'), 'data-level', verdict.level)
  setIcon(byId('verdict-icon'), verdict.level)
  setText(byId('verdict-text'), verdictText(view, verdict))
  setText(byId('verdict-detail'), verdictDetail(view))
}

/** @param {View} view @param {Finding} finding */
function verdictText({ t, format }, { code, params }) {
  return t(`verdict.${code}`, format.params(params))
}

/** The worst of the other hosts, where it is worse than the one shown; a press shows it. @param {View} view */
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
function elsewhereText({ state, sample, t, format }, { host, code, more }) {
  const age = format.age(hostAge(state, host, performance.now()))
  const first = t(`elsewhere.${code}`, { host, age, broker: brokerName(sample?.broker_kind ?? null) })
  return more > 0 ? t('elsewhere.more', { first, count: more }) : first
}

/** @param {View} view */
function verdictDetail(view) {
  const { verdict, sample, connection, t, format } = view
  const also = verdict.also.map((finding) => verdictText(view, finding)).join(' · ')
  if (also) return t('verdict.also', { list: also })
  if (!sample) return verdict.code === 'empty' ? t('verdict.detail_empty') : ''
  const time = format.clock(sample.at)
  return t(isPast(connection.code) ? 'verdict.detail_last' : 'verdict.detail', { time })
}

/** @param {View} view */
function renderActions({ connection, t }) {
  const retry = byId('retry')
  const { code } = connection
  const isRetriable = code === 'offline' || code === 'unverified' || code === 'replaced'
  retry.hidden = !isRetriable
  if (isRetriable) setText(retry, t(RETRY_LABELS[code]))
  byId('login').hidden = code !== 'signed_out'
}

/**
 * For a glance at the browser's tab, the worst of all hosts: shape and word in the title, shape and colour in its icon.
 *
 * @param {View} view
 */
function renderTab({ verdict, elsewhere, t }) {
  const level = elsewhere?.level ?? verdict.level
  const title = `${TITLE_SHAPES[level]} ${t(`title.${level}`)} · ZapVoice Monitor`
  if (document.title !== title) document.title = title
  const link = /** @type {HTMLLinkElement} */ (byId('favicon'))
  setAttribute(link, 'href', link.getAttribute(`data-${level}`) ?? '')
}

/** @param {View} view */
function announceTransition(view) {
  const { verdict, elsewhere } = view
  const result = announce(announced, [verdict.code, elsewhere?.host, elsewhere?.code].join(), performance.now())
  announced = result.announced
  if (!result.isDue) return
  const sentences = [verdictText(view, verdict), ...(elsewhere ? [elsewhereText(view, elsewhere)] : [])]
  setText(byId('announcement'), sentences.join('. '))
}

/** Whether what is shown was true once and may be no longer. @param {ConnectionCode} code */
function isPast(code) {
  return !['live', 'delayed', 'connecting', 'empty'].includes(code)
}
