// @ts-check
/** How long to wait before the next try. [pure] */

const SHORTEST_MS = 1000
/** However long an outage was, the page is back within ten seconds of its end. */
const LONGEST_MS = 8000

/**
 * Delay before try number `attempt` (1 is the first after a failure). The ceiling doubles from 2 s to 8 s, and the delay is
 * random below it, so that viewers who lost the stream together do not come back together.
 *
 * @param {number} attempt
 * @param {number} random from 0 to 1
 * @returns {number} milliseconds, 1000 to 8000
 */
export function retryDelay(attempt, random) {
  const ceiling_ms = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** attempt)
  return Math.round(SHORTEST_MS + random * (ceiling_ms - SHORTEST_MS))
}
