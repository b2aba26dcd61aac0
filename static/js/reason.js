// @ts-check
/** Why a service is not well: the code of a reason and what its sentence counts. [pure] */

/** @typedef {import('./types.js').Check} Check */
/** @typedef {Record<string, string | number>} Params */

/** The parameters of the sentence with numbers; `age` is a time in seconds, `count` chooses the plural. */
const COUNTED = /** @type {Record<string, Record<string, string>>} */ ({
  no_progress: { count: 'consumers', age: 'idle_s', waiting: 'waiting' },
  no_consumers: { age: 'idle_s' },
})

/**
 * The key of a reason's sentence in the catalogue, less its group: with numbers where all of them are known.
 *
 * @param {string} reason
 * @param {Check['facts']} facts
 * @returns {{key: string, params: Params}}
 */
export function reasonWords(reason, facts = {}) {
  const counted = Object.entries(COUNTED[reason] ?? {})
  if (counted.length === 0 || counted.some(([, fact]) => facts[fact] === undefined)) return { key: reason, params: {} }
  return { key: `${reason}_counted`, params: Object.fromEntries(counted.map(([name, fact]) => [name, facts[fact]])) }
}
