// @ts-check
/** The last outage that the marks on the charts tell of. [pure] */

/** @typedef {{at: number, kind: string, name?: string, before?: string, after?: string}} Change a mark; only those of services count */
/** @typedef {{since: number | null, until: number | null}} Outage epoch s; `since` null: before the first mark; `until` null: it goes on */

/**
 * From the moment in which a first service was down until all were back.
 *
 * @param {readonly Change[]} marks in the order of time
 * @returns {Outage | null}
 */
export function lastOutage(marks) {
  const down = new Set()
  /** @type {Outage | null} */
  let last = null
  for (const { at, kind, name, before, after } of marks) {
    if (kind !== 'service') continue
    if (after === 'offline') {
      if (down.size === 0) last = { since: at, until: null }
      down.add(name)
    } else if (before === 'offline') {
      if (down.size === 0) last = { since: null, until: null } // It was down before the first mark.
      down.delete(name)
      if (down.size === 0 && last) last.until = at
    }
  }
  return last
}
