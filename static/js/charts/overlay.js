// @ts-check
/** Draws what a chart shows besides its lines, with the strokes of canvas.js. */

import { drawBand, drawCrosshair, drawMark, drawNames, drawPeak, drawThreshold, drawThresholdName, translucent } from './canvas.js'
import { freePlace } from './labels.js'
import { clustersIn, lookOf } from '../time/marks.js'
import { endingRow, highestIn, indexFrom, unknownSpans, valueAt } from '../time/series.js'

/** @import { Context, Place } from './canvas.js' */
/** @import { Spec } from './chart.js' */
/** @import { Palette } from './palette.js' */
/** @import { Box } from './labels.js' */
/** @import { Cluster, Outage } from '../time/marks.js' */
/** @import { Columns } from '../time/series.js' */
/** @import { Window } from '../time/timeframe.js' */
/**
 * @typedef {object} Scene What is drawn.
 * @property {Columns} columns instants, then the values of each line
 * @property {Columns | null} low the lowest values, where a row is a step of the history; so are `high`
 * @property {Columns | null} high
 * @property {Window} window
 * @property {boolean} isLive whether the window follows the present
 * @property {number} now epoch s: nothing is known beyond it
 * @property {number} step_s from one row to the next
 * @property {number} late_s how long after the last row the next one may come
 * @property {Cluster[]} clusters
 * @property {Outage[]} outages
 * @property {{index: number, isLocked: boolean} | null} cursor
 * @property {Window | null} selection the stretch selected or highlighted
 * @property {boolean} isFlat whether all lines lie on zero: nothing is written at their ends
 * @property {number | null} since the columns are complete from then on; null: they may have holes
 *
 * @typedef {object} Pen Where and in what colours it is drawn.
 * @property {Context} context
 * @property {Place} place
 * @property {Spec} spec
 * @property {Palette} colors
 * @property {(at: number) => number} x canvas pixels of an instant
 * @property {(value: number) => number} y canvas pixels of a value
 * @property {(index: number) => boolean} isShown of a line
 */

const BAND_OPACITY = 0.18
/** Thinner lines are there for comparison: their bands would only hide the others. */
const BAND_WIDTH_PX = 1.5
const SELECTION_OPACITY = 0.18
const OUTAGE_OPACITY = 0.1
/** A peak's value may stand so far above the plot, in sizes of its text: there are the symbols of the marks. */
const PEAK_ABOVE = 1.3
/** So many rows on each side of a peak its value may cover. */
const PEAK_REACH = 12

/**
 * Draws under the lines: outages, gaps (hatched), the selection, the bands of the history, the threshold.
 *
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {CanvasPattern | string} hatch
 */
export function drawUnder(pen, scene, hatch) {
  const { context, place: { left, top, right, bottom }, spec, colors } = pen
  const fill = (/** @type {number} */ from, /** @type {number} */ to) => context.fillRect(pen.x(from), top, pen.x(to) - pen.x(from), bottom - top)
  context.save()
  context.beginPath()
  context.rect(left, top, right - left, bottom - top)
  context.clip()
  for (const outage of scene.outages) {
    context.fillStyle = translucent(colors.tones[lookOf(outage).tone], OUTAGE_OPACITY)
    fill(Math.max(outage.at, scene.window.min), Math.min(outage.until, scene.now, scene.window.max))
  }
  context.fillStyle = hatch
  for (const [from, to] of unknownIn(scene)) fill(from, to)
  context.fillStyle = translucent(colors.tones.accent, SELECTION_OPACITY)
  if (scene.selection) fill(scene.selection.min, scene.selection.max)
  drawBands(pen, scene)
  context.restore()
  if (spec.threshold === undefined) return
  drawThreshold(context, pen.y(spec.threshold), pen.place, colors.tones.warn)
}

/** Draws over the lines: the threshold's name, marks, where each line ends, the peak, the cursor. @param {Pen} pen @param {Scene} scene */
export function drawOver(pen, scene) {
  const limit = drawLimit(pen)
  const marks = drawMarks(pen, scene)
  const taken = [...limit, ...marks.map(({ symbol }) => symbol), ...drawEnds(pen, scene)]
  drawHighest(pen, scene, taken, marks.map(({ line }) => line))
  drawCursor(pen, scene)
}

/** @param {Pen} pen @returns {Box[]} */
function drawLimit({ context, place, spec: { threshold, axisText }, colors: { tones, ground }, y }) {
  if (threshold === undefined) return []
  return drawThresholdName(context, y(threshold), place, { text: axisText(threshold), color: tones.warn, ground })
}

