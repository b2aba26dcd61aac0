// @ts-check
/** The columns of the tables of workers and tasks: what each says. [pure] */

import { isFull, isSilent, shareBusy } from '../model/workload.js'
import { UNKNOWN } from '../ui/format.js'

/** @import { Task, Worker } from '../model/types.js' */
/** @import { Format } from '../ui/format.js' */
/** @import { Column } from './row_table.js' */

/** A smaller number of a minute is only told to be smaller. */
const LEAST_PER_MIN = 0.1

/** @type {Column<Worker>[]} */
export const WORKER_COLUMNS = [
  { name: 'name', text: (_, { name }) => name },
  {
    name: 'busy',
    text: ({ format }, { busy, slots }) => `${format.integer(busy)}/${format.integer(slots)}`,
    share: shareBusy,
    tone: (worker) => (isFull(worker) ? 'warn' : undefined),
  },
  { name: 'oldest', text: ({ format }, { oldest_s }) => format.age(oldest_s), isKnown: ({ oldest_s }) => oldest_s !== null },
  ...perMinute(),
  {
    name: 'prefetch',
    text: ({ t, format }, { prefetch }) => (prefetch === 0 ? t('workers.no_limit') : format.integer(prefetch)),
    isKnown: ({ prefetch }) => prefetch !== null,
  },
  { name: 'queues', text: (_, { queues }) => queues?.join(', ') ?? UNKNOWN, isKnown: ({ queues }) => queues !== null },
  { name: 'skew', text: ({ format }, { skew_s }) => skewText(format, skew_s), isKnown: ({ skew_s }) => skew_s !== null, tone: ({ skew_s }) => (skew_s === null ? undefined : 'warn') },
  {
    name: 'age',
    text: ({ t, format }, worker) => {
      return isSilent(worker) ? t('workers.silent', { age: format.age(worker.age_s) }) : format.age(worker.age_s)
    },
    tone: (worker) => (isSilent(worker) ? 'bad' : undefined),
  },
]

/** @type {Column<Task>[]} */
export const TASK_COLUMNS = [
  { name: 'name', text: (_, { name }) => name },
  ...perMinute(),
  ...['runtime_p50', 'runtime_p95', 'wait_p50', 'wait_p95'].map(quantile),
  {
    name: 'last_failure',
    text: ({ t, format }, { last_failure }) => {
      return last_failure ? t('tasks.failed', { kind: last_failure.kind, age: format.age(last_failure.age_s) }) : UNKNOWN
    },
    isKnown: ({ last_failure }) => last_failure !== null,
  },
]

/** @returns {Column<Worker | Task>[]} */
function perMinute() {
  return /** @type {const} */ (['started', 'succeeded', 'failed', 'retried']).map((name) => ({
    name,
    text: ({ format }, row) => perMinuteText(format, row[`${name}_per_min`]),
    isKnown: (row) => row[`${name}_per_min`] !== null,
    tone: (row) => (name === 'failed' && (row.failed_per_min ?? 0) > 0 ? 'bad' : undefined),
  }))
}

/** @param {string} name @returns {Column<Task>} */
function quantile(name) {
  const field = /** @type {'runtime_p50_s'} */ (`${name}_s`)
  return { name, text: ({ format }, row) => secondsText(format, row[field]), isKnown: (row) => row[field] !== null }
}

/** @param {Format} format @param {number | null} value */
export function perMinuteText(format, value) {
  if (value === null) return UNKNOWN
  if (value > 0 && value < LEAST_PER_MIN) return `<${format.decimal(LEAST_PER_MIN)}`
  return Number.isInteger(value) || value >= 10 ? format.integer(value) : format.decimal(value)
}

/** @param {Format} format @param {number | null} value s */
export function secondsText(format, value) {
  if (value === null || value < 1) return format.latency(value === null ? null : value * 1000)
  return value < 60 ? `${format.decimal(value)}\u00a0s` : format.age(value)
}

/** @param {Format} format @param {number | null} value s */
function skewText(format, value) {
  if (value === null) return UNKNOWN
  return `${value < 0 ? '−' : '+'}${format.age(Math.abs(value))}`
}
