// @ts-check
/** The numbers in the sentence of a reason. [pure] */

/** @import { Facts } from './types.js' */

/** For each reason: its sentence's parameters, and the facts that fill them. `age` is in seconds. */
const COUNTED = /** @type {Record<string, Record<string, string>>} */ ({
  no_progress: { age: 'idle_s', waiting: 'waiting' },
  movement_unknown: { age: 'idle_s', waiting: 'waiting' },
  unfinished: { age: 'idle_s', unacked: 'unacked' },
  no_consumers: { age: 'idle_s' },
})

/**
 * The parameters of a reason's sentence with numbers. null if the reason has no such sentence or a number is unknown: then
 * the sentence without numbers applies.
 *
 * @param {string} reason
 * @param {Facts} facts
 */
export function countedBy(reason, facts) {
  const counted = Object.entries(COUNTED[reason] ?? {})
  const isKnown = counted.length > 0 && counted.every(([, fact]) => facts[fact] !== undefined)
  return isKnown ? Object.fromEntries(counted.map(([name, fact]) => [name, facts[fact]])) : null
}
