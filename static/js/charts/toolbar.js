// @ts-check
/** The bar over the charts: it tells and changes the time shown, and exports it. */

import { byId, partOf, setAttribute, setText } from '../ui/dom.js'
import { rangesWithData } from '../time/ranges.js'

/** @import { View } from './view.js' */
/** @import { RangeName } from '../time/ranges.js' */
/** @import { Timeframe, Window } from '../time/timeframe.js' */
/**
 * @typedef {object} Delegate
 * @property {(range: RangeName) => void} rangeChosen
 * @property {() => void} toggled pause, or back to live
 * @property {(window: Window) => void} windowChosen
 * @property {(kind: 'csv' | 'png' | 'print') => void} exported
 *
 * @typedef {object} Told
 * @property {Timeframe} timeframe
 * @property {number | null} oldest_at epoch s
 * @property {'reading' | 'failed' | null} readState
 * @property {string} span the window in words
 * @property {boolean} isOpen whether the window has not ended yet
 */

export class Toolbar {
  #delegate
  #ranges = /** @type {HTMLButtonElement[]} */ ([...byId('ranges').querySelectorAll('button')])
  #follow = byId('follow')
  #dialog = /** @type {HTMLDialogElement} */ (byId('period'))
  #menu = /** @type {HTMLDetailsElement} */ (byId('export'))
  /** @type {number | null} */ #oldest_at = null

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    for (const button of this.#ranges) button.addEventListener('click', () => delegate.rangeChosen(/** @type {RangeName} */ (button.value)))
    this.#follow.addEventListener('click', () => delegate.toggled())
    byId('period-open').addEventListener('click', () => this.#openPeriod())
    partOf(this.#dialog, 'form').addEventListener('submit', this.#periodChosen)
    byId('period-cancel').addEventListener('click', () => this.#dialog.close())
    this.#menu.addEventListener('click', this.#menuClicked)
    this.#menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#menu.open) return
      event.preventDefault()
      this.#closeMenu()
    })
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !this.#menu.contains(target)) this.#menu.open = false
    })
  }

  /** Chooses the range at a position of the bar, from 1, if it is offered. @param {number} position */
  choose(position) {
    const button = this.#ranges[position - 1]
    if (button && !button.hidden) this.#delegate.rangeChosen(/** @type {RangeName} */ (button.value))
  }

  /** @param {View} view @param {Told} told */
  render({ t, now, pause }, { timeframe, oldest_at, readState, span, isOpen }) {
    const { mode, range } = timeframe
    const offered = rangesWithData(oldest_at, now)
    this.#oldest_at = oldest_at
    for (const button of this.#ranges) {
      const isChosen = button.value === range
      button.hidden = !isChosen && !offered.some((name) => name === button.value)
      setAttribute(button, 'aria-pressed', String(isChosen && (mode === 'live' || mode === 'paused')))
    }
    const isLive = mode === 'live'
    setAttribute(this.#follow, 'data-does', isLive ? 'pause' : 'live')
    setText(partOf(this.#follow, 'span'), t(isLive ? 'time.pause' : 'time.back'))
    const news = pause ? t('time.missed', { count: pause.missed }) : span
    const said = isLive ? '' : `${t(mode === 'past' && isOpen ? 'time.open' : `time.${mode}`)} · ${news}`
    setText(byId('time-said'), readState ? t(`time.${readState}`) : said)
    setAttribute(byId('toolbar'), 'data-mode', mode)
    byId('toolbar').toggleAttribute('data-failed', readState === 'failed')
  }

  /** Offers the last hour, the usual place to begin, or as much of it as there is. */
  #openPeriod() {
    const start = new Date(Math.max(Date.now() - 3_600_000, (this.#oldest_at ?? 0) * 1000))
    const [day, time] = [byId('period-day'), byId('period-time')].map((node) => /** @type {HTMLInputElement} */ (node))
    day.max = localDay(new Date())
    day.min = this.#oldest_at === null ? '' : localDay(new Date(this.#oldest_at * 1000))
    day.value ||= localDay(start)
    time.value ||= `${two(start.getHours())}:${two(start.getMinutes())}`
    this.#dialog.showModal()
  }

  #periodChosen = () => {
    const [day, time, length] = ['period-day', 'period-time', 'period-length'].map((id) => /** @type {HTMLInputElement} */ (byId(id)).value)
    const min = new Date(`${day}T${time}`).getTime() / 1000
    if (Number.isFinite(min)) this.#delegate.windowChosen({ min, max: min + Number(length) })
  }

  #menuClicked = (/** @type {Event} */ { target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    if (!button) return
    this.#closeMenu()
    this.#delegate.exported(/** @type {'csv' | 'png' | 'print'} */ (button.value))
  }

  #closeMenu() {
    this.#menu.open = false
    partOf(this.#menu, 'summary').focus()
  }
}

/** @param {Date} date @returns {string} as an input of type date takes it, in local time */
function localDay(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, '0')
}
