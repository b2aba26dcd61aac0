// @ts-check
/** Asks for the tables of workers and tasks, again and again, but only while somebody looks at them. */

import { askWorkload } from './api.js'

/** @import { WorkloadAnswer } from '../model/types.js' */
/**
 * @typedef {object} Delegate
 * @property {() => string | null} host the one shown
 * @property {(answer: WorkloadAnswer | null) => void} answered null: there was no answer, and it is asked again, ever more seldom
 */

const PERIOD_MS = 5000
/** After failures the period doubles up to this many times. */
const LONGEST_PERIODS = 12

export class WorkloadFeed {
  #delegate
  #isWanted = false
  #failures = 0
  #asked = 0
  #next_ms = -Infinity
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    document.addEventListener('visibilitychange', () => this.#plan())
  }

  /** @param {boolean} isWanted whether a tab that shows the tables is open */
  want(isWanted) {
    if (isWanted === this.#isWanted) return
    this.#isWanted = isWanted
    this.#plan()
  }

  /** Another host is shown: what was asked about the former one is of no use. */
  restart() {
    this.#asked++
    this.#failures = 0
    this.#next_ms = -Infinity
    this.#plan()
  }

  #plan() {
    clearTimeout(this.#timer)
    const isAsking = this.#next_ms === Infinity
    if (isAsking || !this.#isWanted || document.visibilityState !== 'visible') return
    this.#timer = setTimeout(() => this.#ask(), Math.max(0, this.#next_ms - performance.now()))
  }

  async #ask() {
    const asked = ++this.#asked
    this.#next_ms = Infinity // One question at a time, however often the tab is opened meanwhile.
    const answer = await askWorkload(this.#delegate.host())
    if (asked !== this.#asked) return
    this.#failures = answer === null ? this.#failures + 1 : 0
    this.#next_ms = performance.now() + PERIOD_MS * Math.min(LONGEST_PERIODS, 2 ** this.#failures)
    this.#delegate.answered(answer)
    this.#plan()
  }
}
