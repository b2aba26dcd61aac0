// @ts-check
/** What the page says about itself: host, connection and age, verdict, title and icon, what can be done about it. */

import { NOTHING_SAID, announce } from '../announcement.js'
import { byId, el, fitChildren, setAttribute, setIcon, setText } from '../dom.js'

/** @typedef {import('../main.js').View} View */
/** @typedef {import('../verdict.js').Finding} Finding */

const TITLE_SHAPES = { ok: '●', warn: '▲', bad: '✕', unknown: '○' }
const RETRY_LABELS = /** @type {const} */ ({ offline: 'link.retry', replaced: 'link.resume' })

let announced = NOTHING_SAID

/** @param {View} view */
export function renderHeader(view) {
  renderHost(view)
  renderConnection(view)
  renderVerdict(view)
  renderActions(view)
  renderTab(view)
  announceTransition(view)
}

/** @param {View} view */
function renderHost({ state }) {
  const select = /** @type {HTMLSelectElement} */ (byId('host'))
  fitChildren(select, state.hosts.length, () => el('option'))
  state.hosts.forEach((host, index) => {
    const option = /** @type {HTMLOptionElement} */ (select.options[index])
    setText(option, host)
    option.value = host
  })
  if (state.host !== null && select.value !== state.host) select.value = state.host
  byId('host-choice').hidden = state.hosts.length < 2
  const name = byId('host-name')
  name.hidden = state.hosts.length >= 2
  setText(name, state.host ?? '')
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
  return t(`verdict.${code}`, 'age' in params ? { ...params, age: format.age(Number(params.age)) } : params)
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
  retry.hidden = code !== 'offline' && code !== 'replaced'
  if (code === 'offline' || code === 'replaced') setText(retry, t(RETRY_LABELS[code]))
  byId('login').hidden = code !== 'signed_out'
}

/** For a glance at the browser's tab: shape and word in the title, shape and colour in its icon. @param {View} view */
function renderTab({ verdict, t }) {
  const title = `${TITLE_SHAPES[verdict.level]} ${t(`title.${verdict.level}`)} · ZapVoice Monitor`
  if (document.title !== title) document.title = title
  const link = /** @type {HTMLLinkElement} */ (byId('favicon'))
  setAttribute(link, 'href', link.getAttribute(`data-${verdict.level}`) ?? '')
}

/** @param {View} view */
function announceTransition(view) {
  const result = announce(announced, view.verdict.code, performance.now())
  announced = result.announced
  if (result.isDue) setText(byId('announcement'), verdictText(view, view.verdict))
}

/** Whether what is shown was true once and may be no longer. @param {import('../state.js').ConnectionCode} code */
function isPast(code) {
  return !['live', 'delayed', 'connecting', 'empty'].includes(code)
}
