// @ts-check
/** The axes: time, percents, and counts with round limits, whole numbers, no jumps. [pure but for CountAxis, which moves] */

/** Distances of ticks on the time axis, in seconds. */
export const TIME_TICKS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800]

const SMALLEST_LIMIT = 10
const EASE_MS = 100
/** The axis shrinks only if this multiple of the highest value fits too, so that fluctuations do not move it. */
const ROOM = 1.4
/** Shares of a power of ten that a limit may be, and the steps that divide each into whole numbers. */
const LIMITS = [{ share: 1, steps: 5 }, { share: 2, steps: 4 }, { share: 5, steps: 5 }, { share: 10, steps: 5 }]

/**
 * The smallest round limit with a little room above `highest`.
 *
 * @param {number | null} highest null when nothing is known
 * @returns {{limit: number, step: number}}
 */
export function countAxis(highest) {
  const wanted = Math.max(SMALLEST_LIMIT, (highest ?? 0) * 1.05)
  const power = 10 ** Math.floor(Math.log10(wanted))
  const { share, steps } = LIMITS.find(({ share }) => share * power >= wanted) ?? LIMITS[LIMITS.length - 1]
  return { limit: share * power, step: (share * power) / steps }
}

/**
 * Where a limit on its way to `target` stands after `elapsed_ms`; it arrives within about five times EASE_MS.
 *
 * @param {number} current
 * @param {number} target
 * @param {number} elapsed_ms
 */
export function ease(current, target, elapsed_ms) {
  const next = target + (current - target) * Math.exp(-elapsed_ms / EASE_MS)
  return Math.abs(next - target) < target * 0.01 ? target : next
}

/**
 * Ticks from 0 to `limit`, without those beyond what is shown while the limit is still easing.
 *
 * @param {number} step
 * @param {number} shown the axis' present upper end
 */
export function ticks(step, shown) {
  const count = Math.floor(shown / step + 1e-9)
  return Array.from({ length: count + 1 }, (_, index) => index * step)
}

/** A fixed axis: 0 to 100 percent. */
export const PERCENT_AXIS = { limit: 100, ticks: [0, 25, 50, 75, 100] }

/** An axis of counts that eases to the limit it needs. */
export class CountAxis {
  #aim = countAxis(null)
  #hasSettled = false
  limit = this.#aim.limit

  get ticks() {
    return ticks(this.#aim.step, this.limit)
  }

  get isMoving() {
    return this.limit !== this.#aim.limit
  }

  /** @param {number | null} highest */
  aimAt(highest) {
    const aim = countAxis(highest)
    const isWorthIt = aim.limit > this.#aim.limit || countAxis((highest ?? 0) * ROOM).limit < this.#aim.limit
    if (isWorthIt) this.#aim = aim
  }

  /** @param {number} elapsed_ms since the last move; Infinity arrives at once */
  move(elapsed_ms) {
    this.limit = this.#hasSettled ? ease(this.limit, this.#aim.limit, elapsed_ms) : this.#aim.limit
    this.#hasSettled = true
  }
}
