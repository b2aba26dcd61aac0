// @ts-check
/**
 * The verdict on top of the page: the problems found, worst first, as codes with parameters. The catalogue has the words. [pure]
 * It checks first whether the data can be trusted, then whether messages go through, then what is running short.
 */

import { drainOf } from './drain.js'
import { HIGH_RAM_PERCENT } from './limits.js'
import { countedBy } from './reasons.js'

/** @import { Check, Container, Sample, Service } from './types.js' */
/** @import { Connection } from './connection.js' */
/**
 * @typedef {'ok' | 'warn' | 'bad' | 'unknown'} Level
 * @typedef {Record<string, string | number>} Params
 * @typedef {{level: Level, code: string, params: Params}} Finding
 * @typedef {Finding & {also: Finding[]}} Verdict `also` holds what else is wrong
 */

/** So many samples in a row with a full CPU are a problem; one is normal for a busy worker. */
const BUSY_TICKS = 5
/** The order in which services are named. */
const SERVICES = /** @type {const} */ (['database', 'rabbitmq', 'worker'])

/** A container's report older than this says nothing about now, in seconds. */
const CONTAINER_STALE_S = 9
/** Reasons with a sentence of their own, because the remedy differs. */
const TELLING = ['worker_movement_unknown', 'worker_unfinished', 'rabbitmq_alarm_memory', 'rabbitmq_alarm_disk', 'rabbitmq_failover']

/**
 * @param {Connection} connection
 * @param {Sample | null} sample
 * @param {number} busyTicks samples in a row in which the CPU was at its limit
 * @returns {Verdict}
 */
export function verdict(connection, sample, busyTicks) {
  const doubt = doubtAbout(connection, sample)
  if (doubt) return { ...doubt, also: [] }
  const known = /** @type {Sample} */ (sample)
  const [worst, ...also] = findings(known, busyTicks)
  return worst ? { ...worst, also } : { ...calm(known), also: [] }
}

/** @param {string | null} kind @returns {string} the watched broker's name */
export function brokerName(kind) {
  return kind === 'redis' ? 'Redis' : 'RabbitMQ'
}

/** @param {Container} container @returns {boolean} whether it has stopped reporting */
export function isMute({ age_s }) {
  return age_s > CONTAINER_STALE_S
}

/** @param {Connection} connection @param {Sample | null} sample @returns {Finding | null} */
function doubtAbout({ code, age_s, retry_s, cause }, sample) {
  if (code === 'signed_out' || code === 'forbidden' || code === 'replaced') return finding('unknown', code)
  if (code === 'offline' && cause === 'network') return finding('unknown', 'no_network')
  if (code === 'offline') {
    return retry_s ? finding('unknown', 'offline_retry', { seconds: retry_s }) : finding('unknown', 'offline')
  }
  if (code === 'unverified') return finding('unknown', code)
  if (code === 'stale') return finding('unknown', cause ? `silent_${cause}` : 'silent', { age: Math.floor(age_s ?? 0) })
  if (code === 'empty' && cause?.startsWith('store')) return finding('unknown', `empty_${cause}`)
  if (code === 'connecting' && !sample) return finding('unknown', 'connecting')
  return sample ? null : finding('unknown', 'empty')
}

