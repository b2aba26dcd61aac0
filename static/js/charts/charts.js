// @ts-check
/** The charts, drawn together: one window, one cursor, one frame. */

import { byId, setAttribute } from '../ui/dom.js'
import { clustersOf } from '../time/marks.js'
import { rangeOf } from '../time/ranges.js'
import { nearestIndex } from '../time/series.js'
import { nearFocus, SHORTEST_S } from '../time/timeframe.js'
import { framePeriod, slidingWindow, steppedWindow } from '../time/sliding_window.js'
import { Crosshair } from './crosshair.js'
import { watchGestures } from './gestures.js'
import { Pace } from './frame_loop.js'
import { Panel } from './panel.js'
import { plotSpecs } from './plots.js'

/** @import { View } from '../main.js' */
/** @import { Cluster, Mark } from '../time/marks.js' */
/** @import { Dataset } from '../time/dataset.js' */
/** @import { Timeframe, Window } from '../time/timeframe.js' */
/**
 * @typedef {object} Shown
 * @property {Timeframe} timeframe
 * @property {Dataset} dataset
 * @property {Mark[]} marks
 * @property {number | null} lead of the plot's clock, see timeline.js
 * @property {string} span the window in words
 *
 * @typedef {object} Delegate
 * @property {(window: Window) => void} zoomed
 * @property {() => void} reset
 */

/** Marks nearer to each other than this are drawn as one. */
const MARK_PX = 12
/** Between two frames of an axis on its way. */
const EASE_FRAME_MS = 48
/** A step of the history is written this long after its end at the latest, in steps. */
const LATE_STEPS = 3

export class Charts {
  #delegate
  #panels
  /** @type {View} */ #view
  /** @type {Shown} */ #shown
  /** @type {Window | null} */ #selection = null
  #crosshair = new Crosshair(() => this.#crosshairMoved())
  #stepping = matchMedia('(prefers-reduced-motion: reduce)')
  /** Whether there was something to see in the last frame. */
  #isDrawn = false
  #pace = new Pace((now_ms, elapsed_ms) => this.#frame(now_ms, elapsed_ms))
  #clustered = { marks: /** @type {Mark[]} */ ([]), distance_s: 0, clusters: /** @type {Cluster[]} */ ([]) }

  /** @param {View} view @param {Shown} shown @param {Delegate} delegate */
  constructor(view, shown, delegate) {
    this.#view = view
    this.#shown = shown
    this.#delegate = delegate
    this.#panels = plotSpecs().map((spec) => this.#panel(byId(spec.id), spec))
    this.#lockFocus()
    document.addEventListener('keydown', this.#escaped)
  }

  /** Begins to slide. */
  start() {
    this.#pace.start()
  }

  /** The window shown at present. */
  get window() {
    return this.#windowAt(performance.now())
  }

  get pictures() {
    return this.#present.map(({ picture }) => picture)
  }

  /** Takes what is new: words, samples, another window. @param {View} view @param {Shown} shown */
  update(view, shown) {
    // While the charts slide, what has come in shows with the next step: it lies beyond the right edge as yet.
    const isTurned = shown.timeframe !== this.#shown.timeframe
    const isOther = isTurned || shown.dataset.columns !== this.#shown.dataset.columns
    this.#view = view
    this.#shown = shown
    if (isTurned) this.#lockFocus()
    const { window } = this
    const reach = shown.timeframe.window ? window : { ...window, max: Infinity }
    const isContainer = view.sample?.detail.cpu.scope === 'container'
    // Outside of a container the machine's numbers are the numbers: one line says it.
    const hidden = isContainer ? [] : /** @type {const} */ (['host_cpu', 'host_ram_percent'])
    for (const panel of this.#panels) panel.update(view, shown.dataset, { window, reach, hidden: [...hidden], span: shown.span })
    this.#renderLegends()
    if (isOther || !this.#isSliding || !this.#isDrawn) this.#pace.ask()
  }

  /** Points at the instant that the window is about. */
  #lockFocus() {
    const { focus } = this.#shown.timeframe
    if (focus !== null) this.#crosshair.lockAt(this.#panels[0], focus)
  }

  /** What follows the clock alone. */
  tick() {
    if (this.#stepping.matches) this.#pace.ask()
  }

  /** Takes up the colours of a new theme. */
  restyle() {
    for (const panel of this.#panels) panel.restyle()
  }

  /** All of them, whether in view or not. Done when the microtask after it runs. */
  drawAll() {
    this.#draw(performance.now(), true)
  }

  /** @param {HTMLElement} root @param {import('./plots.js').PlotSpec} spec */
  #panel(root, spec) {
    const panel = new Panel(root, spec, this.#view, this.#shown.dataset)
    new IntersectionObserver(([{ isIntersecting }]) => {
      panel.isVisible = isIntersecting
      this.#pace.ask()
    }).observe(panel.plot)
    watchGestures(panel.chart.area, panel.plot, {
      pointed: (x, y) => this.#crosshair.point(panel, this.#instants, panel.chart.instantAt(x), y),
      left: () => this.#crosshair.leave(),
      locked: () => this.#crosshair.toggleLock(),
      selecting: (from, to) => this.#select(panel, from, to),
      selected: (from, to) => this.#zoom(panel, from, to),
      reset: () => this.#delegate.reset(),
      walked: (step) => this.#walk(panel, step),
    })
    panel.plot.addEventListener('blur', () => this.#crosshair.blur())
    return panel
  }

  /** @param {Panel} panel @param {number} step */
  #walk(panel, step) {
    const instants = this.#instants
    const { min, max } = this.window
    const [first, last] = [nearestIndex(instants, min), nearestIndex(instants, max)]
    const present = this.#crosshair.isThere ? this.#crosshair.indexIn(instants) : last - Math.sign(step)
    const index = Math.max(first, Math.min(last, present + step))
    this.#crosshair.point(panel, instants, instants[index], null)
    const values = panel.readings(index).map(({ name, value }) => `${name} ${value}`).join(', ')
    setAttribute(panel.plot, 'aria-valuenow', String(index))
    setAttribute(panel.plot, 'aria-valuetext', `${this.#view.format.when(instants[index], this.#view.now)}: ${values}`)
  }

  /** @param {Panel} panel @param {number} from_x @param {number} to_x */
  #select({ chart }, from_x, to_x) {
    const [min, max] = [from_x, to_x].map((x) => chart.instantAt(x)).sort((a, b) => a - b)
    this.#selection = { min, max }
    this.#pace.ask()
  }

  /** @param {Panel} panel @param {number} from_x @param {number} to_x */
  #zoom(panel, from_x, to_x) {
    this.#select(panel, from_x, to_x)
    const window = /** @type {Window} */ (this.#selection)
    this.#selection = null
    this.#crosshair.clear()
    const shortest_s = Math.max(SHORTEST_S, 2 * this.#shown.dataset.step_s)
    const middle = (window.min + window.max) / 2
    const isLong = window.max - window.min >= shortest_s
    this.#delegate.zoomed(isLong ? window : { min: middle - shortest_s / 2, max: middle + shortest_s / 2 })
  }

  #escaped = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return
    if (this.#crosshair.isThere) this.#crosshair.clear()
    else this.#delegate.reset()
  }

  #crosshairMoved() {
    this.#renderLegends()
    this.#pace.ask()
  }

  #renderLegends() {
    const index = this.#crosshair.indexIn(this.#instants)
    for (const panel of this.#panels) panel.renderLegend(index === -1 ? null : index)
    this.#crosshair.tell(this.#view, this.#shown.dataset.columns, this.#present, this.#clusters(), this.#markDistance())
  }

  /** Those that have something to show. */
  get #present() {
    return this.#panels.filter(({ isHidden }) => !isHidden)
  }

  get #instants() {
    return this.#shown.dataset.columns[0]
  }

  /** One frame for all charts. @type {import('./frame_loop.js').Draw} */
  #frame = (now_ms, elapsed_ms) => {
    const easing_ms = this.#stepping.matches ? Infinity : elapsed_ms
    const isMoving = this.#panels.map((panel) => panel.moveAxis(easing_ms)).includes(true)
    this.#draw(now_ms)
    if (isMoving) return EASE_FRAME_MS
    const period_ms = framePeriod(this.#span_s, Math.min(...this.#plotWidths))
    return this.#isSliding ? Math.min(period_ms, this.#view.state.interval_s * 1000) : null
  }

  get #isSliding() {
    return this.#shown.timeframe.mode === 'live' && !this.#stepping.matches
  }

