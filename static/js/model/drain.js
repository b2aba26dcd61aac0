// @ts-check
/** Predicts from the rates of the queues when they will be empty. [pure] */

/** @import { Queue } from './types.js' */
/** @typedef {{kind: 'drains', seconds: number} | {kind: 'grows', per_s: number}} Drain */

/** Messages per second below which a difference of rates is noise: the management API averages over 5 s. */
const NOISE_PER_S = 0.5
/** Present rates predict nothing further ahead than this, in seconds. */
const HORIZON_S = 86_400

/**
 * Of all queues together: they grow if one of them grows, else they are empty when the slowest one is.
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
 * Whether a queue grows. If more comes in than goes out and yet nothing waits, the workers hold the messages (scheduled
 * or prefetched). A growing queue therefore holds at least one second's arrivals.
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