/** @param {Sample} sample @param {number} busyTicks @returns {Finding[]} worst first */
function findings(sample, busyTicks) {
  const found = [
    ...serviceFindings(sample), ...troubleFindings(sample), ...queueFindings(sample), ...resourceFindings(sample, busyTicks),
  ]
  const order = ['bad', 'warn', 'unknown']
  const told = found.filter(({ code }, index) => code !== 'first_look' || found.findIndex((other) => other.code === code) === index)
  return told.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

/** @param {Sample} sample @returns {Finding[]} */
function serviceFindings(sample) {
  const broker = brokerName(sample.broker_kind)
  return SERVICES.flatMap((service) => {
    const check = sample.checks[service]
    if (!check || check.status === 'online' || check.status === 'disabled') return []
    if (check.status === 'offline') return [offlineFinding(service, sample)]
    if (check.status === 'degraded' || isTelling(service, check)) return [degradedFinding(service, check, broker)]
    const isFirstLook = check.reason === 'first_look'
    return [isFirstLook ? finding('unknown', 'first_look') : finding('warn', `${service}_unknown`, { broker })]
  })
}

/** @param {Service} service @param {Check} check */
function isTelling(service, { reason }) {
  return TELLING.includes(`${service}_${reason}`)
}

/** @param {Service} service @param {Check} check @param {string} broker @returns {Finding} */
function degradedFinding(service, check, broker) {
  const { reason, facts = {} } = check
  if (!isTelling(service, check)) return finding('warn', `${service}_degraded`, { broker })
  const counted = countedBy(reason ?? '', facts)
  return finding('warn', `${service}_${reason}${counted ? '_counted' : ''}`, { broker, ...counted })
}

/** @param {Service} service @param {Sample} sample @returns {Finding} */
function offlineFinding(service, { broker_kind, queue_size: waiting, checks }) {
  if (service !== 'worker') return finding('bad', `${service}_offline`, { broker: brokerName(broker_kind) })
  const { reason, facts = {} } = /** @type {Check} */ (checks.worker)
  const stopped = reason === 'no_progress' ? countedBy(reason, facts) : null
  if (stopped) return finding('bad', 'worker_stopped_counted', stopped)
  if (reason === 'no_progress') return finding('bad', 'worker_stopped')
  const age = facts.idle_s
  if (facts.queue) return finding('bad', 'worker_offline_queue', { name: facts.queue, age, waiting: facts.waiting })
  if (waiting && age !== undefined) return finding('bad', 'worker_offline_since', { waiting, age })
  return waiting ? finding('bad', 'worker_offline_waiting', { waiting }) : finding('bad', 'worker_offline')
}

/** Problems of the monitoring itself. Unknown codes are left out. @param {Sample} sample @returns {Finding[]} */
function troubleFindings({ host, troubles = [] }) {
  return troubles.flatMap(({ code, facts = {} }) => {
    if (code === 'clock_differs') return [finding('warn', code, { host, age: Math.abs(Number(facts.seconds)) })]
    if (code === 'two_collectors') return [finding('warn', code, { host })]
    return code === 'container_shared' ? [finding('warn', code, { name: facts.name, count: facts.count })] : []
  })
}

/** @param {Sample} sample @returns {Finding[]} */
function queueFindings({ queues }) {
  return queues.flatMap(({ name, state, reason }) => {
    if (state === 'missing') return [finding('warn', 'queue_missing', { name })]
    return reason ? [finding('warn', `queue_${reason}`, { name })] : []
  })
}

/** @param {Sample} sample @param {number} busyTicks @returns {Finding[]} */
function resourceFindings({ ram_percent, containers = [] }, busyTicks) {
  const found = []
  if (ram_percent !== null && ram_percent >= HIGH_RAM_PERCENT) {
    found.push(finding('warn', 'ram_high', { percent: Math.round(ram_percent) }))
  }
  for (const { name, ram } of containers.filter((container) => !isMute(container))) {
    if (ram.percent === null || ram.percent < HIGH_RAM_PERCENT) continue
    found.push(finding('warn', 'container_ram_high', { name, percent: Math.round(ram.percent) }))
  }
  if (busyTicks >= BUSY_TICKS) found.push(finding('warn', 'cpu_high'))
  return found
}

/** @param {Sample} sample @returns {Finding} */
function calm({ queues, queue_size }) {
  if (queues.length === 0) return finding('ok', 'ok')
  if (queue_size === null) return finding('ok', 'ok_queue_unknown')
  const drain = drainOf(queues)
  if (drain?.kind === 'grows') return finding('ok', 'ok_queue_grows', { ready: queue_size, rate: drain.per_s })
  if (drain?.kind === 'drains') return finding('ok', 'ok_queue_drains', { ready: queue_size, about: drain.seconds })
  return finding('ok', 'ok_queue', { ready: queue_size })
}

/** @param {Level} level @param {string} code @param {Params} [params] @returns {Finding} */
function finding(level, code, params = {}) {
  return { level, code, params }
}