  /** @param {number} now_ms @param {boolean} [isForced] */
  #draw(now_ms, isForced = false) {
    this.#isDrawn = this.#shown.lead !== null && this.#instants.length > 0
    const window = this.#windowAt(now_ms)
    const { step_s, low, until } = this.#shown.dataset
    const isRaw = low === null
    const cursor = this.#crosshair.drawnIn(this.#instants)
    const late_s = isRaw ? step_s / 2 : LATE_STEPS * step_s
    const now = this.#shown.timeframe.window ? Math.min(this.#view.now, until ?? Infinity) : window.max // Live, the window follows the present.
    const selection = this.#selection ?? nearFocus(this.#shown.timeframe)
    const moment = { window, now, late_s, clusters: this.#clusters(), cursor, selection }
    for (const panel of this.#panels) panel.draw(moment, isForced)
    this.#crosshair.placeWords()
  }

  /** Grouped anew only when there are other marks, or another scale. */
  #clusters() {
    const { marks } = this.#shown
    const distance_s = this.#markDistance()
    const isKnown = this.#clustered.marks === marks && this.#clustered.distance_s === distance_s
    if (!isKnown) this.#clustered = { marks, distance_s, clusters: clustersOf(marks, distance_s) }
    return this.#clustered.clusters
  }

  #markDistance() {
    return (this.#span_s * MARK_PX) / Math.max(1, ...this.#plotWidths)
  }

  /** Of the charts in view, in CSS pixels. */
  get #plotWidths() {
    const inView = this.#present.filter(({ isVisible }) => isVisible)
    return inView.length > 0 ? inView.map(({ chart }) => chart.plotWidth) : [1]
  }

  get #span_s() {
    const { window, range } = this.#shown.timeframe
    return window ? window.max - window.min : rangeOf(range).span_s
  }

  /** @param {number} mono_ms @returns {Window} */
  #windowAt(mono_ms) {
    const { timeframe, lead, dataset } = this.#shown
    if (timeframe.window) return timeframe.window
    const { interval_s, lead_s } = this.#view.state
    const isRaw = dataset.low === null
    // Nothing known yet: any present will do, there is nothing to place in it.
    const options = {
      lead: lead ?? lead_s ?? performance.timeOrigin / 1000, mono_ms, interval_s, span_s: this.#span_s,
      newest: isRaw ? dataset.columns[0].at(-1) ?? null : null,
    }
    return this.#stepping.matches ? steppedWindow(options) : slidingWindow(options)
  }
}
