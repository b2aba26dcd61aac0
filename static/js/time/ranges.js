// @ts-check
/** The ranges that a live chart may show. [pure] */

/** @typedef {typeof RANGES[number]['name']} RangeName */

/** Shortest first. Up to an hour the charts read every sample, longer ranges the history in steps of `step_s`; coarse.js says how many of these they show. */
export const RANGES = /** @type {const} */ ([
  { name: '1m', span_s: 60, step_s: null },
  { name: '5m', span_s: 300, step_s: null },
  { name: '15m', span_s: 900, step_s: null },
  { name: '1h', span_s: 3600, step_s: null },
  { name: '24h', span_s: 86_400, step_s: 60 },
  { name: '7d', span_s: 604_800, step_s: 600 },
  { name: '30d', span_s: 2_592_000, step_s: 3600 },
])

/** 20 points, one every 3 s. */
export const DEFAULT_RANGE = RANGES[0].name
/** How far back single samples reach, in seconds. */
export const LIVE_S = 3600

/** @param {string | null} name @returns {RangeName} the default where there is no such range */
export function rangeNamed(name) {
  return RANGES.find((range) => range.name === name)?.name ?? DEFAULT_RANGE
}

/** @param {RangeName} name */
export function rangeOf(name) {
  return /** @type {typeof RANGES[number]} */ (RANGES.find((range) => range.name === name))
}

/**
 * The ranges that show more than the next shorter one.
 *
 * @param {number | null} oldest_at the host's oldest data, epoch s; null: there is none
 * @param {number} now epoch s
 * @returns {RangeName[]}
 */
export function rangesWithData(oldest_at, now) {
  const age_s = oldest_at === null ? 0 : now - oldest_at
  return RANGES.filter((_, index) => index === 0 || age_s > RANGES[index - 1].span_s).map(({ name }) => name)
}
