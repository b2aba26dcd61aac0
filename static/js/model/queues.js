// @ts-check
/** What all watched queues do together. Unknown stays unknown: a part is never shown as the whole. [pure] */

/** @import { Queue } from './types.js' */

/**
 * How long the oldest message of all queues has waited.
 *
 * @param {readonly Queue[]} queues
 * @returns {{wait_s: number, isBound: boolean} | null} `isBound`: at least so long; null where one queue's is unknown
 */
export function longestWait(queues) {
  const present = queues.filter(({ state }) => state !== 'missing')
  const waits = present.map(({ wait_s }) => wait_s)
  if (waits.length === 0 || !waits.every((wait_s) => typeof wait_s === 'number')) return null
  return { wait_s: Math.max(...waits), isBound: present.some(({ wait_is_bound }) => wait_is_bound === true) }
}

/**
 * Messages a second over all queues.
 *
 * @param {readonly Queue[]} queues
 * @param {'in_per_s' | 'out_per_s'} name
 * @returns {number | null} null where one queue's is unknown
 */
export function rateOf(queues, name) {
  const rates = queues.filter(({ state }) => state !== 'missing').map((queue) => queue[name])
  if (rates.length === 0 || !rates.every((rate) => typeof rate === 'number')) return null
  return rates.reduce((sum, rate) => sum + rate, 0)
}
