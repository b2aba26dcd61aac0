// @ts-check
/** How a reading has moved against some minutes ago. [pure] */

import { indexFrom } from './series.js'

/** @typedef {{direction: 'up' | 'down' | 'even', change: number, over_s: number}} Trend */

/** The shortest past that says anything, in seconds. */
const SHORTEST_S = 55
/** Values at each end that are averaged, so that one busy tick is no trend. */
const AVERAGED = 5

/**
 * The last values against those of `over_s` ago, or of the oldest there are.
 *
 * @param {readonly number[]} instants ascending
 * @param {readonly (number | null)[]} values
 * @param {{over_s: number, least: number}} options a change smaller than `least` is none
 * @returns {Trend | null} null where too little is known
 */
export function trendOf(instants, values, { over_s, least }) {
  const newest = instants.at(-1)
  if (newest === undefined) return null
  const from = indexFrom(instants, newest - over_s)
  const span_s = newest - instants[from]
  const [before, after] = [average(values.slice(from, from + AVERAGED)), average(values.slice(-AVERAGED))]
  if (span_s < SHORTEST_S || before === null || after === null) return null
  const change = after - before
  const direction = Math.abs(change) < least ? 'even' : change > 0 ? 'up' : 'down'
  return { direction, change, over_s: span_s }
}

/** @param {(number | null)[]} values */
function average(values) {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) / known.length : null
}
