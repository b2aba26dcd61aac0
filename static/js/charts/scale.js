// @ts-check
/** The axes: time, percents, counts, rates and durations, with round limits and no jumps. [pure but for EasedAxis, which moves] */

/** Distances of ticks on the time axis, in seconds. */
export const TIME_TICKS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800]

/** Between two ticks of the time axis, a character of their texts, and the room beyond the plot, in sizes of that text. */
const TIME_SPACE = 7.6
const CHARACTER = 0.58
const BEYOND = 0.8

/** What a step may be: so many units of a power of ten, or a duration that reads as one unit. */
const NICE = [1, 2, 2.5, 5]
const DURATIONS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000]
/** How many steps an axis may have. */
const FEWEST = 3
const MOST = 6
/** Of the highest value: so much above it is free. */
const HEADROOM = 1.05
const EASE_MS = 100
/** The axis shrinks only if this multiple of the highest value fits too, so that fluctuations do not move it. */
const ROOM = 1.4

/**
 * @typedef {{limit: number, step: number}} Scale
 * @typedef {(highest: number | null) => Scale} Fit the lowest scale with a little room above the highest value; null: none is known
 */

/**
 * The least distance of two ticks on the time axis. A plot of any width has three, of which an edge may cut one off.
 *
 * @param {{min: number, max: number}} window
 * @param {number} width CSS pixels of the plot
 * @param {number} text_px
 */
export function timeSpace({ min, max }, width, text_px) {
  const tick_s = Math.max(TIME_TICKS_S[0], ...TIME_TICKS_S.filter((tick) => tick <= (max - min) / 3))
  return Math.min(TIME_SPACE * text_px, (0.99 * width * tick_s) / (max - min))
}

/**
 * The texts of ticks of time; one that the right edge would cut off is left out.
 *
 * @param {number[]} instants
 * @param {(at: number) => string} text
 * @param {{min: number, max: number}} window
 * @param {number} width CSS pixels of the plot
 * @param {number} text_px
 */
export function timeTexts(instants, text, { min, max }, width, text_px) {
  return instants.map((at) => {
    const written = text(at)
    const room = ((max - at) / (max - min)) * width
    return (written.length / 2) * CHARACTER * text_px > room + BEYOND * text_px ? '' : written
  })
}

/** In whole numbers. @type {Fit} */
export const countScale = (highest) => decimalScale(highest, 5, 1)

/** In tenths. @type {Fit} */
export const rateScale = (highest) => decimalScale(highest, 0.5, 0.1)

/** In seconds. @type {Fit} */
export const durationScale = (highest) => lowest(Math.max(5, (highest ?? 0) * HEADROOM), DURATIONS_S)

/** @param {number | null} highest @param {number} smallest limit @param {number} unit of which each step is a multiple */
function decimalScale(highest, smallest, unit) {
  const wanted = Math.max(smallest, (highest ?? 0) * HEADROOM)
  const power = Math.floor(Math.log10(wanted))
  const steps = [power - 1, power].flatMap((exponent) => NICE.map((share) => share * 10 ** exponent))
  return lowest(wanted, steps.filter((step) => isWhole(step / unit)))
}

/** Of the scales that reach `wanted`, the lowest; of equals, the one with the fewest steps. @param {number} wanted @param {number[]} steps ascending @returns {Scale} */
function lowest(wanted, steps) {
  const scales = steps.map((step) => ({ step, count: Math.ceil(wanted / step - 1e-9) }))
  const fitting = scales.filter(({ count }) => count >= FEWEST && count <= MOST)
  const [best] = (fitting.length > 0 ? fitting : scales.slice(-1)).sort((a, b) => a.step * a.count - b.step * b.count || b.step - a.step)
  return { limit: best.step * best.count, step: best.step }
}

/** @param {number} value */
function isWhole(value) {
  return value > 0.5 && Math.abs(value - Math.round(value)) < 1e-6
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
/** The axis of what has been zero all the time. */
export const FLAT_AXIS = { limit: 1, ticks: [0] }

/** An axis that eases to the limit it needs. */
export class EasedAxis {
  #fit
  #aim
  #hasSettled = false
  limit

  /** @param {Fit} fit */
  constructor(fit) {
    this.#fit = fit
    this.#aim = fit(null)
    this.limit = this.#aim.limit
  }

  get ticks() {
    const isFar = this.limit > 2 * this.#aim.limit // On its way down from far above, its steps would be too many.
    return ticks((isFar ? this.#fit(this.limit / 2) : this.#aim).step, this.limit)
  }

  get isMoving() {
    return this.limit !== this.#aim.limit
  }

  /** @param {number | null} highest */
  aimAt(highest) {
    const aim = this.#fit(highest)
    const isWorthIt = aim.limit > this.#aim.limit || this.#fit((highest ?? 0) * ROOM).limit < this.#aim.limit
    if (isWorthIt) this.#aim = aim
  }

  /** @param {number} elapsed_ms since the last move; Infinity arrives at once */
  move(elapsed_ms) {
    this.limit = this.#hasSettled ? ease(this.limit, this.#aim.limit, elapsed_ms) : this.#aim.limit
    this.#hasSettled = true
  }
}
