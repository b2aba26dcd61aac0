// @ts-check
/** The cursor of all charts: it stands on a sample, moves by pointer or keys, and the tooltip tells the values there. */

import { nearestIndex } from '../time/series.js'
import { placeTooltip, renderTooltip } from './tooltip.js'

/** @import { View } from './view.js' */
/** @import { Events } from './events.js' */
/** @import { Columns } from '../time/series.js' */
/** @import { Panel } from './panel.js' */
/** @typedef {{at: number, isLocked: boolean, panel: Panel, client_y: number | null}} Place `client_y` null: by the keyboard */

export class Crosshair {
  #changed
  /** @type {Place | null} */ #place = null

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed
  }

  get isThere() {
    return this.#place !== null
  }

  /** @param {number[]} instants @returns {number} the row that it stands on, -1 if none */
  indexIn(instants) {
    return this.#place ? nearestIndex(instants, this.#place.at) : -1
  }

  /** @param {number[]} instants @returns {{index: number, isLocked: boolean} | null} as charts draw it */
  drawnIn(instants) {
    const index = this.indexIn(instants)
    return this.#place && index !== -1 ? { index, isLocked: this.#place.isLocked } : null
  }

  /** Moves to the sample next to an instant. A locked cursor stays until a key moves it. @param {Panel} panel @param {number[]} instants @param {number} at @param {number | null} client_y */
  point(panel, instants, at, client_y) {
    if (this.#place?.isLocked && client_y !== null) return
    const index = nearestIndex(instants, at)
    if (index !== -1) this.#set({ at: instants[index], isLocked: false, panel, client_y })
  }

  /** @param {Panel} panel @param {number} at */
  lockAt(panel, at) {
    this.#set({ at, isLocked: true, panel, client_y: null })
  }

  toggleLock() {
    if (this.#place) this.#set({ ...this.#place, isLocked: !this.#place.isLocked })
  }

  /** The pointer has left the plot. */
  leave() {
    if (!this.#place?.isLocked) this.clear()
  }

  /** The plot has lost the focus. */
  blur() {
    if (this.#place?.client_y === null) this.clear()
  }

  clear() {
    this.#set(null)
  }

  /** @param {View} view @param {Columns} columns @param {Panel[]} panels whose values are told @param {Events} events */
  tell(view, columns, panels, events) {
    const place = this.#place
    const index = this.indexIn(columns[0])
    if (!place || index === -1) return renderTooltip(view, null)
    const isUnknown = columns.slice(1).every((values) => values[index] === null)
    renderTooltip(view, {
      time: view.format.when(columns[0][index], view.now),
      isLocked: place.isLocked,
      groups: isUnknown ? [] : panels.map((panel) => ({ title: panel.title, readings: panel.readings(index) })),
      marks: events.near(place.at),
      isUnknown,
    })
  }

  /** Moves the tooltip to the cursor. */
  placeWords() {
    if (!this.#place) return
    const { at, panel: { chart }, client_y } = this.#place
    const { top, height } = chart.area.getBoundingClientRect()
    placeTooltip({ x: chart.clientX(at), y: client_y ?? top + height / 2 })
  }

  /** @param {Place | null} place */
  #set(place) {
    this.#place = place
    this.#changed()
  }
}
