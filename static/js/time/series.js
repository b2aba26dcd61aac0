// @ts-check
/**
 * One host's recent past as aligned columns, in uPlot's shape: columns[0] are instants, the rest values. [pure]
 * A gap in the measurements is a null row: the line breaks there instead of inventing values.
 */

import { LATEST_S } from '../model/wire.js'

/** @import { Sample, History } from '../model/types.js' */
/** @typedef {[number[], ...(number | null)[][]]} Columns */
/** @typedef {typeof COLUMNS[number]} Series */

/** The columns kept, in order; `at` is epoch seconds, percents are 0 to 100, queue columns count messages. */
export const COLUMNS = /** @type {const} */ ([
  'at', 'cpu', 'ram_percent', 'host_cpu', 'host_ram_percent', 'queue_size', 'queue_peak', 'in_per_s', 'out_per_s',
  'database_ms', 'worker_ms', 'rabbitmq_ms', 'started_per_s', 'wait_s',
])

/** A pause of more intervals than this is a gap: one tick may be late, two may not. */
const GAP_INTERVALS = 1.5
/** Old rows are cut off in batches of this share of those kept, not one by one. */
const TRIM_SHARE = 1 / 16

/** @returns {Columns} */
export function emptyColumns() {
  return [[], ...COLUMNS.slice(1).map(() => [])]
}

/**
 * Appends a sample, breaking the line when ticks are missing before it, and forgets what is older than `keep_s`.
 * A sample that is not newer than the last one is ignored, unless the host's clock was set back beyond `keep_s`; so is
 * one beyond every calendar.
 *
 * @param {Columns} columns changed in place
 * @param {readonly (number | null)[]} row in the order of COLUMNS
 * @param {{interval_s: number, keep_s: number}} options
 */
export function appendRow(columns, row, { interval_s, keep_s }) {
  const at = /** @type {number} */ (row[0])
  if (!(at <= LATEST_S)) return
  const last = columns[0].at(-1)
  if (last !== undefined && at < last - keep_s) columns.forEach((column) => (column.length = 0))
  else if (last !== undefined && at <= last) return
  if (last !== undefined && at - last > GAP_INTERVALS * interval_s) push(columns, [last + interval_s])
  push(columns, row)
  if (columns[0][0] < at - keep_s * (1 + TRIM_SHARE)) trim(columns, at - keep_s)
}

/** @param {Sample} sample @returns {(number | null)[]} in the order of COLUMNS */
export function sampleRow({ at, cpu, ram_percent, detail, queue_size, queue_peak, queues, checks, crew }) {
  const latencies = /** @type {const} */ (['database', 'worker', 'rabbitmq']).map((name) => checks[name]?.latency_ms ?? null)
  const present = queues.filter(({ state }) => state !== 'missing')
  const flows = /** @type {const} */ (['in_per_s', 'out_per_s']).map((name) => joined(present.map((queue) => queue[name] ?? null), sum))
  const wait_s = joined(present.map((queue) => queue.wait_s ?? null), (known) => Math.max(...known))
  return [at, cpu, ram_percent, detail.host_cpu.percent, detail.host_ram.percent, queue_size, queue_peak, ...flows, ...latencies, crew?.started_per_s ?? null, wait_s]
}

/** @param {Columns} columns @param {Series} name @returns {(number | null)[]} */
export function column(columns, name) {
  return columns[COLUMNS.indexOf(name)]
}

/**
 * The columns of a history answer in our order, with gaps marked.
 *
 * @param {Pick<History, 'series'>} history
 * @param {History['columns']} answered its `columns`, `low` or `high`
 * @param {{interval_s: number, keep_s: number}} options
 */
export function columnsOf({ series }, answered, options) {
  const columns = emptyColumns()
  const order = COLUMNS.map((name) => series.indexOf(name))
  const count = answered[0]?.length ?? 0
  for (let index = 0; index < count; index++) {
    appendRow(columns, order.map((position) => answered[position]?.[index] ?? null), options)
  }
  return columns
}

/**
 * Appends the rows of `other` that are newer than `columns`: samples that came in during the fetch of their history.
 *
 * @param {Columns} columns changed in place
 * @param {Columns} other
 * @param {{interval_s: number, keep_s: number, until?: number}} options `until`: not what is later
 */
export function appendNewer(columns, other, { until = Infinity, ...options }) {
  const last = columns[0].at(-1) ?? -Infinity
  other[0].forEach((at, index) => {
    if (at > last && at <= until) appendRow(columns, other.map((column) => column[index]), options)
  })
}

/**
 * Stretches of time between `from` and `to` without data: between samples, and after the last one.
 *
 * @param {readonly number[]} instants columns[0], null rows included
 * @param {{from: number, to: number, since?: number | null, interval_s: number, late_s?: number,
 *   isKnown: (index: number) => boolean}} options `since`: we looked from then on; `late_s`: grace after the last sample
 * @returns {[number, number][]}
 */
