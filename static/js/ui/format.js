// @ts-check
/** Formats numbers, sizes, ages and instants in one language. Unknown is an em dash, never 0. [pure] */

import { numbersOf } from './numbers.js'

export const UNKNOWN = '—'
/** Between a number and its unit: no line break separates them. */
const NBSP = '\u00a0'

const KIB = 1024
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
/** From here on the next unit is shorter: 0.98 GiB, not 1,000 MiB. */
const NEXT_UNIT = 1000
/** Units of age, the same in all our languages, the largest first: seconds in one, and symbol. */
const AGE_UNITS = /** @type {[number, string][]} */ ([[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']])
/** From here on a count of a unit stands alone: 9 min 59 s, then 10 min. */
const ALONE = 10

/**
 * @typedef {Record<string, string | number>} Params
 *
 * @typedef {object} Format
 * @property {(value: number | null) => string} integer
 * @property {(value: number | null) => string} decimal one digit after the point; none from 100 on
 * @property {(value: number | null) => string} percent one digit, with the sign
 * @property {(value: number | null) => string} share a percentage within a sentence: whole, one digit below ten
 * @property {(value: number | null) => string} compact for axes: 12 thousand as 12K
 * @property {(bytes: number | null) => string} size binary units, three digits or so
 * @property {(ms: number | null) => string} latency
 * @property {(seconds: number | null) => string} age two units at most: 59 s, 1 min 51 s, 12 min, 2 h 5 min, 3 d
 * @property {(seconds: number | null) => string} wait an age that may be less than a second
 * @property {(seconds: number) => string} about a time ahead, rounded to its likely accuracy
 * @property {(per_s: number | null) => string} rate whole numbers, one digit below ten
 * @property {(params: Params, now?: number) => Params} params of a sentence: ages (age, …_s), a time ahead (about, ends_s), rates
 *   (rate, …per_s), shares (percent) and an instant (at) as texts
 * @property {(at: number) => string} instant day and local time of an epoch second
 * @property {(at: number) => string} clock local time of an epoch second, 24 h with seconds
 * @property {(at: number, now: number) => string} when the same, with the date unless it is today
 * @property {(at: number, now: number) => string} moment hour and minute, with the date unless it is today
 * @property {(at: number, step_s: number) => string} tick label of a time axis with a tick every `step_s`
 */

/** Which parameters of a sentence are more than numbers, by their names: the first pattern that fits. */
const PARAM_KINDS = /** @type {const} */ ([
  [/^(rate|(.+_)?per_s)$/, 'rate'], [/^(about|ends_s)$/, 'about'], [/^(age|.+_s)$/, 'age'], [/^(.+_)?percent$/, 'share'], [/^at$/, 'moment'],
])
/** The last second that a Date can hold. */
const LAST_DATE_S = 8.64e12
/** From here on a number has three digits before the point. */
const LONG = 99.95

/** @param {string} language @returns {Format} */
export function makeFormat(language) {
  const integer = numbersOf(language, { maximumFractionDigits: 0 })
  const decimal = numbersOf(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const short = numbersOf(language, { maximumFractionDigits: 2 })
  const brief = numbersOf(language, { maximumFractionDigits: 1 })
  const compact = numbersOf(language, { notation: 'compact', maximumFractionDigits: 1 })
  const clock = new Intl.DateTimeFormat(language, {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  const instant = new Intl.DateTimeFormat(language, {
    day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  const minute = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' })
  // A collector of another version may send a fact that is no number: an exception here would stop the whole page.
  const known = (/** @type {number | null} */ value, /** @type {(value: number) => string} */ text) =>
    typeof value === 'number' && Number.isFinite(value) ? text(value) : UNKNOWN

  const coarse = (/** @type {number} */ value) => (Math.abs(value) < 10 ? brief : integer)(value)
  const dated = (/** @type {number} */ at, /** @type {(date: Date) => string} */ text) =>
    Math.abs(at) <= LAST_DATE_S ? text(new Date(at * 1000)) : UNKNOWN

  /** @type {Format} */
  const format = {
    integer: (value) => known(value, integer),
    decimal: (value) => known(value, (known_value) => (known_value >= LONG ? integer : decimal)(known_value)),
    percent: (value) => known(value, (known_value) => `${decimal(known_value)}%`),
    share: (value) => known(value, (known_value) => `${coarse(known_value)}%`),
    compact: (value) => known(value, (count) => (count < 10_000 ? integer : compact)(count)),
    size: (bytes) => known(bytes, (count) => sizeText(count, integer, (value) => (value < 10 ? short : brief)(value))),
    latency: (ms) => known(ms, (value) => `${(value < 10 ? decimal : integer)(value)}${NBSP}ms`),
    age: (seconds) => known(seconds, ageText),
    wait: (seconds) => known(seconds, (value) => (value > 0 && value < 9.95 ? `${brief(value)}${NBSP}s` : ageText(value))),
    about: (seconds) => `~${aboutText(seconds)}`,
    rate: (per_s) => known(per_s, (value) => `${coarse(value)}/s`),
    params: (params, now = 0) => Object.fromEntries(Object.entries(params).map(([name, value]) => {
      const kind = PARAM_KINDS.find(([pattern]) => pattern.test(name))?.[1]
      return [name, kind === 'moment' ? format.moment(Number(value), now) : kind ? format[kind](Number(value)) : value]
    })),
    moment: (at, now) => dated(at, (date) => {
      return isSameDay(date, now) ? minute.format(date) : `${minute.format(date)}, ${day.format(date)}`
    }),
    instant: (at) => dated(at, (date) => instant.format(date).replace(', ', ' ')),
    clock: (at) => dated(at, clock.format),
    when: (at, now) => dated(at, (date) => {
      return isSameDay(date, now) ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`
    }),
    tick: (at, step_s) => dated(at, (date) => {
      const isMidnight = date.getHours() + date.getMinutes() === 0
      if (step_s >= 86_400 || (isMidnight && step_s >= 3600)) return day.format(date)
      return (step_s < 60 ? clock : minute).format(date)
    }),
  }
  return format
}

/** @param {Date} date @param {number} now epoch s */
function isSameDay(date, now) {
  return date.toDateString() === new Date(now * 1000).toDateString()
}

/** @param {number} bytes @param {(value: number) => string} integer @param {(value: number) => string} short */
function sizeText(bytes, integer, short) {
  const fits = SIZE_UNITS.findIndex((_, power) => Math.round(bytes / KIB ** power) < NEXT_UNIT)
  const power = fits < 0 ? SIZE_UNITS.length - 1 : fits
  return `${(power < 3 ? integer : short)(bytes / KIB ** power)}${NBSP}${SIZE_UNITS[power]}`
}

/** The largest unit that fits, and the next one while that still says something. @param {number} seconds */
function ageText(seconds) {
  const fits = AGE_UNITS.findIndex(([size]) => seconds >= size)
  const at = fits < 0 ? AGE_UNITS.length - 1 : fits
  const [size, unit] = AGE_UNITS[at]
  const count = Math.floor(seconds / size)
  const whole = `${count}${NBSP}${unit}`
  const next = AGE_UNITS[at + 1]
  const rest = next && count < ALONE ? Math.floor((seconds - count * size) / next[0]) : 0
  return rest > 0 ? `${whole}${NBSP}${rest}${NBSP}${next[1]}` : whole
}

/** @param {number} seconds */
function aboutText(seconds) {
  if (seconds < 55) return `${Math.max(10, Math.round(seconds / 10) * 10)}${NBSP}s`
  if (seconds < 3570) return `${Math.round(seconds / 60)}${NBSP}min`
  return `${Math.round(seconds / 3600)}${NBSP}h`
}
