// @ts-check
/**
 * A line chart of a window of time. Only this file names uPlot; it knows no words.
 *
 * uPlot is a global, from static/vendor/uPlot.iife.min.js: bundled from its module it would be 1.5 kB larger.
 */

import { TEXT_PX, hatchPattern, translucent } from './canvas.js'
import { drawOver, drawUnder } from './overlay.js'
import { paletteOf } from './palette.js'
import { TIME_TICKS_S, timeSpace, timeTexts } from './scale.js'

/** @import { Palette } from './palette.js' */
/** @import { Pen, Scene } from './overlay.js' */
/**
 * @typedef {object} Line
 * @property {Element} legend its CSS colour is the line's
 * @property {() => string} short the word written at the line's end
 * @property {number} width CSS pixels
 * @property {number[]} [dash]
 * @property {number} [fill] opacity of the area below
 * @property {boolean} [isStepped] the value holds since the previous sample
 * @property {number} [band] opacity of the area down to the next line
 * @property {boolean} [isPeakTold] whether its highest value is written on the chart
 * @property {boolean} [isEndQuiet] whether nothing is written at the line's end
 *
 * @typedef {object} Spec
 * @property {HTMLElement} target takes its colours and its size from CSS
 * @property {Line[]} lines
 * @property {() => {limit: number, ticks: number[]}} axis
 * @property {number} [threshold] the value from which on it is too high
 * @property {(value: number) => string} axisText
 * @property {(value: number) => string} valueText
 * @property {(value: number) => string} endText a value between two samples, as exact as that is
 * @property {(at: number, step_s: number) => string} timeText
 */

const FONT = 'system-ui, sans-serif'
/** Space around the plot, in multiples of its text size: marks above, the lines' last dots at the right, the axes. */
const TOP = 1.6
const RIGHT = 0.8
const VALUE_AXIS = 4.8
const TIME_AXIS = 2.4
/** With many points a thick line becomes a blot. */
const STEPS_WIDTH_PX = 1.25

export class Chart {
  #spec
  /** @type {uPlot} */ #plot
  /** @type {Scene | null} */ #scene = null
  /** @type {Palette} */ #colors = { text: '', grid: '', hatch: '', ground: '', tones: {}, lines: [] }
  /** @type {CanvasPattern | string | null} */ #hatch = null
  #text_px = 0

