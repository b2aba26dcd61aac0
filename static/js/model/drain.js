// @ts-check
/** What the rates of the queues say about when the waiting will be over. [pure] */

/** @import { Queue } from './types.js' */
/** @typedef {{kind: 'drains', seconds: number} | {kind: 'grows', per_s: number}} Drain */

/** Messages per second below which a difference of rates is noise: the management API averages over 5 s. */
const NOISE_PER_S = 0.5
/** Further ahead than this no rate of now can tell, in seconds. */
const HORIZON_S = 86_400

/**
 * All queues together: as soon as one grows it grows, else it is over when the slowest is empty.
 *
 * @param {readonly Queue[]} queues
 * @returns {Drain | null} null where a rate is not known, nothing waits, or nothing moves
 */
export function drainOf(queues) {
  const flows = queues.map(flowOf)
  if (flows.includes(null)) return null
  const known = /** @type {{ready: number, net_per_s: number}[]} */ (flows)
  const per_s = known.reduce((sum, flow) => sum + (isGrowing(flow) ? flow.net_per_s : 0), 0)
  if (per_s > 0) return { kind: 'grows', per_s }
  const waiting = known.filter(({ ready }) => ready > 0)
  const seconds = Math.max(...waiting.map(({ ready, net_per_s }) => (net_per_s < -NOISE_PER_S ? -ready / net_per_s : Infinity)))
  return waiting.length > 0 && seconds <= HORIZON_S ? { kind: 'drains', seconds } : null
}

/**
 * Whether what waits grows. More may come than is finished and yet nothing wait: it is with the workers then, for a
 * later time or by prefetch. What grows holds at least what a second brings.
 *
 * @param {{ready: number, net_per_s: number}} flow
 */
function isGrowing({ ready, net_per_s }) {
  return net_per_s > NOISE_PER_S && ready >= net_per_s
}

/** @param {Queue} queue */
function flowOf({ ready, in_per_s, out_per_s }) {
  if (ready === null || typeof in_per_s !== 'number' || typeof out_per_s !== 'number') return null
  return { ready, net_per_s: in_per_s - out_per_s }
}
