// @ts-check
/** The cards with a number: CPU, RAM, queue. Each keeps its size whatever it says. */

import { byId, el, fitChildren, partOf, setAttribute, setText } from '../ui/dom.js'
import { UNKNOWN } from '../ui/format.js'
import { TREND_S } from '../time/dataset.js'
import { column } from '../time/series.js'
import { trendOf } from '../time/trend.js'
import { renderSparkline } from '../charts/sparkline.js'

/** @import { View } from '../charts/view.js' */
/** @import { Series } from '../time/series.js' */
/** @import { Trend } from '../time/trend.js' */
/** @import { Sample, Queue } from '../model/types.js' */
/**
 * @typedef {object} Card
 * @property {string} value
 * @property {string} [scope] what the number is about
 * @property {Series} [series] whose last minutes are drawn
 * @property {number | null} [limit] the highest possible value
 * @property {Trend | null} [trend]
 * @property {string} [moved] by how much, in words
 * @property {string} line
 * @property {string} [note]
 * @property {boolean} [isNoteWarning]
 */

/** @type {Card} */
const NOTHING = { value: UNKNOWN, line: '' }
const ARROWS = { up: '↗', down: '↘', even: '→' }
/** Smaller changes count as none: in percentage points, and as a share of the queue. */
const LEAST_POINTS = 2
const LEAST_SHARE = 0.05

