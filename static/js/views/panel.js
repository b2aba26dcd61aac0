// @ts-check
/** A chart and what belongs to it: the legend that reads out values, table and sentence for who sees no plot. */

import { Chart } from '../chart.js'
import { el, fitChildren, setAttribute, setText } from '../dom.js'
import { COLUMNS } from '../series.js'

/** @import { Columns } from '../series.js' */
/** @import { Line, Spec } from '../chart.js' */
/** @import { View } from '../main.js' */
/** @typedef {typeof COLUMNS[number]} Series */
/** @typedef {{name: Series, item: HTMLElement, name_cell: Element, value_cell: Element}} Entry */
/**
 * @typedef {object} PanelSpec
 * @property {Partial<Record<Series, Omit<Line, 'legend'>>>} lines drawn in this order, the last on top
 * @property {Spec['axis']} axis
 * @property {Spec['valueText']} axisText
 * @property {(view: View, value: number | null) => string} text
 * @property {() => void} cursorMoved
 */

const TABLE_ROWS = 20

export class Panel {
  #root
  #spec
  #chart
  #entries
  #names
  #view
  /** @type {Columns} */ #columns

  /** @param {HTMLElement} root @param {View} view @param {Columns} columns @param {PanelSpec} spec */
  constructor(root, view, columns, spec) {
    this.#root = root
    this.#spec = spec
    this.#view = view
    this.#columns = columns
    this.#entries = [...root.querySelectorAll('[data-series]')].map(entryOf)
    this.#names = /** @type {Series[]} */ (Object.keys(spec.lines))
    this.#chart = new Chart({
      target: this.#part('.plot'),
      lines: this.#names.map((name) => ({ .../** @type {Line} */ (spec.lines[name]), legend: this.#entry(name).item })),
      axis: spec.axis,
      valueText: spec.axisText,
      timeText: (at) => this.#view.format.clock(at),
      cursorMoved: () => {
        this.#renderLegend()
        spec.cursorMoved()
      },
      interval_s: view.state.interval_s,
    })
    root.querySelector('details')?.addEventListener('toggle', () => this.#renderTable())
  }

  get plotWidth() {
    return this.#chart.plotWidth
  }

  /** Takes what is new: words, samples. @param {View} view @param {Columns} columns */
  update(view, columns) {
    this.#view = view
    this.#columns = columns
    this.#root.classList.toggle('is-empty', columns[0].length === 0)
    this.#renderLegend()
    this.#renderTable()
    this.#renderSummary()
  }

  /** @param {{min: number, max: number}} window @param {boolean} isChanged whether the columns hold something new */
  draw(window, isChanged) {
    const values = this.#names.map((name) => this.#column(name))
    this.#chart.draw([this.#columns[0], ...values], window, isChanged)
  }

  /** @param {Series} name @param {boolean} isShown */
  show(name, isShown) {
    this.#chart.show(this.#names.indexOf(name), isShown)
    this.#entry(name).item.hidden = !isShown
  }

  restyle() {
    this.#chart.restyle()
  }

  /** Values under the crosshair, else the newest ones. */
  #renderLegend() {
    const pointed = this.#chart?.cursorIndex ?? null // uPlot moves its cursor once while it is being made.
    const index = pointed ?? this.#columns[0].length - 1
    const time = this.#part('.chart-time')
    setText(time, pointed === null ? this.#view.t('chart.span') : this.#view.format.clock(this.#columns[0][index]))
    time.classList.toggle('is-pointed', pointed !== null)
    for (const { name, value_cell } of this.#entries) setText(value_cell, this.#text(name, index))
  }

  /** The table is for who opens it; a closed one is not kept up. */
  #renderTable() {
    if (!this.#root.querySelector('details')?.open) return
    const body = this.#part('tbody')
    const newest = this.#columns[0].length - 1
    const count = Math.min(TABLE_ROWS, newest + 1)
    fitChildren(body, count, () => tableRow(this.#entries.length))
    for (let row = 0; row < count; row++) {
      const [time, ...cells] = body.children[row].children
      setText(time, this.#view.format.clock(this.#columns[0][newest - row]))
      this.#entries.forEach(({ name }, position) => setText(cells[position], this.#text(name, newest - row)))
    }
  }

  #renderSummary() {
    const newest = this.#columns[0].length - 1
    const shown = this.#entries.filter(({ item }) => !item.hidden)
    const values = shown.map(({ name, name_cell }) => `${name_cell.textContent} ${this.#text(name, newest)}`).join(', ')
    const title = this.#part('h2').textContent ?? ''
    setAttribute(this.#part('.plot'), 'aria-label', this.#view.t('chart.summary', { title, values }))
  }

  /** @param {Series} name @param {number} index */
  #text(name, index) {
    return this.#spec.text(this.#view, this.#column(name)[index] ?? null)
  }

  /** @param {Series} name @returns {(number | null)[]} */
  #column(name) {
    return this.#columns[COLUMNS.indexOf(name)]
  }

  /** @param {Series} name @returns {Entry} */
  #entry(name) {
    return /** @type {Entry} */ (this.#entries.find((entry) => entry.name === name))
  }

  /** @param {string} selector @returns {HTMLElement} */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector))
  }
}

/** @param {Element} item of the legend @returns {Entry} */
function entryOf(item) {
  const [name_cell, value_cell] = [...item.querySelectorAll('.legend-name, .legend-value')]
  const name = /** @type {Series} */ (item.getAttribute('data-series'))
  return { name, item: /** @type {HTMLElement} */ (item), name_cell, value_cell }
}

/** @param {number} values */
function tableRow(values) {
  const row = el('tr')
  const time = el('th')
  time.setAttribute('scope', 'row')
  row.append(time, ...Array.from({ length: values }, () => el('td')))
  return row
}
