// @ts-check
/**
 * A sliding line chart. The only file that names uPlot; of time it knows a window, of values an axis, of words nothing.
 * Colours are read from the legend's own elements, so that line and legend cannot disagree.
 *
 * uPlot is a global, from static/vendor/uPlot.iife.min.js: as a module it is only shipped unminified, twice the size.
 */

import { drawNames, hatchPattern } from './marks.js'
import { unknownSpans, valueAt } from './series.js'

/** @import { Columns } from './series.js' */
/**
 * @typedef {object} Line
 * @property {Element} legend its CSS colour is the line's
 * @property {() => string} short the word written at the line's end
 * @property {number} width CSS pixels
 * @property {number[]} [dash]
 * @property {number} [fill] opacity of the area below
 * @property {boolean} [isStepped] the value holds for the whole stretch since the sample before
 * @property {number} [band] opacity of the area down to the next line
 *
 * @typedef {object} Spec
 * @property {HTMLElement} target takes its colours and its width from CSS
 * @property {Line[]} lines
 * @property {() => {limit: number, ticks: number[]}} axis
 * @property {(value: number) => string} valueText
 * @property {(at: number) => string} timeText
 * @property {() => void} cursorMoved
 * @property {number} interval_s
 */

const SYNC_KEY = 'monitor'
const FONT = '11px system-ui, sans-serif'
const PADDING = /** @type {[number, number, number, number]} */ ([10, 72, 0, 0])
const VALUE_AXIS_PX = 46
const TIME_AXIS_PX = 28

export class Chart {
  #spec
  /** @type {uPlot} */ #plot
  /** @type {{min: number, max: number}} */ #window = { min: 0, max: 1 }
  /** @type {Columns | null} */ #columns = null
  #colors = { text: '', grid: '', hatch: '', lines: /** @type {string[]} */ ([]) }
  /** @type {CanvasPattern | string | null} */ #hatch = null

  /** @param {Spec} spec */
  constructor(spec) {
    this.#spec = spec
    this.#readColors()
    this.#plot = new uPlot(this.#options(), [[], ...spec.lines.map(() => [])], spec.target)
    new ResizeObserver(() => requestAnimationFrame(() => this.#fit())).observe(spec.target)
  }

  /** Width of the plotting area in CSS pixels. */
  get plotWidth() {
    return this.#plot.bbox.width / uPlot.pxRatio
  }

  /** Index of the sample under the crosshair; null when there is no crosshair. @returns {number | null} */
  get cursorIndex() {
    const { left, idx } = this.#plot.cursor
    return left === undefined || left < 0 ? null : idx ?? null
  }

  /**
   * Paints `columns` between the instants of `window`.
   *
   * @param {Columns} columns
   * @param {{min: number, max: number}} window
   * @param {boolean} isChanged whether the columns hold something new
   */
  draw(columns, window, isChanged) {
    this.#window = window
    this.#columns = columns
    this.#plot.batch(() => {
      if (isChanged) this.#plot.setData(columns, false)
      this.#plot.setScale('x', window)
    })
  }

