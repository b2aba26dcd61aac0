// @ts-check
/** Reads what the server sends. [pure] */

/** 2100-01-01, epoch s: later than any instant meant in good faith, and well within what a Date can hold. */
export const LATEST_S = 4_102_444_800
const INSTANTS = new Set(['at', 'first_at', 'last_at', 'oldest_at', 'now'])

/**
 * JSON, its instants bounded: a Date beyond its range throws where it is written, and would stop the whole page.
 * The columns of a history are bounded where they are taken up (`appendRow`).
 *
 * @param {string} text
 * @returns {any}
 */
export function parse(text) {
  return JSON.parse(text, (name, value) => {
    if (name === 'began_at' && Array.isArray(value)) return value.filter(Number.isFinite).map(bounded)
    return typeof value === 'number' && INSTANTS.has(name) ? bounded(value) : value
  })
}

/** @param {number} at @returns {number} */
function bounded(at) {
  return Math.min(LATEST_S, Math.max(0, at))
}
