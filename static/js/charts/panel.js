// @ts-check
/** A chart with its legend, and with a table and a sentence for those who cannot see the plot. */

import { Chart } from './chart.js'
import { el, partOf, setAttribute, setText } from '../ui/dom.js'
import { idleText } from './idle_text.js'
import { EasedAxis, FLAT_AXIS } from './scale.js'
import { column, highestIn, indexFrom } from '../time/series.js'
import { Table } from './table.js'

/** @import { Scene } from './overlay.js' */
/** @import { View } from './view.js' */
/** @import { Slice } from '../time/dataset.js' */
/** @import { Columns, Series } from '../time/series.js' */
/** @import { Window } from '../time/timeframe.js' */
/** @import { Line } from './chart.js' */
/** @import { PlotSpec } from './plots.js' */
/** @typedef {{name: Series, item: HTMLElement, name_cell: Element, value_cell: Element}} Entry */
/** @typedef {Omit<Scene, 'columns' | 'low' | 'high' | 'step_s' | 'since' | 'isFlat'>} Moment what all charts draw alike */

export class Panel {
  #root
  #spec
  #entries
  #names
  #table
  /** @type {View} */ #view
  /** @type {Slice} */ #slice
  #isChanged = true
  /** Whether all that is shown is zero: a sentence then says since when. */
  #isFlat = false
  #note = el('p', 'chart-note')
  /** Whether any of it is in view. A panel out of view is not drawn. */
  isVisible = true
  chart