/** @param {View} view */
export function renderCards(view) {
  const { sample } = view
  renderCard(view, 'card-cpu', sample ? cpuCard(view, sample) : null)
  renderCard(view, 'card-ram', sample ? ramCard(view, sample) : null)
  renderCard(view, 'card-queue', sample ? queueCard(view, sample) : null)
  renderQueues(view, sample?.queues ?? [])
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function cpuCard(view, { cpu, detail }) {
  const { t, format } = view
  const { scope, cores, throttled_percent } = detail.cpu
  const isThrottled = (throttled_percent ?? 0) > 0
  const host = scope === 'container' ? t('cpu.host', { percent: format.percent(detail.host_cpu.percent) }) : ''
  const calm = cpu === null ? t('cpu.unknown') : host
  return {
    value: format.decimal(cpu),
    ...percentTrend(view, 'cpu'),
    scope: t(`scope.${scope}`),
    line: cores === null ? '' : t('cpu.cores', { cores, count: cores }),
    note: isThrottled ? t('cpu.throttled', { percent: throttled_percent ?? 0 }) : calm,
    isNoteWarning: isThrottled,
  }
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function ramCard(view, { ram_percent, detail }) {
  const { t, format } = view
  const { scope, used_bytes, limit_bytes, oom_kills, peak_bytes } = detail.ram
  const params = { used: format.size(used_bytes), limit: format.size(limit_bytes) }
  const used = limit_bytes === null ? t('ram.used_only', params) : t('ram.used', params)
  const isKilling = (oom_kills ?? 0) > 0
  const peak = peak_bytes === null ? '' : t('ram.peak', { peak: format.size(peak_bytes) })
  return {
    value: format.decimal(ram_percent),
    ...percentTrend(view, 'ram_percent'),
    scope: t(`scope.${scope}`),
    line: used_bytes === null ? t('ram.unknown') : used,
    note: isKilling ? t('ram.oom', { count: oom_kills ?? 0 }) : peak,
    isNoteWarning: isKilling,
  }
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function queueCard(view, { queue_size, queue_peak, queues }) {
  const { t, format } = view
  const trend = trendIn(view, 'queue_size', Math.max(1, (queue_size ?? 0) * LEAST_SHARE))
  return {
    series: 'queue_size',
    trend,
    moved: trend ? format.change(Math.round(trend.change)) : '',
    value: format.integer(queue_size),
    scope: t('queue.ready'),
    line: queue_size === null ? whyNoQueue(view, queues) : t('queue.peak', { peak: format.integer(queue_peak) }),
  }
}

/** @param {View} view @param {Queue[]} queues */
function whyNoQueue({ t }, queues) {
  if (queues.length === 0) return t('queue.none')
  const unread = queues.filter(({ state }) => state === 'unknown')
  if (unread.length === 0) return t('queue.missing_all')
  const reason = unread.find(({ reason }) => reason)?.reason
  if (reason) return reasonText(t, reason)
  return t(unread.length < queues.length ? 'queue.partly' : 'queue.unknown')
}

/** @param {View['t']} t @param {string} reason why a queue is not counted, or not wholly */
function reasonText(t, reason) {
  return t([`queue_reason.${reason}`, 'unknown.reason'], { code: reason })
}

/** @param {View} view @param {Series} series @returns {Pick<Card, 'series' | 'limit' | 'trend' | 'moved'>} */
function percentTrend(view, series) {
  const trend = trendIn(view, series, LEAST_POINTS)
  return { series, limit: 100, trend, moved: trend ? view.t('trend.points', { change: view.format.change(trend.change) }) : '' }
}

/** @param {View} view @param {Series} series @param {number} least */
function trendIn({ recent }, series, least) {
  return trendOf(recent[0], column(recent, series), { over_s: TREND_S, least })
}

/** @param {View} view @param {string} id @param {Card | null} card null while nothing is known: the skeleton shows */
function renderCard(view, id, card) {
  const root = byId(id)
  root.classList.toggle('is-empty', card === null)
  const { value, scope = '', line, note = '', isNoteWarning = false } = card ?? NOTHING
  write(root, '.value', value)
  write(root, '.scope', scope)
  write(root, '.line', line)
  write(root, '.note', note)?.classList.toggle('is-warning', isNoteWarning)
  root.querySelector('.unit')?.toggleAttribute('hidden', value === UNKNOWN)
  renderTrend(view, root, card ?? NOTHING)
}

/** @param {View} view @param {Element} root @param {Card} card */
function renderTrend({ t, format, recent }, root, { series, limit = null, trend, moved = '' }) {
  const node = partOf(root, '.trend')
  setText(node, trend ? `${ARROWS[trend.direction]} ${trend.direction === 'even' ? t('trend.even') : moved}` : '')
  const age = trend ? t('trend.since', { age: format.about(trend.over_s) }) : ''
  setAttribute(node, 'data-since', age)
  setAttribute(node, 'aria-label', trend ? `${t(`trend.${trend.direction}`)} ${moved} ${age}` : '')
  if (series) renderSparkline(partOf(root, '.spark'), recent[0], column(recent, series), { over_s: TREND_S, limit })
}

/**
 * Writes into a part of a card; not every card has every part.
 *
 * @param {Element} root
 * @param {string} selector
 * @param {string} text
 */
function write(root, selector, text) {
  const part = root.querySelector(selector)
  if (part) setText(part, text)
  return part
}

/** @param {View} view @param {Queue[]} queues */
function renderQueues({ t, format }, queues) {
  const list = byId('queues')
  fitChildren(list, queues.length, queueItem)
  queues.forEach((queue, index) => {
    const [name, detail, count, flow] = list.children[index].children
    const isOk = queue.state === 'ok'
    const unread = queue.reason ? reasonText(t, queue.reason) : t('queue.unread')
    const word = { ok: '', missing: t('queue.missing'), unknown: unread }[queue.state]
    const consumers = queue.consumers === null ? '' : t('queue.consumers', { count: queue.consumers })
    setText(name, queue.name)
    setText(detail, isOk ? consumers : word)
    detail.classList.toggle('is-warning', !isOk)
    setText(count, format.integer(queue.ready))
    setText(flow, flowText({ t, format }, queue))
  })
}

/** The rates and the messages in progress, where the broker tells them. @param {Pick<View, 't' | 'format'>} view @param {Queue} queue */
function flowText({ t, format }, { in_per_s, out_per_s, unacked }) {
  const rates = { incoming: format.rate(in_per_s ?? null), outgoing: format.rate(out_per_s ?? null) }
  const parts = typeof in_per_s === 'number' || typeof out_per_s === 'number' ? [t('queue.flow', rates)] : []
  if (typeof unacked === 'number') parts.push(t('queue.unacked', { unacked }))
  return parts.join(' · ')
}

function queueItem() {
  const item = el('li')
  item.append(el('span', 'queue-name'), el('span', 'queue-detail'), el('span', 'queue-count'), el('span', 'queue-flow'))
  return item
}
