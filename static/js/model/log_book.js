// @ts-check
/** The critical logs of the last day. Repeats of a line form one group with a count. [pure] */

/** @import { LogGroup, LogsAnswer } from './types.js' */
/**
 * @typedef {object} LogBook
 * @property {readonly LogGroup[]} groups newest first
 * @property {number} dropped lines that the services had to drop
 * @property {number | null} checked_at when the server was last asked for all, epoch s of the store's clock
 *
 * @typedef {{query: string, level: string, host: string}} Filter '' lets all pass
 * @typedef {{ids: readonly string[], more: number}} Lines the groups shown, in order, and how many more are held back
 */

/** Shown at most; the server holds no more than some hundreds. */
const CAPACITY = 200

/** @type {LogBook} */
export const UNREAD = { groups: [], dropped: 0, checked_at: null }
/** @type {Filter} */
export const NO_FILTER = { query: '', level: '', host: '' }

/**
 * The server's list, plus the groups that the stream brought since the page asked for the list. Times cannot tell which
 * lines the list holds: a line carries its service's time and may reach the store after the list was made.
 *
 * @param {LogBook} book as it is now
 * @param {LogsAnswer} answer
 * @param {LogBook} [asked] as it was when the list was asked for
 * @returns {LogBook}
 */
export function withAnswer(book, { now, dropped, logs }, asked = book) {
  const told = book.groups.filter((group) => !asked.groups.includes(group))
  return told.reduce(withGroup, { groups: [...logs].sort(byNewest), dropped, checked_at: now })
}

/** @param {LogBook} book @param {LogGroup} group as it is now @returns {LogBook} */
export function withGroup(book, group) {
  const known = book.groups.find(({ id }) => id === group.id)
  if (known && known.last_at > group.last_at && known.count >= group.count) return book
  const others = book.groups.filter(({ id }) => id !== group.id)
  return { ...book, groups: [group, ...others].sort(byNewest).slice(0, CAPACITY) }
}

/** @param {LogBook} book @param {Filter} filter @returns {LogGroup[]} */
export function matching({ groups }, { query, level, host }) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return groups.filter((group) => {
    if ((level && group.level !== level) || (host && group.host !== host)) return false
    const text = [group.host, group.service, group.logger, group.message, group.task, group.traceback].join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/**
 * Which groups the list shows. While somebody reads it, the list stays as it is, and new groups are only counted.
 *
 * @param {readonly string[]} shown ids, in the order in which they stand
 * @param {readonly LogGroup[]} groups all that match, newest first
 * @param {boolean} isHeld
 * @returns {Lines}
 */
export function lines(shown, groups, isHeld) {
  const ids = groups.map(({ id }) => id)
  if (!isHeld) return { ids, more: 0 }
  const kept = shown.filter((id) => ids.includes(id))
  return { ids: kept, more: ids.length - kept.length }
}

/** @param {LogBook} book @returns {number | null} epoch s of the newest line of all */
export function newestAt({ groups }) {
  return groups[0]?.last_at ?? null
}

/** @param {Pick<LogBook, 'groups'>} book @returns {number} how often its lines came, repeats counted */
export function occurrences({ groups }) {
  return groups.reduce((sum, { count }) => sum + count, 0)
}

/** @param {LogBook} book @returns {LogGroup | null} */
export function newestCritical({ groups }) {
  return groups.find(({ level }) => level === 'critical') ?? null
}

/** @param {LogBook} book @returns {string[]} the hosts that have logs, by name */
export function hostsOf({ groups }) {
  return [...new Set(groups.map(({ host }) => host))].sort()
}

/**
 * A group as plain text for a ticket: ISO times, then the text.
 *
 * @param {LogGroup} group
 * @returns {string}
 */
export function plainText({ level, host, service, logger, message, traceback, task, first_at, last_at, count }) {
  const source = [service, logger, task].filter(Boolean).join(' ')
  const since = count > 1 ? ` (×${count} since ${iso(first_at)})` : ''
  return [`${iso(last_at)} ${level.toUpperCase()} ${host} ${source}${since}`, message, traceback].filter(Boolean).join('\n')
}

/** @param {number} at epoch s */
function iso(at) {
  return new Date(at * 1000).toISOString()
}

/** @param {LogGroup} a @param {LogGroup} b */
function byNewest(a, b) {
  return b.last_at - a.last_at
}
