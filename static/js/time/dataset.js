// @ts-check
/**
 * The past of the host shown: up to an hour of live samples, and the history fetched for a window beyond them. Live
 * samples keep coming in whatever the charts show.
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
 * @typedef {object} Slice The rows of a stretch of time.
 * @property {Columns} columns
 * @property {Columns | null} low as `columns`, where a row is a step of the history; so is `high`
 * @property {Columns | null} high
 * @property {number} step_s from one row to the next
 * @property {boolean} isHistory whether it was read as steps of the history
 * @property {Mark[]} marks
 * @property {number | null} since the slice is complete from then on, epoch s; null: it may have holes
 * @property {number | null} until the slice is complete up to then, epoch s; null: up to the newest row
 *
 * @typedef {{since: number, until: number | null}} Wanted epoch s; null: up to now
 */

/** Delay before a failed read is tried again, in ms. */
const RETRY_MS = 5000
/** Kept beyond the window, in intervals: on both sides lines must enter the plot from outside. */
const MARGIN_INTERVALS = 5
/** A sample later than the server's last by more than this did not come in meanwhile: a clock was wrong, in s. */
const MEANWHILE_S = 120
/** Kept whatever the range, in s: the cards compare with some minutes ago. */
export const TREND_S = 300

export class Dataset {
  #columns = emptyColumns()
  /** @type {Mark[]} */ #marks = []
  /** The live samples are complete from then on, epoch s. */
  #since = Infinity
  /** @type {Slice | null} Shown in place of the live samples. */ #override = null
  #asked = 0
  #isReading = false
  #overrideRead_ms = -Infinity
  #retry_ms = -Infinity
  /** @type {number | null} Of the plot's clock, see sliding_window.js; null until a sample is known. */ offset_s = null
  /** @type {number | null} epoch s */ oldest_at = null
  /** @type {'reading' | 'failed' | null} */ readState = null
  /** @type {{missed: number} | null} while the viewer holds what is shown, the samples that came since */ pause = null
  interval_s

  /** @param {number} interval_s */
  constructor(interval_s) {
    this.interval_s = interval_s
  }

  /** @returns {Slice} the live samples */
  get live() {
    return { columns: this.#columns, low: null, high: null, step_s: this.interval_s, isHistory: false, marks: this.#marks, since: null, until: null }
  }

  /** @returns {Slice} */
  get shown() {
    return this.#override ?? this.live
  }

  /** Drops everything: another host is shown. */
  clear() {
    this.#columns = emptyColumns()
    this.#marks = []
    this.#since = Infinity
    this.#override = null
    this.offset_s = this.oldest_at = null
  }

  /** The stream could not resume where it stopped: the samples have a hole and must be read again. */
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
   * Takes the server's live samples up to now, and keeps those that came in meanwhile.
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

  /** The viewer has chosen another timeframe. @param {Timeframe} timeframe */
  setTimeframe({ mode }) {
    this.pause = mode === 'paused' ? { missed: 0 } : null
    this.#asked++ // A read under way is for the timeframe before.
    this.#isReading = false
    this.#overrideRead_ms = this.#retry_ms = -Infinity
    this.readState = null
    if (mode === 'live') this.#override = null
    else this.#override ??= copyOf(this.live)
  }

  /**
   * Reads what the timeframe shows and is not here yet. A live range of the history is read again after each step.
   *
   * @param {Timeframe} timeframe
   * @param {{host: string | null, now: number, mono_ms: number}} present `now` of the store's clock
   * @returns {Promise<{history: History | null, isLive: boolean} | null>} null if nothing had to be read, or the viewer has moved on meanwhile
   */
  async read(timeframe, { host, now, mono_ms }) {
    const wanted = this.#wanted(timeframe, now, mono_ms)
    if (wanted === null || this.#isReading || mono_ms < this.#retry_ms) return null
    const asked = ++this.#asked
    this.#isReading = true
    if (this.#overrideRead_ms === -Infinity) this.readState = 'reading' // Only the first read of a timeframe is announced.
    this.#overrideRead_ms = mono_ms
    const history = await askHistory(host, wanted)
    if (asked !== this.#asked) return null
    this.#isReading = false
    this.readState = history === null ? 'failed' : null
    if (history === null) [this.#overrideRead_ms, this.#retry_ms] = [-Infinity, mono_ms + RETRY_MS]
    this.oldest_at = history?.oldest_at ?? this.oldest_at
    // The answer may hold steps although samples were asked for: the store no longer has them, or they are too many.
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
    // A window that ends in the future is read again until the present has passed its end.
    const read_s = (mono_ms - this.#overrideRead_ms) / 1000
    if (read_s < this.shown.step_s || now - read_s > window.max + this.shown.step_s) return null
    const margin_s = MARGIN_INTERVALS * this.interval_s
    return { since: window.min - margin_s, until: window.max + margin_s }
  }

  get #options() {
    return { interval_s: this.interval_s, keep_s: LIVE_S + 2 * MARGIN_INTERVALS * this.interval_s }
  }
}

/** @param {Timeframe} timeframe @returns {boolean} whether it is live and shows single samples */
function isSamples({ mode, range }) {
  return mode === 'live' && rangeOf(range).step_s === null
}

/** @param {History} history @param {Wanted} wanted @returns {Slice} */
function sliceOf(history, { since, until }) {
  const options = { interval_s: history.step_s, keep_s: history.now - since + history.step_s }
  const [columns, low, high] = [history.columns, history.low, history.high].map((answered) => {
    return answered && columnsOf(history, answered, options)
  })
  const isHistory = low !== null
  return { columns: /** @type {Columns} */ (columns), low, high, step_s: history.step_s, isHistory, marks: historyMarks(history), since, until: Math.min(history.now, until ?? Infinity) }
}

/** @param {Slice} slice @returns {Slice} one that does not change any more */
function copyOf({ columns, ...rest }) {
  return { ...rest, columns: /** @type {Columns} */ (columns.map((values) => values.slice())) }
}
