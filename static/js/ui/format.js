// @ts-check
/** Formats numbers, sizes, ages and instants in one language. Unknown is an em dash, never 0. [pure] */

export const UNKNOWN = '—'
/** Between a number and its unit: no line break separates them. */
const NBSP = '\u00a0'

const KIB = 1024
const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
/** From here on the next unit is shorter: 0.98 GiB, not 1,000 MiB. */
const NEXT_UNIT = 1000
/** Units of age, the same in all our languages: seconds in one, symbol, and the count from which the next unit is used. */
const AGE_UNITS = /** @type {[number, string, number][]} */ ([[1, 's', 120], [60, 'min', 120], [3600, 'h', 48], [86_400, 'd', Infinity]])

/**
 * @typedef {Record<string, string | number>} Params
 *
 * @typedef {object} Format
 * @property {(value: number | null) => string} integer
 * @property {(value: number | null) => string} decimal one digit after the point; none from 100 on
 * @property {(value: number | null) => string} percent one digit, with the sign
 * @property {(value: number | null) => string} compact for axes: 12 thousand as 12K
 * @property {(bytes: number | null) => string} size binary units
 * @property {(ms: number | null) => string} latency
 * @property {(seconds: number | null) => string} age whole seconds, minutes, hours or days
 * @property {(seconds: number) => string} about a time ahead, rounded to its likely accuracy
 * @property {(per_s: number | null) => string} rate whole numbers, one digit below ten
 * @property {(params: Params, now?: number) => Params} params of a sentence: ages (age, …_s), a time ahead (about, ends_s), rates
 *   (rate, …per_s) and an instant (at) as texts
 * @property {(at: number) => string} instant day and local time of an epoch second
 * @property {(value: number) => string} change a difference, with its sign, one digit below ten
 * @property {(at: number) => string} clock local time of an epoch second, 24 h with seconds
 * @property {(at: number, now: number) => string} when the same, with the date unless it is today
 * @property {(at: number, now: number) => string} moment hour and minute, with the date unless it is today
 * @property {(at: number, step_s: number) => string} tick label of a time axis with a tick every `step_s`
 */

/** Which parameters of a sentence are more than numbers, by their names: the first pattern that fits. */
const PARAM_KINDS = /** @type {const} */ ([[/^(rate|(.+_)?per_s)$/, 'rate'], [/^(about|ends_s)$/, 'about'], [/^(age|.+_s)$/, 'age'], [/^at$/, 'moment']])
/** The last second that a Date can hold. */
const LAST_DATE_S = 8.64e12
/** From here on a number has three digits before the point. */
const LONG = 99.95

/** @param {string} language @returns {Format} */
export function makeFormat(language) {
  const integer = new Intl.NumberFormat(language, { maximumFractionDigits: 0 })
  const decimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const short = new Intl.NumberFormat(language, { maximumFractionDigits: 2 })
  const brief = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  const clock = new Intl.DateTimeFormat(language, {
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  const instant = new Intl.DateTimeFormat(language, {
    day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  })
  const signed = new Intl.NumberFormat(language, { maximumFractionDigits: 1, signDisplay: 'exceptZero' })
  const minute = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' })
  // A collector of another version may send a fact that is no number: an exception here would stop the whole page.
  const known = (/** @type {number | null} */ value, /** @type {(value: number) => string} */ text) =>
    typeof value === 'number' && Number.isFinite(value) ? text(value) : UNKNOWN

  const dated = (/** @type {number} */ at, /** @type {(date: Date) => string} */ text) =>
    Math.abs(at) <= LAST_DATE_S ? text(new Date(at * 1000)) : UNKNOWN

  /** @type {Format} */
  const format = {
    integer: (value) => known(value, (known_value) => integer.format(known_value)),
    decimal: (value) => known(value, (known_value) => (known_value >= LONG ? integer : decimal).format(known_value)),
    percent: (value) => known(value, (known_value) => `${decimal.format(known_value)}${NBSP}%`),
    compact: (value) => known(value, (count) => (count < 10_000 ? integer : compact).format(count)),
    size: (bytes) => known(bytes, (count) => sizeText(count, integer, short)),
    latency: (ms) => known(ms, (value) => `${(value < 10 ? decimal : integer).format(value)}${NBSP}ms`),
    age: (seconds) => known(seconds, ageText),
    about: (seconds) => `~${aboutText(seconds)}`,
    rate: (per_s) => known(per_s, (value) => `${(value < 10 ? brief : integer).format(value)}/s`),
    params: (params, now = 0) => Object.fromEntries(Object.entries(params).map(([name, value]) => {
      const kind = PARAM_KINDS.find(([pattern]) => pattern.test(name))?.[1]
      return [name, kind === 'moment' ? format.moment(Number(value), now) : kind ? format[kind](Number(value)) : value]
    })),
    moment: (at, now) => dated(at, (date) => {
      return isSameDay(date, now) ? minute.format(date) : `${minute.format(date)}, ${day.format(date)}`
    }),
    instant: (at) => dated(at, (date) => instant.format(date).replace(', ', ' ')),
    change: (value) => signed.format(Math.abs(value) < 10 ? value : Math.round(value)),
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

/** @param {number} bytes @param {Intl.NumberFormat} integer @param {Intl.NumberFormat} short */
function sizeText(bytes, integer, short) {
  const fits = SIZE_UNITS.findIndex((_, power) => Math.round(bytes / KIB ** power) < NEXT_UNIT)
  const power = fits < 0 ? SIZE_UNITS.length - 1 : fits
  const format = power < 3 ? integer : short
  return `${format.format(bytes / KIB ** power)}${NBSP}${SIZE_UNITS[power]}`
}

/** @param {number} seconds */
function ageText(seconds) {
  const [size, unit] = /** @type {[number, string, number]} */ (AGE_UNITS.find(([size, , most]) => seconds < most * size))
  return `${Math.floor(seconds / size)}${NBSP}${unit}`
}

/** @param {number} seconds */
function aboutText(seconds) {
  if (seconds < 55) return `${Math.max(10, Math.round(seconds / 10) * 10)}${NBSP}s`
  if (seconds < 3570) return `${Math.round(seconds / 60)}${NBSP}min`
  return `${Math.round(seconds / 3600)}${NBSP}h`
}
