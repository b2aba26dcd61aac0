// @ts-check
/** The cards of the messages: queue, waiting time, throughput, last error. */

import { byId, el, fitChildren, setText } from '../ui/dom.js'
import { UNKNOWN } from '../ui/format.js'
import { longestWait, rateOf } from '../model/queues.js'
import { highestText, renderCard } from './card.js'
import { perMinuteText } from './workload_columns.js'

/** @import { View } from '../charts/view.js' */
/** @import { Sample, Queue } from '../model/types.js' */
/** @import { Card } from './card.js' */

/** @param {View} view */
export function renderMessageCards(view) {
  const { sample } = view
  renderCard(view, 'card-queue', sample ? queueCard(view, sample) : null)
  renderCard(view, 'card-wait', sample ? waitCard(view, sample) : null)
  renderCard(view, 'card-flow', sample ? flowCard(view, sample) : null)
  renderQueues(view, sample?.queues ?? [])
}

/** The age of the newest error goes on while no data comes. @param {View} view */
export function renderFailureCard(view) {
  const { t, format, logs, areLogsRead, now } = view
  const newest = logs.at(0)
  const calm = { value: UNKNOWN, line: areLogsRead ? t('detail.no_failure') : t('logs.unread') }
  renderCard(view, 'card-failure', newest ? { scope: t('failure.scope'), value: format.age(Math.max(0, now - newest.last_at)), line: newest.message } : calm)
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function queueCard(view, { queue_size, queues, reserved }) {
  const { t, format } = view
  return {
    series: 'queue_size',
    value: format.integer(queue_size),
    scope: t('queue.ready'),
    line: queue_size === null ? whyNoQueue(view, queues) : highestText(view, 'queue_peak', format.integer),
    note: reserved?.count ? t('queue.reserved', { count: reserved.count }) : '',
  }
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function waitCard(view, { queue_size, queues }) {
  const { t, format, now } = view
  const scope = t('wait.scope')
  const longest = longestWait(queues)
  if (longest === null) return { value: UNKNOWN, scope, line: queue_size === null ? whyNoQueue(view, queues) : t('wait.unknown') }
  const { wait_s, isBound } = longest
  const text = format.wait(wait_s)
  const series = 'wait_s'
  if (wait_s === 0 && !isBound) return { series, value: text, scope, line: t('wait.none') }
  if (isBound) return { series, value: `≥\u00a0${text}`, scope, line: t('wait.bound') }
  return { series, value: text, scope, line: t('wait.since', { time: format.when(now - wait_s, now) }) }
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function flowCard(view, { queue_size, queues, crew }) {
  const { t, format } = view
  const [incoming, outgoing] = /** @type {const} */ (['in_per_s', 'out_per_s']).map((name) => rateOf(queues, name))
  const scope = t('flow.scope')
  const failed = crew?.failed_per_min ?? null
  const failing = failed === null ? '' : t('flow.failed', { count: perMinuteText(format, failed) })
  const isWarning = failed !== null && failed > 0
  if (incoming === null && outgoing === null) {
    const started = crew?.started_per_s ?? null
    if (started !== null) return { series: 'started_per_s', value: rateNumber(format.rate(started)), scope: t('flow.started'), line: t('flow.by_workers'), note: failing, isWarning }
    return { value: UNKNOWN, scope, line: queue_size === null ? whyNoQueue(view, queues) : t('flow.unknown'), note: failing, isWarning }
  }
  return {
    series: 'out_per_s',
    value: rateNumber(format.rate(outgoing)),
    scope,
    line: t('flow.in', { rate: format.rate(incoming) }),
    note: failing || highestText(view, 'out_per_s', format.rate),
    isWarning,
  }
}

/** The card has the unit apart. @param {string} rate */
function rateNumber(rate) {
  return rate.replace('/s', '')
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
    setText(flow, flowText({ t, format }, queue, queues.length > 1))
  })
}

/** The rates and the messages in progress, where they are known. The card of the throughput has the rates of an only queue. @param {Pick<View, 't' | 'format'>} view @param {Queue} queue @param {boolean} isOneOfMany */
function flowText({ t, format }, { in_per_s, out_per_s, unacked }, isOneOfMany) {
  const rates = { incoming: format.rate(in_per_s ?? null), outgoing: format.rate(out_per_s ?? null) }
  const hasRates = typeof in_per_s === 'number' || typeof out_per_s === 'number'
  const parts = hasRates && isOneOfMany ? [t('queue.flow', rates)] : []
  if (typeof unacked === 'number') parts.push(t('queue.unacked', { unacked }))
  return parts.join(' · ')
}

function queueItem() {
  const item = el('li')
  item.append(el('span', 'queue-name'), el('span', 'queue-detail'), el('span', 'queue-count'), el('span', 'queue-flow'))
  return item
}
