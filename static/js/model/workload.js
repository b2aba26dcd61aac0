// @ts-check
/** The tables of workers and tasks: what in them is trouble, and the order that follows from it. [pure] */

/** @import { Task, Worker } from './types.js' */

/** Workers are heard every few seconds; after this long without a word one counts as silent, in s. */
const SILENT_S = 30

/** @param {Pick<Worker, 'age_s'>} worker */
export function isSilent({ age_s }) {
  return age_s !== null && age_s > SILENT_S
}

/** Whether it runs as many tasks as it may. @param {Pick<Worker, 'busy' | 'slots'>} worker */
export function isFull({ busy, slots }) {
  return busy !== null && slots !== null && slots > 0 && busy >= slots
}

/** The share of its slots that a worker uses; null where it is unknown. @param {Pick<Worker, 'busy' | 'slots'>} worker */
export function shareBusy({ busy, slots }) {
  return busy === null || !slots ? null : Math.min(1, busy / slots)
}

/** @param {readonly Worker[]} workers @returns {Worker[]} silent ones first, then those with failures, then the busiest, then by name */
export function workersByTrouble(workers) {
  return [...workers].sort((a, b) => {
    return Number(isSilent(b)) - Number(isSilent(a)) || falls(a.failed_per_min, b.failed_per_min) || falls(shareBusy(a), shareBusy(b)) || byName(a, b)
  })
}

/** @param {readonly Task[]} tasks @returns {Task[]} those that fail most first, then the last failure, then the most started, then by name */
export function tasksByTrouble(tasks) {
  return [...tasks].sort((a, b) => {
    const [age_a, age_b] = [a, b].map(({ last_failure }) => (last_failure ? -last_failure.age_s : null))
    return falls(a.failed_per_min, b.failed_per_min) || falls(age_a, age_b) || falls(a.started_per_min, b.started_per_min) || byName(a, b)
  })
}

/** Greater first; unknown last. @param {number | null} a @param {number | null} b */
function falls(a, b) {
  if (a === b) return 0
  return a === null || (b !== null && a < b) ? 1 : -1
}

/** @param {{name: string}} a @param {{name: string}} b Names of workers and tasks are technical: they sort by code point. */
function byName(a, b) {
  return a.name < b.name ? -1 : Number(a.name > b.name)
}
