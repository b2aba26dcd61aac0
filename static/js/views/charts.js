// @ts-check
/** The two charts, resources in percent and the queue in messages, sliding together. */

import { byId } from '../dom.js'
import { countAxis, ease, ticks } from '../scale.js'
import { COLUMNS, highestSince } from '../series.js'
import { framePeriod, slidingWindow, steppedWindow } from '../timeline.js'
import { Panel } from './panel.js'

/** @import { Columns } from '../series.js' */
/** @import { View } from '../main.js' */

/** Seconds shown: 20 points at one each 3 s. */
export const SPAN_S = 60
const PERCENT_AXIS = { limit: 100, ticks: [0, 25, 50, 75, 100] }
const QUEUE_COLUMNS = [COLUMNS.indexOf('queue_size'), COLUMNS.indexOf('queue_peak')]

export class Charts {
  /** @type {View} */ #view
  /** @type {Columns} */ #columns
  /** @type {number | null} */ #lead = null
  #resources
  #queue
  #panels
  #isStarted = false
  /** Besides the passing of time there are two reasons to draw: something new, a crosshair that moved. */
  #isChanged = true
  #isPointed = false
  #queueAxis = countAxis(null)
  #queueLimit = countAxis(null).limit
  #drawn_ms = 0
  #drawnMax = 0
  #stepping = matchMedia('(prefers-reduced-motion: reduce)')

  /** @param {View} view @param {Columns} columns */
  constructor(view, columns) {
    this.#view = view
    this.#columns = columns
    this.#resources = this.#resourcesPanel()
    this.#queue = this.#queuePanel()
    this.#panels = [this.#resources, this.#queue]
  }

  /** Begins to slide. A hidden page is given no frames: it stands still there by itself. */
  start() {
    if (this.#isStarted) return
    this.#isStarted = true
    requestAnimationFrame(this.#frame)
  }

  /**
   * Takes what is new: words, state, samples.
   *
   * @param {View} view
   * @param {Columns} columns
   * @param {number | null} lead of the plot's clock, see timeline.js
   */
  update(view, columns, lead) {
    this.#view = view
    this.#columns = columns
    this.#lead = lead
    this.#isChanged = true
    this.#queueAxis = countAxis(this.#highestQueue())
    // Outside of a container the machine's CPU is the CPU: one line says it.
    this.#resources.show('host_cpu', view.sample?.detail.cpu.scope === 'container')
    for (const panel of this.#panels) panel.update(view, columns)
  }

  /** Takes up the colours of a new theme. */
  restyle() {
    for (const panel of this.#panels) panel.restyle()
  }

  #resourcesPanel() {
    return new Panel(byId('chart-resources'), this.#view, this.#columns, {
      lines: {
        host_cpu: { short: () => this.#view.t('chart.short_host_cpu'), width: 1.25, dash: [2, 3] },
        ram_percent: { short: () => this.#view.t('chart.ram'), width: 2, dash: [8, 3] },
        cpu: { short: () => this.#view.t('chart.cpu'), width: 2, fill: 0.1 },
      },
      axis: () => PERCENT_AXIS,
      axisText: (value) => `${value} %`,
      text: ({ format }, value) => format.percent(value),
      cursorMoved: this.#pointed,
    })
  }

  #queuePanel() {
    return new Panel(byId('chart-queue'), this.#view, this.#columns, {
      lines: {
        queue_peak: { short: () => this.#view.t('chart.short_peak'), width: 1.25, band: 0.22, isStepped: true },
        queue_size: { short: () => this.#view.t('chart.short_ready'), width: 2, fill: 0.1 },
      },
      axis: () => ({ limit: this.#queueLimit, ticks: ticks(this.#queueAxis.step, this.#queueLimit) }),
      axisText: (value) => this.#view.format.compact(value),
      text: ({ format }, value) => format.integer(value),
      cursorMoved: this.#pointed,
    })
  }

  #pointed = () => {
    this.#isPointed = true
  }

  /** One frame for both charts, then a pause until the next one is worth drawing. */
  #frame = () => {
    const began_ms = performance.now()
    this.#drawAt(began_ms)
    const period_ms = framePeriod(SPAN_S, Math.max(...this.#panels.map(({ plotWidth }) => plotWidth)))
    setTimeout(() => requestAnimationFrame(this.#frame), Math.max(0, period_ms - (performance.now() - began_ms)))
  }

  /** @param {number} now_ms */
  #drawAt(now_ms) {
    const window = this.#windowAt(now_ms)
    const isEasing = this.#queueLimit !== this.#queueAxis.limit
    if (window.max === this.#drawnMax && !isEasing && !this.#isChanged && !this.#isPointed) return
    if (isEasing) this.#easeQueueLimit(now_ms - this.#drawn_ms)
    for (const panel of this.#panels) panel.draw(window, this.#isChanged)
    this.#drawnMax = window.max
    this.#drawn_ms = now_ms
    this.#isChanged = false
    this.#isPointed = false
  }

  /** @param {number} elapsed_ms */
  #easeQueueLimit(elapsed_ms) {
    const { limit } = this.#queueAxis
    const isFirst = this.#drawn_ms === 0
    this.#queueLimit = isFirst || this.#stepping.matches ? limit : ease(this.#queueLimit, limit, elapsed_ms)
  }

  /** @param {number} mono_ms */
  #windowAt(mono_ms) {
    const { interval_s, lead_s } = this.#view.state
    // Nothing known yet: any present will do, there is nothing to place in it.
    const lead = this.#lead ?? lead_s ?? performance.timeOrigin / 1000
    const options = { lead, mono_ms, interval_s, span_s: SPAN_S, newest: this.#columns[0].at(-1) ?? null }
    return this.#stepping.matches ? steppedWindow(options) : slidingWindow(options)
  }

  #highestQueue() {
    const [instants] = this.#columns
    const from = (instants.at(-1) ?? 0) - SPAN_S - this.#view.state.interval_s
    return Math.max(0, ...QUEUE_COLUMNS.map((index) => highestSince(instants, this.#columns[index], from) ?? 0))
  }
}