  /** @param {HTMLElement} root @param {PlotSpec} spec @param {View} view @param {Slice} slice */
  constructor(root, spec, view, slice) {
    this.#root = root
    this.#spec = spec
    this.#view = view
    this.#slice = slice
    this.#entries = [...root.querySelectorAll('.legend [data-series]')].map(entryOf)
    this.#names = /** @type {Series[]} */ (Object.keys(spec.lines))
    this.#table = new Table(/** @type {HTMLDetailsElement} */ (partOf(root, 'details')))
    this.chart = new Chart({
      target: partOf(root, '.plot'),
      lines: this.#names.map((name) => {
        const line = /** @type {Line & {short: (view: View) => string}} */ (spec.lines[name])
        return { ...line, short: () => line.short(this.#view), legend: this.#entry(name).item }
      }),
      axis: () => (this.#isFlat ? FLAT_AXIS : spec.axis),
      threshold: spec.threshold,
      axisText: (value) => spec.axisText(this.#view, value),
      valueText: (value) => spec.text(this.#view, value),
      endText: (value) => (spec.endText ?? spec.text)(this.#view, value),
      timeText: (at, step_s) => this.#view.format.tick(at, step_s),
    })
    partOf(root, '.plot').after(this.#note)
  }

  /** The element that takes the keyboard. */
  get plot() {
    return partOf(this.#root, '.plot')
  }

  get title() {
    return partOf(this.#root, 'h2').textContent ?? ''
  }

  get isHidden() {
    return this.#root.hidden
  }

  /** @returns {{title: string, entries: {name: string, series: Series, color: string}[], canvas: HTMLCanvasElement}} for a picture of it */
  get picture() {
    const entries = this.#shown.map(({ name, item, name_cell }) => {
      return { series: name, name: name_cell.textContent ?? '', color: getComputedStyle(item).color }
    })
    return { title: this.title, entries, canvas: this.chart.canvas }
  }

  /** Series and their values at a row. @param {number} index @returns {{series: Series, name: string, value: string, span: string}[]} */
  readings(index) {
    return this.#shown.map(({ name, name_cell }) => {
      return { series: name, name: name_cell.textContent ?? '', value: this.#text(name, index), span: this.#spanText(name, index) }
    })
  }

  /**
   * Takes over new words and samples.
   *
   * @param {View} view
   * @param {Slice} slice
   * @param {{window: Window, reach: Window, hidden: Series[], span: string, isLive: boolean}} shown `reach` is the window
   *   with what is about to slide into it; `span` says in words which time it is
   */
  update(view, slice, { window, reach, hidden, span, isLive }) {
    this.#view = view
    this.#slice = slice
    this.#isChanged = true
    this.#nameSeries()
    this.#showKnown(reach, hidden)
    this.#root.classList.toggle('is-empty', slice.columns[0].length === 0)
    const highest = this.#highest(reach)
    if (this.#spec.axis instanceof EasedAxis) this.#spec.axis.aimAt(highest)
    this.#renderIdle(highest, isLive)
    setText(partOf(this.#root, '.chart-time'), span)
    this.#table.update(view, this.#rows(window))
    this.#renderSummary(span)
  }

  /** @param {number} elapsed_ms @returns {boolean} whether the axis is on its way */
  moveAxis(elapsed_ms) {
    const { axis } = this.#spec
    if (!(axis instanceof EasedAxis) || !axis.isMoving) return false
    axis.move(elapsed_ms)
    return true
  }

  /** @param {Moment} moment @param {boolean} [isForced] also out of view: for paper and pictures */
  draw(moment, isForced = false) {
    if (this.isHidden || !(this.isVisible || isForced)) return
    const { columns, low, high, step_s, since } = this.#slice
    const order = /** @type {const} */ (['at', ...this.#names])
    const pick = (/** @type {Columns | null} */ from) => from && /** @type {Columns} */ (order.map((name) => column(from, name)))
    const values = /** @type {Columns} */ (order.map((name) => column(name === 'queue_peak' && high ? high : columns, name)))
    this.chart.draw({ ...moment, columns: values, low: pick(low), high: pick(high), step_s, since, isFlat: this.#isFlat }, this.#isChanged)
    this.#isChanged = false
  }

  /** Values at a row, the newest by default, in the legend. @param {number | null} index */
  renderLegend(index) {
    const row = index ?? this.#slice.columns[0].length - 1
    for (const { name, value_cell } of this.#entries) setText(value_cell, this.#text(name, row))
  }

  restyle() {
    this.chart.restyle()
  }

  /** Writes the names of those series whose name can change. */
  #nameSeries() {
    this.#entries.forEach(({ name, name_cell }, position) => {
      const text = this.#spec.lines[name]?.name?.(this.#view)
      if (text === undefined) return
      setText(name_cell, text)
      setText(this.#root.querySelectorAll('thead th')[position + 1], text)
    })
  }

  /** Hides each series without data, and the chart if it has none. @param {Window} window @param {Series[]} hidden */
  #showKnown(window, hidden) {
    const { columns } = this.#slice
    this.#names.forEach((name, index) => {
      const isKnown = !hidden.includes(name) && highestIn(columns[0], column(columns, name), window) !== -1
      const isMain = this.#root.classList.contains('chart-main') && !hidden.includes(name)
      const isShown = isKnown || (isMain && !name.startsWith('host'))
      this.chart.show(index, isShown)
      this.#entry(name).item.hidden = !isShown
    })
    this.#root.hidden = this.#shown.length === 0
  }

  /** @param {Window} window @returns {number | null} null where nothing is known */
  #highest(window) {
    const { columns, high } = this.#slice
    const from = high ?? columns
    const known = this.#shown.flatMap(({ name }) => {
      const values = column(from, name)
      return values[highestIn(from[0], values, window)] ?? []
    })
    return known.length > 0 ? Math.max(0, ...known) : null
  }

  /** @param {number | null} highest @param {boolean} isLive */
  #renderIdle(highest, isLive) {
    const { idle } = this.#spec
    this.#isFlat = idle !== undefined && highest === 0
    this.#root.classList.toggle('is-flat', this.#isFlat)
    setText(this.#note, idle && this.#isFlat ? idleText(this.#view, idle, this.#slice, this.#shown.map(({ name }) => name), isLive) : '')
  }

  /** @param {Window} window @returns {import('./table.js').Rows} */
  #rows({ min, max }) {
    const [instants] = this.#slice.columns
    const from = indexFrom(instants, min)
    const { now } = this.#view
    return {
      instants: instants.slice(from, indexFrom(instants, max)),
      time: (index) => this.#view.format.when(instants[from + index], now),
      cells: this.#entries.map(({ name }) => (/** @type {number} */ index) => this.#text(name, from + index)),
    }
  }

  /** @param {string} span */
  #renderSummary(span) {
    if (this.plot.contains(document.activeElement)) return // The plot then tells the sample under the cursor.
    const newest = this.#slice.columns[0].length - 1
    const values = this.readings(newest).map(({ name, value }) => `${name} ${value}`).join(', ')
    setAttribute(this.plot, 'aria-label', this.#view.t('chart.summary', { title: this.title, span }))
    setAttribute(this.plot, 'aria-valuetext', values)
    setAttribute(this.plot, 'aria-valuemax', String(Math.max(0, newest)))
    setAttribute(this.plot, 'aria-valuenow', String(Math.max(0, newest)))
  }

  get #shown() {
    return this.#entries.filter(({ item }) => !item.hidden)
  }

  /** @param {Series} name @param {number} index */
  #text(name, index) {
    const { columns, high } = this.#slice
    const from = name === 'queue_peak' && high ? high : columns
    return this.#spec.text(this.#view, column(from, name)[index] ?? null)
  }

  /** Lowest to highest within a step of the history. @param {Series} name @param {number} index */
  #spanText(name, index) {
    const { low, high } = this.#slice
    if (!low || !high) return ''
    const [lowest, highest] = [low, high].map((columns) => column(columns, name)[index] ?? null)
    return lowest === null ? '' : `${this.#spec.text(this.#view, lowest)} – ${this.#spec.text(this.#view, highest)}`
  }

  /** @param {Series} name @returns {Entry} */
  #entry(name) {
    return /** @type {Entry} */ (this.#entries.find((entry) => entry.name === name))
  }
}

/** @param {Element} item of the legend @returns {Entry} */
function entryOf(item) {
  const [name_cell, value_cell] = [...item.querySelectorAll('.legend-name, .legend-value')]
  const name = /** @type {Series} */ (item.getAttribute('data-series'))
  return { name, item: /** @type {HTMLElement} */ (item), name_cell, value_cell }
}
