// @ts-check
/** Since when nothing has happened: every value zero. [pure] */

/** @typedef {{at: number, isBound: boolean}} Idle `isBound`: it may have been so for longer, nobody saw it begin */

/**
 * @param {readonly number[]} instants ascending
 * @param {readonly (readonly (number | null)[])[]} lines
 * @returns {Idle | null} null unless the newest values are known and zero
 */
export function idleSince(instants, lines) {
  const isZero = (/** @type {number} */ index) => lines.every((values) => values[index] === 0)
  let first = instants.length
  while (first > 0 && isZero(first - 1)) first--
  if (first === instants.length) return null
  return { at: instants[first], isBound: first === 0 || lines.some((values) => values[first - 1] === null) }
}
