// @ts-check
/** How a reading has changed since some minutes ago. [pure] */

import { indexFrom } from './series.js'

/** @typedef {{direction: 'up' | 'down' | 'even', change: number, over_s: number}} Trend */

/** A past shorter than this has no trend, in seconds. */
const SHORTEST_S = 55
/** How many old values are averaged. New ones are not: the change stands beside the newest value and must agree with it. */
const AVERAGED = 5

/**
 * Compares the newest value with those of `over_s` ago, or with the oldest ones.
 *
 * @param {readonly number[]} instants ascending
 * @param {readonly (number | null)[]} values
 * @param {{over_s: number, least: number}} options a change smaller than `least` is none
 * @returns {Trend | null} null if too little is known
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
