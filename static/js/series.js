// @ts-check
/**
 * One host's recent past as aligned columns, in uPlot's shape: columns[0] are instants, the rest values. [pure]
 * What was not measured is a null row, so that a line breaks there instead of inventing what it does not know.
 */

/** @import { Sample, History } from './types.js' */
/** @typedef {[number[], ...(number | null)[][]]} Columns */

/** The columns kept, in order; `at` is epoch seconds, percents are 0 to 100, queue columns count messages. */
export const COLUMNS = /** @type {const} */ (['at', 'cpu', 'ram_percent', 'host_cpu', 'queue_size', 'queue_peak'])

/** A pause longer than this many intervals is a gap: one tick may be late, two may not. */
const GAP_INTERVALS = 1.5

/** @returns {Columns} */
export function emptyColumns() {
  return [[], ...COLUMNS.slice(1).map(() => [])]
}

/**
 * Appends a sample, breaking the line when ticks are missing before it, and forgets what is older than `keep_s`.
 * A sample that is not newer than the last one is ignored, unless the host's clock was set back beyond `keep_s`.
 *
 * @param {Columns} columns changed in place
 * @param {readonly (number | null)[]} row in the order of COLUMNS
 * @param {{interval_s: number, keep_s: number}} options
 */
export function appendRow(columns, row, { interval_s, keep_s }) {
  const at = /** @type {number} */ (row[0])
  const last = columns[0].at(-1)
  if (last !== undefined && at < last - keep_s) columns.forEach((column) => (column.length = 0))
  else if (last !== undefined && at <= last) return
  if (last !== undefined && at - last > GAP_INTERVALS * interval_s) push(columns, [last + interval_s])
  push(columns, row)
  trim(columns, at - keep_s)
}

/** @param {Sample} sample */
export function sampleRow(sample) {
  const { at, cpu, ram_percent, detail, queue_size, queue_peak } = sample
  return [at, cpu, ram_percent, detail.host_cpu.percent, queue_size, queue_peak]
}

/**
 * The columns that a history answer holds, gaps marked.
 *
 * @param {History} history
 * @param {number} keep_s
 */
export function historyColumns(history, keep_s) {
  const columns = emptyColumns()
  const order = COLUMNS.map((name) => history.series.indexOf(name))
  const count = history.columns[0]?.length ?? 0
  for (let index = 0; index < count; index++) {
    const row = order.map((column) => history.columns[column]?.[index] ?? null)
    appendRow(columns, row, { interval_s: history.interval_s, keep_s })
  }
  return columns
}

/**
 * Appends what `other` holds beyond the end of `columns`: samples that came in while their history was being fetched.
 *
 * @param {Columns} columns changed in place
 * @param {Columns} other
 * @param {{interval_s: number, keep_s: number}} options
 */
export function appendNewer(columns, other, options) {
  const last = columns[0].at(-1) ?? -Infinity
  other[0].forEach((at, index) => {
    if (at > last) appendRow(columns, other.map((column) => column[index]), options)
  })
}

/**
 * Stretches of time between `from` and `to` of which nothing is known: between samples, and after the last one.
 *
 * @param {readonly number[]} instants columns[0], null rows included
 * @param {{from: number, to: number, interval_s: number, isKnown: (index: number) => boolean}} options
 * @returns {[number, number][]}
 */
export function unknownSpans(instants, { from, to, interval_s, isKnown }) {
  /** @type {[number, number][]} */
  const spans = []
  let end = instants[0] // Of what is accounted for. Before the first row we did not look: that is no gap.
  instants.forEach((at, index) => {
    if (!isKnown(index)) return
    if (at - end > GAP_INTERVALS * interval_s) spans.push([end, at])
    end = at
  })
  if (to - end > interval_s / 2) spans.push([end, to])
  return spans.filter((span) => span[1] > from && span[0] < to)
}

/**
 * The highest known value among `values` at instants from `from` on; null when there is none.
 *
 * @param {readonly number[]} instants
 * @param {readonly (number | null)[]} values
 * @param {number} from
 */
export function highestSince(instants, values, from) {
  let highest = null
  for (let index = instants.length - 1; index >= 0 && instants[index] >= from; index--) {
    const value = values[index]
    if (value !== null && (highest === null || value > highest)) highest = value
  }
  return highest
}

/**
 * A line's height at an instant: between two samples, or still the last one's when that is no more than `late_s` ago.
 *
 * @param {readonly number[]} instants
 * @param {readonly (number | null)[]} values
 * @param {{at: number, isStepped: boolean, late_s: number}} options stepped: a value holds since the sample before
 * @returns {number | null} null where nothing is known
 */
export function valueAt(instants, values, { at, isStepped, late_s }) {
  const after = instants.findIndex((instant) => instant >= at)
  if (after === -1) return at - (instants.at(-1) ?? -Infinity) <= late_s ? values.at(-1) ?? null : null
  const [value_before, value_after] = [values[after - 1] ?? null, values[after]]
  if (value_before === null || value_after === null) return null
  if (isStepped) return value_after
  const share = (at - instants[after - 1]) / (instants[after] - instants[after - 1])
  return value_before + (value_after - value_before) * share
}

/** @param {Columns} columns @param {readonly (number | null)[]} row what is missing is null */
function push(columns, row) {
  columns.forEach((column, index) => column.push(/** @type {any} */ (row[index] ?? null)))
}

/** @param {Columns} columns @param {number} before */
function trim(columns, before) {
  const kept = columns[0].findIndex((at) => at >= before)
  if (kept > 0) columns.forEach((column) => column.splice(0, kept))
}