  /** @param {number} index of a line @param {boolean} isShown */
  show(index, isShown) {
    if (this.#plot.series[index + 1].show !== isShown) this.#plot.setSeries(index + 1, { show: isShown })
  }

  /** Takes up the colours of a new theme. */
  restyle() {
    this.#readColors()
    this.#hatch = null
    this.#plot.redraw(false, true)
  }

  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#spec.target
    if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height)) this.#plot.setSize({ width, height })
  }

  #readColors() {
    const style = getComputedStyle(this.#spec.target)
    const lines = this.#spec.lines.map(({ legend }) => getComputedStyle(legend).color)
    this.#colors = { text: style.color, grid: style.borderTopColor, hatch: style.outlineColor, lines }
  }

  /** @returns {uPlot.Options} */
  #options() {
    const { target, lines } = this.#spec
    return {
      width: Math.max(1, target.clientWidth),
      height: Math.max(1, target.clientHeight),
      pxAlign: 0, // Rounded to whole pixels, a sliding line crawls like a caterpillar.
      padding: PADDING,
      legend: { show: false },
      // The crosshair is drawn on the sample it speaks of, not where the pointer happens to be.
      cursor: { x: false, y: false, drag: { x: false, y: false }, sync: { key: SYNC_KEY }, points: { size: 7 } },
      scales: {
        x: { range: () => [this.#window.min, this.#window.max] },
        y: { range: () => [0, this.#spec.axis().limit] },
      },
      axes: [this.#timeAxis(), this.#valueAxis()],
      bands: lines.flatMap(({ band }, index) => (band === undefined ? [] : [this.#band(index, band)])),
      series: [{}, ...lines.map((line, index) => this.#series(line, index))],
      hooks: {
        drawClear: [() => this.#drawUnknown()],
        draw: [() => this.#drawCrosshair(), () => this.#drawNames()],
        setCursor: [() => this.#spec.cursorMoved()],
      },
    }
  }

  /** @returns {uPlot.Axis} */
  #timeAxis() {
    return {
      ...this.#axisStyle(),
      size: TIME_AXIS_PX,
      space: 84,
      incrs: [5, 10, 15, 30, 60],
      values: (_, splits) => splits.map((at) => this.#spec.timeText(at)),
    }
  }

  /** @returns {uPlot.Axis} */
  #valueAxis() {
    return {
      ...this.#axisStyle(),
      size: VALUE_AXIS_PX,
      splits: () => this.#spec.axis().ticks,
      values: (_, splits) => splits.map((value) => this.#spec.valueText(value)),
    }
  }

  /** @returns {uPlot.Axis} */
  #axisStyle() {
    return {
      font: FONT,
      gap: 8,
      stroke: () => this.#colors.text,
      grid: { stroke: () => this.#colors.grid, width: 1 },
      ticks: { show: false },
    }
  }

  /** @param {Line} line @param {number} index @returns {uPlot.Series} */
  #series({ width, dash, fill, isStepped }, index) {
    const color = () => this.#colors.lines[index]
    return {
      width,
      dash,
      stroke: color,
      fill: fill === undefined ? undefined : () => translucent(color(), fill),
      paths: isStepped ? uPlot.paths.stepped?.({ align: -1 }) : undefined,
      points: { show: false, size: 4, width: 0, fill: color, filter: loneSamples },
    }
  }

  /** @param {number} index @param {number} opacity @returns {uPlot.Band} */
  #band(index, opacity) {
    return { series: [index + 1, index + 2], fill: () => translucent(this.#colors.lines[index], opacity) }
  }

  /** What was not measured is hatched: between samples, and from the last one on when none follows. */
  #drawUnknown() {
    if (!this.#columns) return
    const { ctx, bbox } = this.#plot
    const { min, max } = this.#window
    const [instants, ...values] = this.#columns
    const isKnown = (/** @type {number} */ index) => values.some((column) => column[index] !== null)
    const spans = unknownSpans(instants, { from: min, to: max, interval_s: this.#spec.interval_s, isKnown })
    ctx.save()
    ctx.fillStyle = this.#hatch ??= hatchPattern(ctx, this.#colors.hatch, uPlot.pxRatio)
    for (const [start, end] of spans) {
      const left = this.#pixel(Math.max(start, min))
      ctx.fillRect(left, bbox.top, this.#pixel(Math.min(end, max)) - left, bbox.height)
    }
    ctx.restore()
  }

  #drawCrosshair() {
    const index = this.cursorIndex
    if (index === null || !this.#columns) return
    const { ctx, bbox } = this.#plot
    const x = this.#pixel(this.#columns[0][index])
    if (x < bbox.left || x > bbox.left + bbox.width) return
    ctx.save()
    ctx.fillStyle = this.#colors.text
    ctx.fillRect(x - uPlot.pxRatio / 2, bbox.top, uPlot.pxRatio, bbox.height)
    ctx.restore()
  }

  /** Each line's name where it ends, at the right edge. */
  #drawNames() {
    if (!this.#columns) return
    const { ctx, bbox } = this.#plot
    const [instants, ...values] = this.#columns
    const { max } = this.#window
    const names = this.#spec.lines.flatMap(({ short, isStepped = false }, index) => {
      if (!this.#plot.series[index + 1].show) return []
      const value = valueAt(instants, values[index], { at: max, isStepped, late_s: this.#spec.interval_s / 2 })
      const color = this.#colors.lines[index]
      return value === null ? [] : [{ text: short(), color, y: this.#plot.valToPos(value, 'y', true) }]
    })
    const [right, top, bottom] = [bbox.left + bbox.width, bbox.top, bbox.top + bbox.height]
    const end = this.#pixel(Math.min(max, instants.at(-1) ?? max))
    drawNames(ctx, names, { end, right, top, bottom, ratio: uPlot.pxRatio })
  }

  /** @param {number} at @returns {number} canvas pixels */
  #pixel(at) {
    return this.#plot.valToPos(at, 'x', true)
  }
}

/**
 * A sample with nothing known on either side has no line to be part of: it is drawn as a point.
 *
 * @type {uPlot.Series.Points.Filter}
 */
const loneSamples = (plot, index) => {
  const values = plot.data[index]
  const isLone = (/** @type {number} */ at) =>
    values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null
  return Array.from(values.keys()).filter(isLone)
}

/** @param {string} color `rgb(r, g, b)` as computed styles give it @param {number} opacity */
function translucent(color, opacity) {
  return color.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`)
}