/** @param {Pen} pen @param {Scene} scene */
function drawMarks({ context, place, colors, x }, { clusters, window }) {
  return clustersIn(clusters, window).map(({ at, look }) => {
    return drawMark(context, x(at), place, { shape: look.shape, color: colors.tones[look.tone] })
  })
}

/** @param {Scene} scene */
function unknownIn({ columns: [instants, ...values], window: { min, max }, now, since, step_s, late_s }) {
  const isKnown = (/** @type {number} */ index) => values.some((column) => column[index] !== null)
  return unknownSpans(instants, { from: min, to: Math.min(max, now), since, interval_s: step_s, late_s, isKnown })
}

/** @param {Pen} pen @param {Scene} scene */
function drawBands({ context, spec, colors, x, y, isShown }, { low, high, window }) {
  if (!low || !high) return
  const [from, to] = [Math.max(0, indexFrom(low[0], window.min) - 1), indexFrom(low[0], window.max) + 1]
  const heights = (/** @type {(number | null)[]} */ values) => values.slice(from, to).map((value) => (value === null ? null : y(value)))
  const xs = low[0].slice(from, to).map(x)
  spec.lines.forEach(({ width }, index) => {
    if (!isShown(index) || width < BAND_WIDTH_PX) return
    drawBand(context, { xs, lows: heights(low[index + 1]), highs: heights(high[index + 1]) }, translucent(colors.lines[index], BAND_OPACITY))
  })
}

/** @param {Pen} pen @param {Scene} scene @param {Box[]} taken @param {Box[]} lines of the marks: covered only where nothing else is free */
function drawHighest({ context, place, spec, colors, x, y, isShown }, { columns, high, window, step_s }, taken, lines) {
  const line = spec.lines.findIndex(({ isPeakTold }, index) => isPeakTold && isShown(index))
  if (line === -1) return
  const [instants, ...values] = high ?? columns
  const index = highestIn(instants, values[line], window)
  const value = values[line][index] ?? 0
  const isTold = !spec.lines[line].isEndQuiet && instants[index] > window.max - 2 * step_s // The line's end says it already.
  if (value <= 0 || isTold) return
  const look = { text: spec.valueText(value), color: colors.lines[line], ground: colors.ground }
  const point = { x: x(instants[index]), y: y(value) }
  const area = { ...place, top: place.top - PEAK_ABOVE * place.text_px * place.ratio }
  const near = values.flatMap((each, number) => {
    const rows = isShown(number) ? rowsAround(index, each).filter((at) => number !== line || at !== index) : []
    return rows.map((at) => ({ x: x(instants[at]), y: y(each[at] ?? 0) }))
  })
  const covered = [...taken, ...near.map((each) => ({ left: each.x, right: each.x, top: each.y, bottom: each.y }))]
  drawPeak(context, point, place, look, (size) => freePlace(point, size, [...covered, ...lines], area) ?? freePlace(point, size, covered, area))
}

/** The rows that the label of one could cover, as far as they are known. @param {number} index @param {(number | null)[]} values */
function rowsAround(index, values) {
  const rows = Array.from({ length: 2 * PEAK_REACH + 1 }, (_, position) => index - PEAK_REACH + position)
  return rows.filter((row) => typeof values[row] === 'number')
}

/** @param {Pen} pen @param {Scene} scene */
function drawCursor({ context, place, colors, x, y, isShown }, { columns: [instants, ...values], cursor, window }) {
  const at = cursor ? instants[cursor.index] : undefined
  if (!cursor || at === undefined || at < window.min || at > window.max) return
  const points = values.flatMap((column, index) => {
    const value = column[cursor.index] ?? null
    return value === null || !isShown(index) ? [] : [{ y: y(value), color: colors.lines[index] }]
  })
  drawCrosshair(context, x(at), place, { color: cursor.isLocked ? colors.tones.accent : colors.text, points })
}

/** @param {Pen} pen @param {Scene} scene @returns {Box[]} */
function drawEnds({ context, place, spec, colors, x, y, isShown }, { columns: [instants, ...values], window: { max }, isLive, late_s, isFlat }) {
  if (isFlat) return []
  const row = endingRow(instants, max, isLive)
  const ends = spec.lines.flatMap(({ short, isStepped = false, isEndQuiet = false }, index) => {
    const height = isShown(index) && !isEndQuiet ? valueAt(instants, values[index], { at: max, isStepped, late_s }) : null
    const figure = values[index][row] ?? null
    return height === null || figure === null
      ? []
      : [{ text: `${short()} ${spec.endText(figure)}`, color: colors.lines[index], y: y(height) }]
  })
  return drawNames(context, ends, x(Math.min(max, instants.at(-1) ?? max)), place, colors.ground)
}
