// @ts-check
/** A table of named rows. While somebody points at it or has the focus in it, its rows keep their order. */

import { byId, el, partOf, setAttribute, setText } from '../ui/dom.js'
import { UNKNOWN } from '../ui/format.js'

/** @import { View } from '../charts/view.js' */
/**
 * @template Row
 * @typedef {object} Column
 * @property {string} name as the template has it in `data-column`
 * @property {(view: View, row: Row) => string} text
 * @property {(row: Row) => boolean} [isKnown] a column that no row knows is hidden
 * @property {(row: Row) => 'bad' | 'warn' | undefined} [tone]
 * @property {(row: Row) => number | null} [share] drawn as a bar, 0 to 1
 */

/** A longer text may be cut off in its cell; its title has it whole. */
const LONG = 20

/** @template {{name: string}} Row */
export class RowTable {
  #table
  #columns
  /** @type {Map<string, HTMLElement>} */ #rows = new Map()

  /** @param {string} id of the table @param {Column<Row>[]} columns the first names the row */
  constructor(id, columns) {
    this.#table = byId(id)
    this.#columns = columns
  }

  /** @param {View} view @param {readonly Row[]} rows as they stand when nobody reads them */
  render(view, rows) {
    this.#table.hidden = rows.length === 0
    this.#fit(rows)
    for (const row of rows) this.#renderRow(view, row)
    this.#columns.forEach(({ isKnown }, index) => this.#show(index, isKnown === undefined || rows.some(isKnown)))
  }

  /** @param {readonly Row[]} rows */
  #fit(rows) {
    const body = partOf(this.#table, 'tbody')
    const names = new Set(rows.map(({ name }) => name))
    for (const [name, node] of this.#rows) {
      if (names.has(name)) continue
      node.remove()
      this.#rows.delete(name)
    }
    const isRead = this.#table.parentElement?.matches(':hover, :focus, :focus-within')
    rows.forEach(({ name }, position) => {
      const isNew = !this.#rows.has(name)
      const node = this.#rows.get(name) ?? this.#add(name)
      if (isNew) body.append(node)
      if (!isRead && body.children[position] !== node) body.insertBefore(node, body.children[position])
    })
  }

  /** @param {string} name */
  #add(name) {
    const node = el('tr')
    this.#columns.forEach((column, index) => {
      const cell = el(index === 0 ? 'th' : 'td')
      if (index === 0) cell.setAttribute('scope', 'row')
      cell.dataset.column = column.name
      const words = el('span', 'work-cell')
      words.append(el('bdi')) // A name from outside keeps to itself, whatever its letters.
      cell.append(words)
      if (column.share) {
        const meter = el('div', 'meter')
        meter.append(el('div', 'meter-fill'))
        cell.append(meter)
      }
      node.append(cell)
    })
    this.#rows.set(name, node)
    return node
  }

  /** @param {View} view @param {Row} row */
  #renderRow(view, row) {
    const node = /** @type {HTMLElement} */ (this.#rows.get(row.name))
    this.#columns.forEach(({ text, tone, share }, index) => {
      const cell = /** @type {HTMLElement} */ (node.children[index])
      const words = text(view, row)
      setText(partOf(cell, 'bdi'), words)
      cell.toggleAttribute('data-unknown', words === UNKNOWN)
      if (index === 0 || words.length > LONG) setAttribute(cell, 'title', words)
      setAttribute(cell, 'data-label', this.#heads[index].textContent ?? '')
      const found = tone?.(row)
      if (found) setAttribute(cell, 'data-tone', found)
      else cell.removeAttribute('data-tone')
      if (share) renderMeter(partOf(cell, '.meter'), share(row))
    })
  }

  /** @param {number} index @param {boolean} isShown */
  #show(index, isShown) {
    this.#heads[index].hidden = !isShown
    for (const node of this.#rows.values()) /** @type {HTMLElement} */ (node.children[index]).hidden = !isShown
  }

  get #heads() {
    return /** @type {HTMLElement[]} */ ([...this.#table.querySelectorAll('thead th')])
  }
}

/** @param {HTMLElement} meter @param {number | null} share */
function renderMeter(meter, share) {
  meter.hidden = share === null
  partOf(meter, '.meter-fill').style.transform = `scaleX(${share ?? 0})`
}
