// @ts-check
/**
 * Rows put together where a chart could not show each of them: a jagged line of thousands of points tells nothing, the
 * average with the lowest and highest values around it does. [pure]
 */

import { appendRow, emptyColumns } from './series.js'

/** @import { Columns } from './series.js' */
/** @typedef {{columns: Columns, low: Columns, high: Columns, step_s: number}} Coarse rows of `step_s`; each stands at the newest instant that it holds */

/** A window this short shows every row. */
const FINE_S = 300
/** Most rows that a longer window shows. */
const MOST = 170
const STEPS_S = [10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 21_600, 86_400]

/**
 * How many seconds of a window one row holds.
 *
 * @param {number} span_s of the window
 * @param {number} step_s from one known row to the next
 * @returns {number} `step_s` where each row is shown
 */
export function coarseStep(span_s, step_s) {
  if (span_s <= FINE_S + step_s) return step_s
  const wanted = STEPS_S.find((step) => step >= span_s / MOST) ?? STEPS_S[STEPS_S.length - 1]
  return wanted >= 2 * step_s ? wanted : step_s
}

/**
 * The rows in steps of `step_s`, which begin at whole multiples of it, so that they stay the same while the chart slides.
 * The last row of samples, whose step goes on, has the values of the newest one: a chart's line ends at what holds now.
 *
 * @param {{columns: Columns, low: Columns | null, high: Columns | null}} fine
 * @param {number} step_s
 * @returns {Coarse}
 */
export function coarsened({ columns, low, high }, step_s) {
  const coarse = { columns: emptyColumns(), low: emptyColumns(), high: emptyColumns() }
  const options = { interval_s: step_s, keep_s: Infinity }
  const [instants] = columns
  for (let from = 0; from < instants.length;) {
    let until = from + 1
    while (until < instants.length && Math.floor(instants[until] / step_s) === Math.floor(instants[from] / step_s)) until++
    const at = instants[until - 1]
    const isNewest = low === null && until === instants.length
    appendRow(coarse.columns, joined(columns, at, from, until, isNewest ? newest : average), options)
    appendRow(coarse.low, joined(low ?? columns, at, from, until, least), options)
    appendRow(coarse.high, joined(high ?? columns, at, from, until, most), options)
    from = until
  }
  return { ...coarse, step_s }
}

/**
 * @param {Columns} columns
 * @param {number} at
 * @param {number} from
 * @param {number} until
 * @param {(known: number[]) => number} join
 */
function joined([, ...columns], at, from, until, join) {
  return [at, ...columns.map((values) => {
    const known = /** @type {number[]} */ (values.slice(from, until).filter((value) => value !== null))
    return known.length > 0 ? join(known) : null
  })]
}

/** @param {number[]} values */
function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** @param {number[]} values */
function newest(values) {
  return values[values.length - 1]
}

/** @param {number[]} values */
function least(values) {
  return Math.min(...values)
}

/** @param {number[]} values */
function most(values) {
  return Math.max(...values)
}
