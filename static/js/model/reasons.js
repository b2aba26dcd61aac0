// @ts-check
/** Why a service is not well: what the sentence of a reason counts. [pure] */

/** @import { Facts } from './types.js' */

/** By reason, the sentence's parameters and the facts they are; `count` chooses the plural, `age` is in seconds. */
const COUNTED = /** @type {Record<string, Record<string, string>>} */ ({
  no_progress: { age: 'idle_s', waiting: 'waiting' },
  movement_unknown: { age: 'idle_s', waiting: 'waiting' },
  unfinished: { age: 'idle_s', unacked: 'unacked' },
  no_consumers: { age: 'idle_s' },
})

/**
 * The parameters of a reason's sentence with numbers; null where there is none, or a number is not known: then it is
 * the sentence without.
 *
 * @param {string} reason
 * @param {Facts} facts
 */
export function countedBy(reason, facts) {
  const counted = Object.entries(COUNTED[reason] ?? {})
  const isKnown = counted.length > 0 && counted.every(([, fact]) => facts[fact] !== undefined)
  return isKnown ? Object.fromEntries(counted.map(([name, fact]) => [name, facts[fact]])) : null
}
