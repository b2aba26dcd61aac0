// @ts-check
/**
 * What is known of the past of the host shown: the live samples, up to an hour of them, and what is fetched beside them
 * for a window that they do not hold. The live samples go on coming in whatever is shown.
 */

import { historyMarks, mergeMarks, sampleMarks } from './marks.js'
import { LIVE_S, rangeOf } from './ranges.js'
import { appendNewer, appendRow, columnsOf, emptyColumns, sampleRow } from './series.js'
import { askHistory } from '../net/api.js'
import { followOffset } from './sliding_window.js'

/** @import { Mark } from './marks.js' */
/** @import { Columns } from './series.js' */
/** @import { Timeframe } from './timeframe.js' */
/** @import { History, Sample } from '../model/types.js' */
/**
 * @typedef {object} Slice What is shown.
 * @property {Columns} columns
 * @property {Columns | null} low as `columns`, where a row is a step of the history; so is `high`
 * @property {Columns | null} high
 * @property {number} step_s from one row to the next
 * @property {Mark[]} marks
 * @property {number | null} since from then on all that is known is there, epoch s; null: who knows
 * @property {number | null} until as far as it was looked, epoch s; null: up to the newest row and on
 *
 * @typedef {{since: number, until: number | null}} Wanted epoch s; null: up to now
 */

/** What could not be read is asked for again this much later, in ms. */
const RETRY_MS = 5000
/** Kept beyond what is shown, in intervals: a line must come from outside the plot on both sides. */
const MARGIN_INTERVALS = 5
/** What is seen later than the server's last by more than this has not come meanwhile: a clock was wrong, in s. */
const MEANWHILE_S = 120
/** So much is there whatever the range: the cards compare with some minutes ago. */
export const TREND_S = 300

export class Dataset {
  #columns = emptyColumns()
  /** @type {Mark[]} */ #marks = []
  /** The live samples are all there since then, epoch s. */
  #since = Infinity
  /** @type {Slice | null} What is shown instead of the live samples. */ #override = null
  #asked = 0
  #isReading = false
  #overrideRead_ms = -Infinity
  #retry_ms = -Infinity
  /** @type {number | null} Of the plot's clock, see sliding_window.js; null until a sample is known. */ offset_s = null
  /** @type {number | null} epoch s */ oldest_at = null
  /** @type {'reading' | 'failed' | null} */ trouble = null
  /** @type {{missed: number} | null} while the viewer holds what is shown, the samples that came since */ pause = null
  interval_s

  /** @param {number} interval_s */
  constructor(interval_s) {
    this.interval_s = interval_s
  }