  /** @param {Spec} spec */
  constructor(spec) {
    this.#spec = spec
    this.#text_px = this.#textPx()
    this.#readColors()
    this.#plot = new uPlot(this.#options(), [[], ...spec.lines.map(() => [])], spec.target)
    new ResizeObserver(() => requestAnimationFrame(() => this.#fit())).observe(spec.target)
  }

  /** Width of the plotting area in CSS pixels. */
  get plotWidth() {
    return this.#plot.bbox.width / uPlot.pxRatio
  }

  /** The plotting area. */
  get area() {
    return this.#plot.over
  }

  get canvas() {
    return this.#plot.ctx.canvas
  }

  /** @param {number} client_x of a pointer @returns {number} epoch s */
  instantAt(client_x) {
    const { left, width } = this.area.getBoundingClientRect()
    const { min, max } = this.#window
    return min + ((max - min) * Math.min(width, Math.max(0, client_x - left))) / width
  }

  /** @param {number} at epoch s @returns {number} where it is, in the pixels of pointers */
  clientX(at) {
    const { left, width } = this.area.getBoundingClientRect()
    const { min, max } = this.#window
    return left + ((at - min) / (max - min)) * width
  }

  /** @param {Scene} scene @param {boolean} isChanged whether its columns hold something new */
  draw(scene, isChanged) {
    this.#scene = scene
    this.#spec.lines.forEach(({ width }, index) => {
      this.#plot.series[index + 1].width = ((scene.low ? Math.min(width, STEPS_WIDTH_PX) : width) * this.#text_px) / TEXT_PX
    })
    this.#plot.batch(() => {
      if (isChanged) this.#plot.setData(scene.columns, false)
      this.#plot.setScale('x', scene.window)
    })
  }

  /** @param {number} index of a line @param {boolean} isShown */
  show(index, isShown) {
    if (this.#plot.series[index + 1].show !== isShown) this.#plot.setSeries(index + 1, { show: isShown })
  }

  /** Takes over the colours of a new theme. */
  restyle() {
    this.#readColors()
    this.#hatch = null
    this.#plot.redraw(false, true)
  }

  get #window() {
    return this.#scene?.window ?? { min: 0, max: 1 }
  }

  /** Takes over the size of the place and of its text: TV mode changes both. */
  #fit() {
    const { clientWidth: width, clientHeight: height } = this.#spec.target
    if (this.#textPx() !== this.#text_px) this.#resizeText()
    if (width > 0 && (width !== this.#plot.width || height !== this.#plot.height)) this.#plot.setSize({ width, height })
  }

  #textPx() {
    return parseFloat(getComputedStyle(this.#spec.target).fontSize)
  }

  #resizeText() {
    this.#text_px = this.#textPx()
    this.#hatch = null
    const size = this.#text_px * uPlot.pxRatio
    // uPlot's own form of a font: CSS, the size in canvas pixels, the size in CSS pixels.
    for (const axis of this.#plot.axes) axis.font = /** @type {any} */ ([`${size}px ${FONT}`, size, this.#text_px])
    this.#plot.redraw(false, true)
  }

  #readColors() {
    this.#colors = paletteOf(this.#spec.target, this.#spec.lines.map(({ legend }) => legend))
  }

  /** @returns {uPlot.Options} */
  #options() {
    const { target, lines } = this.#spec
    const sized = (/** @type {number} */ sizes) => () => Math.round(sizes * this.#text_px)
    return {
      width: Math.max(1, target.clientWidth),
      height: Math.max(1, target.clientHeight),
      pxAlign: 0, // Rounded to whole pixels, a sliding line crawls like a caterpillar.
      padding: [sized(TOP), sized(RIGHT), () => 0, () => 0],
      legend: { show: false },
      cursor: { show: false }, // All charts share one cursor, which stands on a sample: crosshair.js.
      scales: {
        x: { range: () => [this.#window.min, this.#window.max] },
        y: { range: () => [0, this.#spec.axis().limit] },
      },
      axes: [this.#timeAxis(), this.#valueAxis()],
      bands: lines.flatMap(({ band }, index) => (band === undefined ? [] : [this.#band(index, band)])),
      series: [{}, ...lines.map((line, index) => this.#series(line, index))],
      hooks: { drawAxes: [() => this.#drawBelow()], draw: [() => this.#scene && drawOver(this.#pen, this.#scene)] },
    }
  }

  /** @returns {uPlot.Axis} */
  #timeAxis() {
    return {
      ...this.#axisStyle(),
      size: () => Math.round(TIME_AXIS * this.#text_px),
      space: (_, _axis, min, max, width) => timeSpace({ min, max }, width, this.#text_px),
      incrs: TIME_TICKS_S,
      values: ({ bbox }, splits, _axis, _space, step_s) => timeTexts(splits, (at) => this.#spec.timeText(at, step_s), this.#window, bbox.width / uPlot.pxRatio, this.#text_px),
    }
  }

  /** @returns {uPlot.Axis} */
  #valueAxis() {
    return {
      ...this.#axisStyle(),
      size: () => Math.round(VALUE_AXIS * this.#text_px),
      splits: () => this.#spec.axis().ticks,
      filter: (plot, splits) => (plot.height < 150 ? splits.map((value, index) => (index % 2 ? null : value)) : splits),
      values: (_, splits) => splits.map((value) => (value === null ? '' : this.#spec.axisText(value))),
    }
  }

  /** @returns {uPlot.Axis} */
  #axisStyle() {
    return {
      font: `${this.#text_px}px ${FONT}`,
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
      fill: fill === undefined ? undefined : () => (this.#scene?.low ? '' : translucent(color(), fill)),
      paths: isStepped ? uPlot.paths.stepped?.({ align: -1 }) : undefined,
      points: { show: false, size: 4, width: 0, fill: color, filter: loneSamples },
    }
  }

  /** @param {number} index @param {number} opacity @returns {uPlot.Band} */
  #band(index, opacity) {
    return { series: [index + 1, index + 2], fill: () => (this.#scene?.low ? '' : translucent(this.#colors.lines[index], opacity)) }
  }

  #drawBelow() {
    if (!this.#scene) return
    const pen = this.#pen
    this.#hatch ??= hatchPattern(pen.context, this.#colors.hatch, pen.place.ratio)
    drawUnder(pen, this.#scene, this.#hatch)
  }

  /** @returns {Pen} */
  get #pen() {
    const { ctx: context, bbox, series } = this.#plot
    const { min, max } = this.#window
    return {
      context,
      spec: this.#spec,
      colors: this.#colors,
      place: { left: bbox.left, top: bbox.top, right: bbox.left + bbox.width, bottom: bbox.top + bbox.height, ratio: (uPlot.pxRatio * this.#text_px) / TEXT_PX, text_px: TEXT_PX },
      x: (at) => bbox.left + ((at - min) / (max - min)) * bbox.width,
      y: (value) => this.#plot.valToPos(value, 'y', true),
      isShown: (index) => series[index + 1].show === true,
    }
  }
}

/**
 * A sample without neighbours is part of no line: it is drawn as a point.
 *
 * @type {uPlot.Series.Points.Filter}
 */
const loneSamples = (plot, index) => {
  const values = plot.data[index]
  const isLone = (/** @type {number} */ at) =>
    values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null
  return Array.from(values.keys()).filter(isLone)
}
