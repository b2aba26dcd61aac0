// @ts-check
/** The charts, drawn together: one window, one cursor, one frame. */

import { byId, setAttribute } from '../ui/dom.js'
import { rangeOf } from '../time/ranges.js'
import { nearestIndex } from '../time/series.js'
import { SHORTEST_S, nearFocus, widened } from '../time/timeframe.js'
import { framePeriod, slidingWindow, steppedWindow } from '../time/sliding_window.js'
import { Crosshair } from './crosshair.js'
import { watchGestures } from './gestures.js'
import { FrameLoop } from './frame_loop.js'
import { Events, markDistance } from './events.js'
import { renderMarkLegend } from './mark_legend.js'
import { Panel } from './panel.js'
import { plotSpecs, repeatedSeries } from './plots.js'

/** @import { View } from './view.js' */
/** @import { Mark } from '../time/marks.js' */
/** @import { Slice } from '../time/dataset.js' */
/** @import { Timeframe, Window } from '../time/timeframe.js' */
/**
 * @typedef {object} Shown
 * @property {Timeframe} timeframe
 * @property {Slice} slice
 * @property {number} finest_s between two rows that are known; those of the slice may be further apart
 * @property {Mark[]} marks
 * @property {number | null} offset_s of the plot's clock, see sliding_window.js
 * @property {string} span the window in words
 *
 * @typedef {object} Delegate
 * @property {(window: Window) => void} zoomed
 * @property {() => void} reset
 */

/** Between two frames while an axis moves. */
const EASE_FRAME_MS = 48
/** The history gets a step at most this long after the step's end, in steps. */
const LATE_STEPS = 3

export class Charts {
  #delegate
  #panels
  /** @type {View} */ #view
  /** @type {Shown} */ #shown
  /** @type {Window | null} */ #selection = null
  #crosshair = new Crosshair(() => this.#crosshairMoved())
  #stepping = matchMedia('(prefers-reduced-motion: reduce)')
  /** Whether the last frame had anything to show. */
  #isDrawn = false
  #frames = new FrameLoop((now_ms, elapsed_ms) => this.#frame(now_ms, elapsed_ms))
  #events = new Events()

  /** @param {View} view @param {Shown} shown @param {Delegate} delegate */
  constructor(view, shown, delegate) {
    this.#view = view
    this.#shown = shown
    this.#delegate = delegate
    this.#panels = plotSpecs().map((spec) => this.#panel(byId(spec.id), spec))
    this.#lockFocus()
    document.addEventListener('keydown', this.#escaped)
    document.addEventListener('touchstart', ({ target }) => {
      if (!(target instanceof Element && target.closest('.plot'))) this.#crosshair.leave() // A tap elsewhere.
    }, { passive: true })
  }

  /** Begins to slide. */
  start() {
    this.#frames.start()
  }

  /** The window shown at present. */
  get window() {
    return this.#windowAt(performance.now())
  }

  get pictures() {
    return this.#present.map(({ picture }) => picture)
  }

  /** Takes over new words, samples or another window. @param {View} view @param {Shown} shown */
  update(view, shown) {
    // While the charts slide, a new sample still lies beyond the right edge: the next frame will show it.
    const isTurned = shown.timeframe !== this.#shown.timeframe
    const isOther = isTurned || shown.slice.columns !== this.#shown.slice.columns
    this.#view = view
    this.#shown = shown
    if (isTurned) this.#lockFocus()
    const { window } = this
    const reach = shown.timeframe.window ? window : { ...window, max: Infinity }
    const isLive = shown.timeframe.mode === 'live'
    const hidden = repeatedSeries(view, shown.slice.columns, reach)
    for (const panel of this.#panels) panel.update(view, shown.slice, { window, reach, hidden, span: shown.span, isLive })
    this.#renderLegends()
    if (isOther || !this.#isSliding || !this.#isDrawn) this.#frames.ask()
  }

  /** Locks the cursor at the instant in focus. */
  #lockFocus() {
    const { focus } = this.#shown.timeframe
    if (focus !== null) this.#crosshair.lockAt(this.#panels[0], focus)
  }

  /** Draws what depends on the clock. */
  tick() {
    if (this.#stepping.matches) this.#frames.ask()
  }

  /** Takes over the colours of a new theme. */
  restyle() {
    for (const panel of this.#panels) panel.restyle()
  }

  /** Draws all charts, in view or not. Done when the next microtask runs. */
  drawAll() {
    this.#draw(performance.now(), true)
  }

  /** @param {HTMLElement} root @param {import('./plots.js').PlotSpec} spec */
  #panel(root, spec) {
    const panel = new Panel(root, spec, this.#view, this.#shown.slice)
    new IntersectionObserver(([{ isIntersecting }]) => {
      panel.isVisible = isIntersecting
      this.#frames.ask()
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
    this.#frames.ask()
  }

  /** @param {Panel} panel @param {number} from_x @param {number} to_x */
  #zoom(panel, from_x, to_x) {
    this.#select(panel, from_x, to_x)
    const window = /** @type {Window} */ (this.#selection)
    this.#selection = null
    this.#crosshair.clear()
    this.#delegate.zoomed(widened(window, Math.max(SHORTEST_S, 2 * this.#shown.finest_s)))
  }

  #escaped = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return
    if (this.#crosshair.isThere) this.#crosshair.clear()
    else this.#delegate.reset()
  }

  #crosshairMoved() {
    this.#renderLegends()
    this.#frames.ask()
  }

  #renderLegends() {
    const index = this.#crosshair.indexIn(this.#instants)
    for (const panel of this.#panels) panel.renderLegend(index === -1 ? null : index)
    const { clusters } = this.#happened
    this.#crosshair.tell(this.#view, this.#shown.slice.columns, this.#present, this.#events)
    renderMarkLegend(this.#view, clusters, this.window)
  }

  /** The panels that have something to show. */
  get #present() {
    return this.#panels.filter(({ isHidden }) => !isHidden)
  }

  get #instants() {
    return this.#shown.slice.columns[0]
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
    this.#isDrawn = this.#shown.offset_s !== null && this.#instants.length > 0
    const window = this.#windowAt(now_ms)
    const { step_s, isHistory, until } = this.#shown.slice
    const { clusters, outages } = this.#happened
    const cursor = this.#crosshair.drawnIn(this.#instants)
    const late_s = isHistory ? LATE_STEPS * step_s : this.#view.state.interval_s / 2
    const now = this.#shown.timeframe.window ? Math.min(this.#view.now, until ?? Infinity) : window.max // Live, the window follows the present.
    const selection = this.#selection ?? nearFocus(this.#shown.timeframe)
    const moment = { window, isLive: this.#shown.timeframe.mode === 'live', now, late_s, clusters, outages, cursor, selection }
    for (const panel of this.#panels) panel.draw(moment, isForced)
    this.#crosshair.placeWords()
  }

  get #happened() {
    this.#events.update(this.#shown.marks, markDistance(this.#span_s, Math.max(...this.#plotWidths)))
    return this.#events
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
    const { timeframe, offset_s, slice } = this.#shown
    const { interval_s, clock_offset_s } = this.#view.state
    // Without any data every clock will do: there is nothing to place.
    const offset = offset_s ?? clock_offset_s ?? performance.timeOrigin / 1000
    const newest = slice.isHistory ? null : slice.columns[0].at(-1) ?? null
    const options = { offset_s: offset, mono_ms, interval_s, span_s: this.#span_s, newest }
    return timeframe.window ?? (this.#stepping.matches ? steppedWindow : slidingWindow)(options)
  }
}
