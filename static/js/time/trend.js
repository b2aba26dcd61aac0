// @ts-check
/** How a reading has moved against some minutes ago. [pure] */

import { indexFrom } from './series.js'

/** @typedef {{direction: 'up' | 'down' | 'even', change: number, over_s: number}} Trend */

/** The shortest past that says anything, in seconds. */
const SHORTEST_S = 55
/** Values of the past that are averaged. Those of now are not: the change stands beside the newest, and must agree with it. */
const AVERAGED = 5

/**
 * The newest value against those of `over_s` ago, or the oldest there are.
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
  const before = average(values.slice(from, from + AVERAGED))
  const now = values.at(-1) ?? null
  if (span_s < SHORTEST_S || before === null || now === null) return null
  const change = now - before
  const direction = Math.abs(change) < least ? 'even' : change > 0 ? 'up' : 'down'
  return { direction, change, over_s: span_s }
}

/** @param {(number | null)[]} values */
function average(values) {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) / known.length : null
}