export function unknownSpans(instants, { from, to, since = null, interval_s, late_s = interval_s / 2, isKnown }) {
  /** @type {[number, number][]} */
  const spans = []
  let end = since ?? instants[0] // Before the first row nobody looked: that is no gap.
  instants.forEach((at, index) => {
    if (!isKnown(index)) return
    if (at - end > GAP_INTERVALS * interval_s) spans.push([end, at])
    end = at
  })
  if (to - end > late_s) spans.push([end, to])
  return spans.filter((span) => span[1] > from && span[0] < to)
}

/**
 * The index of the highest known value in the window, the first of equals; -1 if there is none.
 *
 * @param {readonly number[]} instants
 * @param {readonly (number | null)[]} values
 * @param {{min: number, max: number}} window
 */
export function highestIn(instants, values, { min, max }) {
  let highest = -1
  for (let index = indexFrom(instants, min); index < instants.length && instants[index] <= max; index++) {
    const value = values[index]
    if (value !== null && (highest === -1 || value > /** @type {number} */ (values[highest]))) highest = index
  }
  return highest
}

/**
 * Whether two lines are the same to the eye wherever both are known in a window; not so where they never are.
 *
 * @param {Columns} columns
 * @param {Series} a
 * @param {Series} b
 * @param {{min: number, max: number}} window
 * @param {number} most they differ by
 */
export function isAlike(columns, a, b, { min, max }, most) {
  const [values, others, instants] = [column(columns, a), column(columns, b), columns[0]]
  let isKnown = false
  for (let index = indexFrom(instants, min); index < instants.length && instants[index] <= max; index++) {
    const [value, other] = [values[index], others[index]]
    if (value === null || other === null) continue
    if (Math.abs(value - other) > most) return false
    isKnown = true
  }
  return isKnown
}

/**
 * Whether one line is known wherever another is, in a window.
 *
 * @param {Columns} columns
 * @param {Series} one
 * @param {Series} other
 * @param {{min: number, max: number}} window
 */
export function isCovered(columns, one, other, { min, max }) {
  const [values, others, instants] = [column(columns, one), column(columns, other), columns[0]]
  for (let index = indexFrom(instants, min); index < instants.length && instants[index] <= max; index++) {
    if (values[index] === null && others[index] !== null) return false
  }
  return true
}

/**
 * The first index at an instant not before `at`; the length when there is none.
 *
 * @param {readonly number[]} instants ascending
 * @param {number} at
 */
export function indexFrom(instants, at) {
  let [low, high] = [0, instants.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (instants[middle] < at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The index of the row nearest to an instant; -1 when there is none.
 *
 * @param {readonly number[]} instants ascending
 * @param {number} at
 */
export function nearestIndex(instants, at) {
  const after = indexFrom(instants, at)
  if (after === 0) return instants.length === 0 ? -1 : 0
  if (after === instants.length) return after - 1
  return instants[after] - at < at - instants[after - 1] ? after : after - 1
}

/**
 * A line's value at an instant: interpolated between two samples, or the last one's if it is at most `late_s` old.
 *
 * @param {readonly number[]} instants
 * @param {readonly (number | null)[]} values
 * @param {{at: number, isStepped: boolean, late_s: number}} options stepped: a value holds since the sample before
 * @returns {number | null} null where nothing is known
 */
export function valueAt(instants, values, { at, isStepped, late_s }) {
  const after = indexFrom(instants, at)
  if (after === instants.length) return at - (instants.at(-1) ?? -Infinity) <= late_s ? values.at(-1) ?? null : null
  const [value_before, value_after] = [values[after - 1] ?? null, values[after]]
  if (value_before === null || value_after === null) return null
  if (isStepped) return value_after
  const share = (at - instants[after - 1]) / (instants[after] - instants[after - 1])
  return value_before + (value_after - value_before) * share
}

/**
 * The row whose figures are written where the lines end: live the newest, else the last one of the window. A line that
 * slides ends between two samples, at a height that nobody measured.
 *
 * @param {readonly number[]} instants
 * @param {number} max the window's end
 * @param {boolean} isLive
 */
export function endingRow(instants, max, isLive) {
  if (isLive) return instants.length - 1
  const after = indexFrom(instants, max)
  return instants[after] === max ? after : after - 1
}

/** @param {Columns} columns @param {readonly (number | null)[]} row what is missing is null */
function push(columns, row) {
  columns.forEach((column, index) => column.push(/** @type {any} */ (row[index] ?? null)))
}

/** @param {Columns} columns @param {number} before */
function trim(columns, before) {
  const kept = indexFrom(columns[0], before)
  columns.forEach((column) => column.splice(0, kept))
}

/** @param {(number | null)[]} values @param {(known: number[]) => number} join @returns {number | null} null if any is unknown, or there are none */
function joined(values, join) {
  const known = values.filter((value) => value !== null)
  return known.length > 0 && known.length === values.length ? join(known) : null
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
