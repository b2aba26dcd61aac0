// @ts-check
/**
 * The store's clock, carried on by the browser's monotonic one: store time = offset + monotonic time. [pure]
 *
 * The store gives the stream's ids, and every answer stamps its `now`: all ages rest on that clock. Neither the browser's
 * wall clock nor a collector's has a say, with one exception: only the wall clock tells how long the machine slept.
 */

/** @param {number} now epoch s of the store's clock @param {number} mono_ms the same moment, monotonic @returns {number} s */
export function offsetOf(now, mono_ms) {
  return now - mono_ms / 1000
}

/** @param {number} offset_s @param {number} mono_ms @returns {number} epoch s */
export function storeTimeAt(offset_s, mono_ms) {
  return offset_s + mono_ms / 1000
}
