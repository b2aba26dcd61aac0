// @ts-check
/**
 * Which stretch of time a sliding chart shows. [pure]
 *
 * The plot's clock is the collector's, carried on by the browser's monotonic clock: time = offset_s + monotonic seconds.
 * The browser's wall clock has no part in it.
 */

/** Shares of a deviation taken over at each sample: a late sample says little, an early one that we ran slow. */
const FOLLOW_EARLY = 0.25
const FOLLOW_LATE = 0.05
/** How far, in intervals, the right edge runs behind: one sample, and a little for the one that comes late. */
const BEHIND_INTERVALS = 1.25
/**
 * A frame is worth drawing when the lines of the narrowest chart move by this many CSS pixels. Without a GPU each costs some 5 ms, half of it
 * whatever is drawn: docs/decisions/0020 has what finer ones take, and what else was tried.
 */
const SMALLEST_SHIFT_PX = 2
/** A second needs no more frames than 12 for a movement this slow to be smooth. */
const SHORTEST_FRAME_MS = 80

/**
 * The offset_s after a sample taken at `at` arrived at `mono_ms`. Small deviations are eased so that nothing jumps; a sample
 * of the past (caught up after a pause) changes nothing; a clock that was set anew is followed at once.
 *
 * @param {number | null} offset_s
 * @param {number} at epoch s
 * @param {number} mono_ms
 * @param {{interval_s: number, span_s: number}} options
 */
export function followOffset(offset_s, at, mono_ms, { interval_s, span_s }) {
  const seen = at - mono_ms / 1000
  if (offset_s === null || seen - offset_s > interval_s || offset_s - seen > span_s) return seen
  if (offset_s - seen > interval_s) return offset_s
  return offset_s + (seen - offset_s) * (seen > offset_s ? FOLLOW_EARLY : FOLLOW_LATE)
}

/**
 * The stretch shown: it ends a little more than one interval behind, so that a line is revealed instead of popping in.
 *
 * @param {{offset_s: number, mono_ms: number, interval_s: number, span_s: number}} options
 * @returns {{min: number, max: number}}
 */
export function slidingWindow({ offset_s, mono_ms, interval_s, span_s }) {
  const max = offset_s + mono_ms / 1000 - BEHIND_INTERVALS * interval_s
  return { min: max - span_s, max }
}

/**
 * The same for those who asked for less motion: it ends at the newest sample and moves on by whole intervals.
 *
 * @param {{offset_s: number, mono_ms: number, interval_s: number, span_s: number, newest: number | null}} options
 */
export function steppedWindow({ offset_s, mono_ms, interval_s, span_s, newest }) {
  const now = offset_s + mono_ms / 1000
  const anchor = newest ?? now
  const max = anchor + Math.max(0, Math.floor((now - anchor) / interval_s)) * interval_s
  return { min: max - span_s, max }
}

/**
 * Milliseconds between two frames worth drawing.
 *
 * @param {number} span_s
 * @param {number} width_px of the plotting area
 */
export function framePeriod(span_s, width_px) {
  return Math.max(SHORTEST_FRAME_MS, (span_s * 1000 * SMALLEST_SHIFT_PX) / Math.max(1, width_px))
}
