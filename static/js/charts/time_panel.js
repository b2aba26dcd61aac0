// @ts-check
/** Ties the dataset, the timeframe, the page's address, the toolbar and the charts together. */

import { coarseStep, coarsened } from '../time/coarse.js'
import { csvText } from '../time/csv.js'
import { byId, setText } from '../ui/dom.js'
import { logMarks, mergeMarks } from '../time/marks.js'
import { download, pictureOf } from './picture.js'
import { rangeOf } from '../time/ranges.js'
import { isOpen, reduceTimeframe, searchOf, timeframeOf } from '../time/timeframe.js'
import { Charts } from './charts.js'
import { Toolbar } from './toolbar.js'

/** @import { View } from './view.js' */
/** @import { Dataset, Slice } from '../time/dataset.js' */
/** @import { TimeframeEvent } from '../time/timeframe.js' */
/** @import { History, Sample } from '../model/types.js' */

export class TimePanel {
  /** @type {() => View} */ #makeView
  /** @type {(history: History) => void} */ #historyRead
  #timeframe = timeframeOf(location.search)
  #dataset
  #charts
  #toolbar
  /** @type {{fine: Slice, drawn: Slice} | null} */ #coarse = null

  /**
   * @param {Dataset} dataset
   * @param {() => View} makeView
   * @param {(history: History) => void} historyRead live samples that were asked for, for the dataset to take
   */
  constructor(dataset, makeView, historyRead) {
    this.#dataset = dataset
    this.#makeView = makeView
    this.#historyRead = historyRead
    this.#toolbar = new Toolbar({
      rangeChosen: (range) => this.dispatch({ type: 'range', range }),
      toggled: () => this.toggle(),
      windowChosen: (window) => this.dispatch({ type: 'past', window }),
      exported: (kind) => this.#export(kind),
    })
    this.#dataset.setTimeframe(this.#timeframe)
    const view = makeView()
    this.#charts = new Charts(view, this.#shown(view), {
      zoomed: (window) => this.dispatch({ type: 'zoom', window }),
      reset: () => this.dispatch({ type: 'live' }),
    })
    addEventListener('popstate', () => this.#addressChanged())
    // Paper gets the light theme, whatever the screen has.
    addEventListener('beforeprint', () => this.#printing(true))
    addEventListener('afterprint', () => this.#printing(false))
  }

  start() {
    this.#charts.start()
    this.read()
  }

  /** Chooses the range at a position of the toolbar, from 1, as a key does. @param {number} position */
  choose(position) {
    this.#toolbar.choose(position)
  }

  /** Pause, or back to live. */
  toggle() {
    const isLive = this.#timeframe.mode === 'live'
    this.dispatch(isLive ? { type: 'pause', window: this.#charts.window } : { type: 'live' })
  }

  /** Moves all charts to the minutes around an instant. @param {number} at epoch s */
  showAround(at) {
    this.dispatch({ type: 'around', at, now: this.#makeView().now })
    byId('toolbar').scrollIntoView({ block: 'nearest' })
  }

  /** @param {TimeframeEvent} event */
  dispatch(event) {
    const before = this.#timeframe
    this.#timeframe = reduceTimeframe(before, event)
    if (this.#timeframe === before) return
    const search = searchOf(this.#timeframe, location.search)
    if (search !== location.search) history.pushState(null, '', `${location.pathname}${search}`)
    this.#timeframeChanged()
  }

  /** @param {Sample} sample @param {number} mono_ms */
  add(sample, mono_ms) {
    this.#dataset.add(sample, mono_ms)
  }

  /** Draws what depends on the data. @param {View} view */
  render(view) {
    const shown = this.#shown(view)
    const { oldest_at, readState } = this.#dataset
    this.#toolbar.render(view, { ...shown, oldest_at, readState, isOpen: isOpen(this.#timeframe, view.now) })
    this.#charts.update(view, shown)
  }

  /** Draws what depends on the clock. */
  tick() {
    this.#charts.tick()
    this.read()
  }

  restyle() {
    this.#charts.restyle()
  }

  /** Reads what the timeframe shows and the dataset lacks. */
  async read() {
    const { state: { host }, now } = this.#makeView()
    const reading = this.#dataset.read(this.#timeframe, { host, now, mono_ms: performance.now() })
    if (this.#dataset.readState === 'reading') this.render(this.#makeView())
    const read = await reading
    if (read === null) return
    if (read.history && read.isLive) this.#historyRead(read.history)
    else this.render(this.#makeView())
  }

  #timeframeChanged() {
    this.#dataset.setTimeframe(this.#timeframe)
    this.render(this.#makeView())
    this.read()
  }

  /** The viewer went back or forward. */
  #addressChanged() {
    this.#timeframe = timeframeOf(location.search)
    this.#timeframeChanged()
  }

  /** @param {View} view */
  #shown(view) {
    const { shown: fine, live, offset_s } = this.#dataset
    // A window that has not ended yet goes on getting marks, also between two reads of its steps.
    const news = isOpen(this.#timeframe, view.now) ? live.marks : []
    const marks = mergeMarks(fine.marks, news, logMarks(view.logs))
    return { timeframe: this.#timeframe, slice: this.#drawn(fine), finest_s: fine.step_s, marks, offset_s, span: this.#spanText(view) }
  }

  /** The rows that can be told apart. @param {Slice} fine @returns {Slice} */
  #drawn(fine) {
    const { window, range } = this.#timeframe
    const step_s = coarseStep(window ? window.max - window.min : rangeOf(range).span_s, fine.step_s)
    if (step_s === fine.step_s) return fine
    // A stretch of the history stays as it was read, and is put together once.
    if (this.#coarse?.fine !== fine || this.#coarse.drawn.step_s !== step_s) this.#coarse = { fine, drawn: { ...fine, ...coarsened(fine, step_s) } }
    return this.#coarse.drawn
  }

  /** @param {View} view */
  #spanText({ t, format, now }) {
    const { window, range } = this.#timeframe
    if (!window) return t(`range.${range}`)
    return `${format.when(window.min, now)} – ${format.when(window.max, now)}`
  }

  /** @param {'csv' | 'png' | 'print'} kind */
  async #export(kind) {
    if (kind === 'print') return print()
    const view = this.#makeView()
    const { window } = this.#charts
    const at = new Date(window.max * 1000).toISOString().slice(0, 19).replaceAll(':', '')
    const name = `monitor-${(view.state.host ?? '').replace(/[^\w.-]/g, '_')}-${at}.${kind}`
    if (kind === 'csv') return download(new Blob([csvText(this.#dataset.shown, window)], { type: 'text/csv' }), name)
    const blob = await this.#picture(view)
    if (blob) download(blob, name)
  }

  /** @param {View} view @returns {Promise<Blob | null>} */
  async #picture(view) {
    this.#charts.drawAll()
    await null // The charts are drawn in a microtask.
    const { min, max } = this.#charts.window
    const style = getComputedStyle(byId('chart-resources'))
    const colors = { ground: style.backgroundColor, text: style.color, muted: getComputedStyle(byId('time-said')).color }
    const title = `ZapVoice Monitor · ${view.state.host ?? ''}`
    const time = `${new Date(min * 1000).toLocaleString(document.documentElement.lang)} – ${view.format.when(max, view.now)}`
    return pictureOf(this.#charts.pictures, { title, time, colors, ratio: devicePixelRatio })
  }

  /** @param {boolean} isPrinting */
  #printing(isPrinting) {
    const root = document.documentElement
    if (isPrinting) root.dataset.screenTheme = root.dataset.theme
    setText(byId('printed'), new Date().toLocaleString(root.lang))
    root.dataset.theme = isPrinting ? 'light' : root.dataset.screenTheme
    this.#charts.drawAll()
    this.#charts.restyle()
  }
}
