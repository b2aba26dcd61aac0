// @ts-check
/**
 * When the page announces something to a screen reader: only changes of state, at most one of each kind in ten seconds. [pure]
 * A change that comes too early is not lost: after the ten seconds the page announces the state that holds then.
 */

const QUIET_MS = 10_000

/**
 * @typedef {'polite' | 'urgent'} Kind
 * @typedef {{code: string | null, said_ms: Record<Kind, number>}} Announced `code` is what was said last
 */

/** @type {Announced} Nothing said yet. The first state is on the page when it is read: not announced. */
export const NOTHING_SAID = { code: null, said_ms: { polite: -Infinity, urgent: -Infinity } }

/**
 * @param {Announced} announced
 * @param {string} code what holds now
 * @param {Kind} kind
 * @param {number} mono_ms
 * @returns {{announced: Announced, isDue: boolean}}
 */
export function announce(announced, code, kind, mono_ms) {
  if (announced.code === null) return { announced: { ...announced, code }, isDue: false }
  if (announced.code === code || mono_ms - announced.said_ms[kind] < QUIET_MS) return { announced, isDue: false }
  return { announced: { code, said_ms: { ...announced.said_ms, [kind]: mono_ms } }, isDue: true }
}
