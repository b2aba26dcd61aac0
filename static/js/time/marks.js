// @ts-check
/**
 * Events on the charts: critical logs, changes of a service's status, new versions, starts of a dispatch. [pure]
 * Each has a shape and a tone. Marks close to each other are drawn as one cluster.
 */

/** @import { History, LogGroup, Sample, Service, Status, Mark as WireMark } from '../model/types.js' */
/** @import { Window } from './timeframe.js' */
/** @typedef {(WireMark & {at: number}) | {at: number, kind: 'log', log: LogGroup}} Mark */
/** @typedef {{at: number, until: number, kind: 'outage', name: Service, status: Status}} Outage as bad as `status`; `at` -Infinity: it began before what is known; `until` Infinity: it goes on */
/** @typedef {'bad' | 'warn' | 'ok' | 'accent' | 'peak'} Tone */
/** @typedef {'cross' | 'down' | 'up' | 'square' | 'diamond'} Shape */
/** @typedef {{tone: Tone, shape: Shape}} Look */
/** @typedef {{at: number, marks: Mark[], look: Look}} Cluster `at`: of its first mark; `look`: of its worst */

/** Worst first: a cluster looks like its worst mark. */
const TONES = /** @type {readonly Tone[]} */ (['bad', 'warn', 'peak', 'accent', 'ok'])
/** A service in one of these needs nobody. */
const WELL = /** @type {readonly Status[]} */ (['online', 'disabled'])
/** Statuses of an outage, the worst first. */
const ILL = /** @type {readonly Status[]} */ (['offline', 'degraded', 'unknown'])
/** So many are kept, the newest: more than any screen can show apart. */
const MOST = 500

/** @param {Sample} sample @returns {Mark[]} */
export function sampleMarks({ at, marks = [] }) {
  return marks.map((mark) => ({ ...mark, at: mark.at ?? at }))
}

/** @param {Pick<History, 'marks'>} history @returns {Mark[]} */
export function historyMarks({ marks }) {
  return marks.map((mark) => ({ ...mark, at: mark.at ?? 0 }))
}

/** One each time that a line came after a silence. @param {readonly LogGroup[]} logs @returns {Mark[]} */
export function logMarks(logs) {
  return logs.flatMap((log) => (log.began_at ?? [log.first_at]).map((at) => /** @type {Mark} */ ({ at, kind: 'log', log })))
}

/** @param {readonly Mark[][]} lists @returns {Mark[]} all of them once, in the order of time */
export function mergeMarks(...lists) {
  const known = new Map(lists.flat().map((mark) => [keyOf(mark), mark]))
  return [...known.values()].sort((a, b) => a.at - b.at).slice(-MOST)
}

/** @param {Mark | Outage} mark @returns {Look} */
export function lookOf(mark) {
  switch (mark.kind) {
    case 'log':
      return { tone: mark.log.level === 'critical' ? 'bad' : 'warn', shape: 'cross' }
    case 'service':
      return mark.after === 'online' ? { tone: 'ok', shape: 'up' } : { tone: toneOf(mark.after), shape: 'down' }
    case 'outage':
      return { tone: toneOf(mark.status), shape: 'down' }
    case 'version':
      return { tone: 'accent', shape: 'square' }
    case 'burst':
      return { tone: 'peak', shape: 'diamond' }
  }
}

/**
 * Groups marks that are no further apart than `distance_s`. Grouping starts at the first mark of all, not at the first one
 * shown, so that clusters stay the same while the chart slides.
 *
 * @param {readonly Mark[]} marks in the order of time
 * @param {number} distance_s
 * @returns {Cluster[]}
 */
export function clustersOf(marks, distance_s) {
  /** @type {Cluster[]} */
  const clusters = []
  for (const mark of marks) {
    const last = clusters.at(-1)
    if (last && mark.at - last.at <= distance_s) last.marks.push(mark)
    else clusters.push({ at: mark.at, marks: [mark], look: lookOf(mark) })
  }
  for (const cluster of clusters) cluster.look = worstOf(cluster.marks.map(lookOf))
  return clusters
}

/**
 * The stretches of time in which a service was not well, from its first bad status to the end of the last one.
 *
 * @param {readonly Mark[]} marks in the order of time
 * @returns {Outage[]}
 */
export function outagesOf(marks) {
  /** @type {Map<Service, Outage | null>} by service, null while it is well */ const present = new Map()
  /** @type {Outage[]} */ const outages = []
  const begin = (/** @type {Service} */ name, /** @type {number} */ at) => {
    const outage = /** @type {Outage} */ ({ kind: 'outage', name, at, until: Infinity, status: 'unknown' })
    present.set(name, outage)
    outages.push(outage)
    return outage
  }
  for (const mark of marks) {
    if (mark.kind !== 'service') continue
    const { name, before, after, at } = mark
    if (!present.has(name) && !isWell(before)) darken(begin(name, -Infinity), before)
    const outage = present.get(name)
    if (!isWell(after)) darken(outage ?? begin(name, at), after)
    else if (outage) outage.until = at
    if (isWell(after)) present.set(name, null)
  }
  return outages
}

/** Whether it has a symbol: the end of an outage is told by the span that ends. @param {Mark} mark */
export function isDrawn(mark) {
  return mark.kind !== 'service' || !isWell(mark.after) || isWell(mark.before)
}

/** @param {Outage} outage @param {Status} status */
function darken(outage, status) {
  if (ILL.indexOf(status) < ILL.indexOf(outage.status)) outage.status = status
}

/** @param {Status} status @returns {Tone} */
function toneOf(status) {
  return status === 'offline' ? 'bad' : 'warn'
}

/** @param {Status} status */
function isWell(status) {
  return WELL.includes(status)
}

/** @param {readonly Cluster[]} clusters @param {Window} window @returns {Cluster[]} */
export function clustersIn(clusters, { min, max }) {
  return clusters.filter(({ at }) => at >= min && at <= max)
}

/** @param {Look[]} looks */
function worstOf(looks) {
  return looks.reduce((worst, look) => (TONES.indexOf(look.tone) < TONES.indexOf(worst.tone) ? look : worst))
}

/** @param {Mark} mark */
function keyOf(mark) {
  if (mark.kind === 'log') return `log ${mark.log.id} ${mark.at}`
  return `${mark.at} ${mark.kind} ${mark.kind === 'service' ? mark.name : ''}`
}
