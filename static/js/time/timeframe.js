// @ts-check
/**
 * The stretch of time that the viewer wants to see, as a reducer: (timeframe, event) → timeframe. [pure]
 *
 * `live` follows the present. `paused` holds the window while samples keep coming in. `past` is a window that the viewer
 * asked for, `zoomed` one that the viewer drew inside another. All but `live` have a fixed window. The page's address says
 * the same, except a pause: `?range=15m`, `?from=<epoch s>&to=<epoch s>`, and `&at=<epoch s>` for the instant in focus.
 */

import { LATEST_S } from '../model/wire.js'
import { DEFAULT_RANGE, LIVE_S, rangeNamed } from './ranges.js'

/** @import { RangeName } from './ranges.js' */
/** @typedef {{min: number, max: number}} Window epoch s */
/**
 * @typedef {object} Timeframe
 * @property {'live' | 'paused' | 'past' | 'zoomed'} mode
 * @property {RangeName} range the one shown while live
 * @property {Window | null} window null while live
 * @property {number | null} focus the instant in focus, if there is one
 *
 * @typedef {{type: 'range', range: RangeName}
 *   | {type: 'pause', window: Window}
 *   | {type: 'past', window: Window}
 *   | {type: 'zoom', window: Window}
 *   | {type: 'around', at: number, now: number}
 *   | {type: 'live'}} TimeframeEvent
 */

/**
 * Half of the window around an instant, in s. Where the history has only steps of a minute the window is longer, since two
 * steps alone say nothing, and the minutes around the instant are highlighted.
 */
const AROUND_S = 60
const AROUND_STEPS_S = 600
/** A window shorter than this shows nothing between two samples. */
export const SHORTEST_S = 6

/** @param {string} search the query of the page's address @returns {Timeframe} */
export function timeframeOf(search) {
  const query = new URLSearchParams(search)
  const range = rangeNamed(query.get('range'))
  const [min, max] = [Number(query.get('from') ?? NaN), Number(query.get('to') ?? NaN)]
  const isWindow = min >= 0 && max - min >= SHORTEST_S && max <= LATEST_S
  if (!isWindow) return live(range)
  const at = Number(query.get('at') ?? NaN)
  return { ...still('past', range, { min, max }), focus: at >= min && at <= max ? at : null }
}

/** The window, or where that is shorter than `shortest_s`, so much around its middle. @param {Window} window @param {number} shortest_s @returns {Window} */
export function widened({ min, max }, shortest_s) {
  if (max - min >= shortest_s) return { min, max }
  const middle = (min + max) / 2
  return { min: middle - shortest_s / 2, max: middle + shortest_s / 2 }
}

/** Whether the window goes on beyond now. A pause does not: it holds what there was. @param {Timeframe} timeframe @param {number} now epoch s */
export function isOpen({ mode, window }, now) {
  return mode !== 'paused' && (window === null || window.max > now)
}

/** The minutes around the focus of a window, if the window shows more than those. @param {Timeframe} timeframe @returns {Window | null} */
export function nearFocus({ window, focus }) {
  if (window === null || focus === null) return null
  const near = { min: focus - AROUND_S, max: focus + AROUND_S }
  return near.min > window.min + 1 && near.max < window.max - 1 ? near : null // The address is in whole seconds.
}

/**
 * @param {Timeframe} timeframe
 * @param {string} search the present query, whose other parameters stay
 * @returns {string} the query that says the same as `timeframe`, empty or with its `?`
 */
export function searchOf({ mode, range, window, focus }, search) {
  const query = new URLSearchParams(search)
  for (const name of ['range', 'from', 'to', 'at']) query.delete(name)
  if (range !== DEFAULT_RANGE) query.set('range', range)
  if (window && mode !== 'paused') {
    query.set('from', String(Math.floor(window.min)))
    query.set('to', String(Math.ceil(window.max)))
    if (focus !== null) query.set('at', String(focus))
  }
  const text = query.toString()
  return text ? `?${text}` : ''
}

/** @param {Timeframe} timeframe @param {TimeframeEvent} event @returns {Timeframe} */
export function reduceTimeframe(timeframe, event) {
  const { mode, range } = timeframe
  switch (event.type) {
    case 'range':
      return live(event.range)
    case 'live':
      return mode === 'live' ? timeframe : live(range)
    case 'pause':
      return mode === 'live' ? still('paused', range, event.window) : timeframe
    case 'past':
    case 'zoom':
      if (event.window.max - event.window.min < SHORTEST_S) return timeframe
      return still(event.type === 'zoom' ? 'zoomed' : 'past', range, event.window)
    case 'around':
      return around(range, event.at, event.now)
  }
}

/** @param {RangeName} range @returns {Timeframe} */
function live(range) {
  return { mode: 'live', range, window: null, focus: null }
}

/** @param {'paused' | 'past' | 'zoomed'} mode @param {RangeName} range @param {Window} window @returns {Timeframe} */
function still(mode, range, window) {
  return { mode, range, window, focus: null }
}

/** The minutes around an instant; what has only just happened stands near their end, which is now. @param {RangeName} range @param {number} at @param {number} now @returns {Timeframe} */
function around(range, at, now) {
  const half_s = now - at < LIVE_S - AROUND_S ? AROUND_S : AROUND_STEPS_S
  const max = Math.max(at, Math.min(at + half_s, now))
  return { ...still('past', range, { min: max - 2 * half_s, max }), focus: at }
}