  /** @returns {Slice} the live samples */
  get live() {
    return { columns: this.#columns, low: null, high: null, step_s: this.interval_s, marks: this.#marks, since: null, until: null }
  }

  /** @returns {Slice} */
  get shown() {
    return this.#override ?? this.live
  }

  /** Another host, nothing known. */
  clear() {
    this.#columns = emptyColumns()
    this.#marks = []
    this.#since = Infinity
    this.#override = null
    this.offset_s = this.oldest_at = null
  }

  /** The stream could not go on where it was: what is known has a hole, and is asked for anew. */
  invalidate() {
    this.#since = Infinity
  }

  /** @param {Sample} sample @param {number} mono_ms */
  add(sample, mono_ms) {
    if (this.pause) this.pause = { missed: this.pause.missed + 1 }
    this.offset_s = followOffset(this.offset_s, sample.at, mono_ms, { interval_s: this.interval_s, span_s: TREND_S })
    appendRow(this.#columns, sampleRow(sample), this.#options)
    if (sample.marks?.length) this.#marks = mergeMarks(this.#marks, sampleMarks(sample))
  }

  /**
   * Live samples up to now, as the server answered them; those that came in meanwhile are kept.
   *
   * @param {History} history
   * @param {number | null} clock_offset_s the store's clock
   */
  take(history, clock_offset_s) {
    const seen = this.#columns
    this.interval_s = history.interval_s
    this.#columns = columnsOf(history, history.columns, this.#options)
    const last = this.#columns[0].at(-1)
    appendNewer(this.#columns, seen, { ...this.#options, until: last === undefined ? Infinity : last + MEANWHILE_S })
    this.#marks = mergeMarks(this.#marks, historyMarks(history))
    this.oldest_at = history.oldest_at ?? this.oldest_at
    this.offset_s = this.#columns[0].length > 0 ? this.offset_s ?? clock_offset_s : null
  }

  /** The viewer wants to see something else. @param {Timeframe} timeframe */
  setTimeframe({ mode }) {
    this.pause = mode === 'paused' ? { missed: 0 } : null
    this.#asked++ // What is under way is for what was wanted before.
    this.#isReading = false
    this.#overrideRead_ms = this.#retry_ms = -Infinity
    this.trouble = null
    if (mode === 'live') this.#override = null
    else this.#override ??= copyOf(this.live)
  }

  /**
   * Reads what the viewer wants to see and is not there yet; a live range of the history anew, once a step is over.
   *
   * @param {Timeframe} timeframe
   * @param {{host: string | null, now: number, mono_ms: number}} present `now` of the store's clock
   * @returns {Promise<{history: History | null, isLive: boolean} | null>} null when nothing had to be read, or it is wanted no longer
   */
  async read(timeframe, { host, now, mono_ms }) {
    const wanted = this.#wanted(timeframe, now, mono_ms)
    if (wanted === null || this.#isReading || mono_ms < this.#retry_ms) return null
    const asked = ++this.#asked
    this.#isReading = true
    if (this.#overrideRead_ms === -Infinity) this.trouble = 'reading' // To read on is no news.
    this.#overrideRead_ms = mono_ms
    const history = await askHistory(host, wanted)
    if (asked !== this.#asked) return null
    this.#isReading = false
    this.trouble = history === null ? 'failed' : null
    if (history === null) [this.#overrideRead_ms, this.#retry_ms] = [-Infinity, mono_ms + RETRY_MS]
    this.oldest_at = history?.oldest_at ?? this.oldest_at
    // Steps, though samples were asked for: the store no longer holds them, or they are too many.
    const isLive = isSamples(timeframe) && history?.low === null
    if (history && isLive) [this.#since, this.#override] = [wanted.since, null]
    else if (history) this.#override = sliceOf(history, wanted)
    return { history, isLive }
  }

  /** @param {Timeframe} timeframe @param {number} now @param {number} mono_ms @returns {Wanted | null} */
  #wanted(timeframe, now, mono_ms) {
    const { mode, range, window } = timeframe
    const { span_s, step_s } = rangeOf(range)
    if (isSamples(timeframe) && this.#override === null) {
      const since = now - Math.max(span_s, TREND_S) - MARGIN_INTERVALS * this.interval_s
      return since < this.#since - this.interval_s ? { since, until: null } : null
    }
    if (mode === 'live') {
      const pause_s = step_s ?? this.shown.step_s
      const isRead = mono_ms - this.#overrideRead_ms < pause_s * 1000
      return isRead ? null : { since: now - span_s - (step_s ?? MARGIN_INTERVALS * this.interval_s), until: null }
    }
    const isFine = mode === 'paused' || (mode === 'zoomed' && this.shown.step_s <= this.interval_s)
    if (window === null || isFine) return null
    // A window that reaches beyond the present is read on until the present has left it.
    const read_s = (mono_ms - this.#overrideRead_ms) / 1000
    if (read_s < this.shown.step_s || now - read_s > window.max + this.shown.step_s) return null
    const margin_s = MARGIN_INTERVALS * this.interval_s
    return { since: window.min - margin_s, until: window.max + margin_s }
  }

  get #options() {
    return { interval_s: this.interval_s, keep_s: LIVE_S + 2 * MARGIN_INTERVALS * this.interval_s }
  }
}

/** @param {Timeframe} timeframe @returns {boolean} whether it is live and told sample by sample */
function isSamples({ mode, range }) {
  return mode === 'live' && rangeOf(range).step_s === null
}

/** @param {History} history @param {Wanted} wanted @returns {Slice} */
function sliceOf(history, { since, until }) {
  const options = { interval_s: history.step_s, keep_s: history.now - since + history.step_s }
  const [columns, low, high] = [history.columns, history.low, history.high].map((answered) => {
    return answered && columnsOf(history, answered, options)
  })
  return { columns: /** @type {Columns} */ (columns), low, high, step_s: history.step_s, marks: historyMarks(history), since, until: Math.min(history.now, until ?? Infinity) }
}

/** @param {Slice} slice @returns {Slice} that does not change any more */
function copyOf({ columns, ...rest }) {
  return { ...rest, columns: /** @type {Columns} */ (columns.map((values) => values.slice())) }
}
