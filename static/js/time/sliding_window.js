// @ts-check
/**
 * Which stretch of time a sliding chart shows. [pure]
 *
 * The plot follows the collector's clock, carried on by the browser's monotonic one: time = offset_s + monotonic seconds.
 * The browser's wall clock plays no part.
 */

/** Share of a deviation that each sample corrects: a late sample says little, an early one means that we ran slow. */
const FOLLOW_EARLY = 0.25
const FOLLOW_LATE = 0.05
/** How far the right edge runs behind, in intervals: one sample, and a margin for a late one. */
const BEHIND_INTERVALS = 1.25
/**
 * A frame is drawn when the lines of the narrowest chart move by this many CSS pixels. Without a GPU a frame costs some
 * 5 ms, half of it whatever is drawn: docs/decisions/0020 tells what finer steps cost and what else was tried.
 */
const SMALLEST_SHIFT_PX = 2
/** Twelve frames a second make a movement this slow smooth. */
const SHORTEST_FRAME_MS = 80

/**
 * The new offset after a sample taken at `at` arrived at `mono_ms`. Small deviations are eased so that nothing jumps. A
 * sample of the past (caught up after a pause) changes nothing. A clock that was set is followed at once.
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
 * The window shown. It ends a little more than one interval behind, so that lines slide in instead of popping up.
 *
 * @param {{offset_s: number, mono_ms: number, interval_s: number, span_s: number}} options
 * @returns {{min: number, max: number}}
 */
export function slidingWindow({ offset_s, mono_ms, interval_s, span_s }) {
  const max = offset_s + mono_ms / 1000 - BEHIND_INTERVALS * interval_s
  return { min: max - span_s, max }
}

/**
 * The window for viewers who prefer reduced motion: it ends at the newest sample and moves by whole intervals.
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
 * Milliseconds from one frame to the next.
 *
 * @param {number} span_s
 * @param {number} width_px of the plotting area
 */
export function framePeriod(span_s, width_px) {
  return Math.max(SHORTEST_FRAME_MS, (span_s * 1000 * SMALLEST_SHIFT_PX) / Math.max(1, width_px))
}
