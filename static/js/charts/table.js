// @ts-check
/** A chart's numbers as a table, for those who cannot see the plot: newest first, 25 rows a page, built when opened. */

import { el, fitChildren, partOf, setText } from '../ui/dom.js'

/** @import { View } from './view.js' */
/**
 * @typedef {object} Rows
 * @property {number[]} instants epoch s, ascending
 * @property {(index: number) => string} time
 * @property {((index: number) => string)[]} cells
 */

const PAGE_ROWS = 25

export class Table {
  #root
  #page = 0
  /** @type {Rows | null} */ #rows = null
  /** @type {View | null} */ #view = null

  /** @param {HTMLDetailsElement} root */
  constructor(root) {
    this.#root = root
    root.addEventListener('toggle', () => this.#render())
    partOf(root, '.pages').addEventListener('click', ({ target }) => {
      const step = target instanceof Element ? Number(target.closest('button')?.value ?? 0) : 0
      this.#page += step
      this.#render()
    })
  }

  /** A closed table is not updated; an open one only on its first page, where new rows come in. @param {View} view @param {Rows} rows */
  update(view, rows) {
    this.#view = view
    this.#rows = rows
    if (this.#page === 0) this.#render()
  }

  #render() {
    if (!this.#root.open || !this.#rows || !this.#view) return
    const { instants, time, cells } = this.#rows
    const pages = Math.max(1, Math.ceil(instants.length / PAGE_ROWS))
    this.#page = Math.max(0, Math.min(pages - 1, this.#page))
    const newest = instants.length - 1 - this.#page * PAGE_ROWS
    const count = Math.max(0, Math.min(PAGE_ROWS, newest + 1))
    const body = partOf(this.#root, 'tbody')
    fitChildren(body, count, () => row(cells.length))
    for (let position = 0; position < count; position++) {
      const [head, ...values] = body.children[position].children
      setText(head, time(newest - position))
      cells.forEach((cell, column) => setText(values[column], cell(newest - position)))
    }
    this.#renderPages(pages)
  }

  /** @param {number} pages */
  #renderPages(pages) {
    partOf(this.#root, '.pages').hidden = pages === 1
    setText(partOf(this.#root, '.pages-at'), this.#view?.t('table.page', { page: this.#page + 1, pages }) ?? '')
    const [newer, older] = this.#root.querySelectorAll('button')
    newer.disabled = this.#page === 0
    older.disabled = this.#page === pages - 1
  }
}

/** @param {number} values */
function row(values) {
  const node = el('tr')
  const head = el('th')
  head.setAttribute('scope', 'row')
  node.append(head, ...Array.from({ length: values }, () => el('td')))
  return node
}
