// @ts-check
/** Draws the parts of a chart that are not lines, in canvas pixels: gaps, bands, thresholds, marks, names. */

import { apart } from './labels.js'

/** @import { Box, Name } from './labels.js' */
/** @import { Shape } from '../time/marks.js' */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{left: number, top: number, right: number, bottom: number, ratio: number, text_px: number}} Place the plot's edges; canvas pixels per pixel of the sizes below; the text's size in these */

/** The size of text for which all sizes here are meant: with larger text, as on a wall, all grows alike. */
export const TEXT_PX = 11
const HATCH_PX = 7
/** Line height, as a multiple of the text size. */
const LINE_HEIGHT = 1.2
/** From a line's end to its name, left of it and above it; below it where there is no room above. */
const NAME_RIGHT_PX = 7
const NAME_ABOVE_PX = 10
const NAME_BELOW_PX = 13
const DOT_PX = 2.5
const SYMBOL_PX = 4

/** Corners around a centre, in units of half a symbol. */
const SHAPES = /** @type {Record<Shape, [number, number][]>} */ ({
  cross: [[-1, -0.6], [-0.6, -1], [0, -0.4], [0.6, -1], [1, -0.6], [0.4, 0], [1, 0.6], [0.6, 1], [0, 0.4], [-0.6, 1], [-1, 0.6], [-0.4, 0]],
  down: [[-1.1, -0.8], [1.1, -0.8], [0, 1.1]],
  up: [[-1.1, 0.8], [1.1, 0.8], [0, -1.1]],
  square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  diamond: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
})

/**
 * Diagonal lines: readable as "nothing is known here" without colour.
 *
 * @param {Context} context
 * @param {string} color
 * @param {number} ratio canvas pixels per CSS pixel
 * @returns {CanvasPattern | string}
 */
export function hatchPattern(context, color, ratio) {
  const side = Math.round(HATCH_PX * ratio)
  const tile = new OffscreenCanvas(side, side)
  const tile_context = tile.getContext('2d')
  if (!tile_context) return color
  tile_context.strokeStyle = color
  tile_context.lineWidth = ratio
  tile_context.beginPath()
  for (const offset of [-side, 0, side]) {
    tile_context.moveTo(offset - 1, side + 1)
    tile_context.lineTo(offset + side + 1, -1)
  }
  tile_context.stroke()
  return context.createPattern(tile, 'repeat') ?? color
}

/**
 * The area between a line's lowest and highest values.
 *
 * @param {Context} context
 * @param {{xs: number[], lows: (number | null)[], highs: (number | null)[]}} edges
 * @param {string} color
 */
export function drawBand(context, { xs, lows, highs }, color) {
  context.fillStyle = color
  for (let start = 0; start < xs.length; start++) {
    if (lows[start] === null) continue
    let end = start
    while (end + 1 < xs.length && lows[end + 1] !== null) end++
    context.beginPath()
    for (let index = start; index <= end; index++) context.lineTo(xs[index], /** @type {number} */ (highs[index]))
    for (let index = end; index >= start; index--) context.lineTo(xs[index], /** @type {number} */ (lows[index]))
    context.fill()
    start = end
  }
}

/** @param {Context} context @param {number} y @param {Place} place @param {string} color */
export function drawThreshold(context, y, place, color) {
  const { left, right, ratio } = place
  context.save()
  setPen(context, place, color)
  context.setLineDash([2 * ratio, 4 * ratio])
  line(context, left, y, right, y)
  context.restore()
}

/** Under its line: above it are the axis' end and the highest lines. @param {Context} context @param {number} y @param {Place} place @param {{text: string, color: string, ground: string}} look @returns {Box[]} what the line and its name cover */
export function drawThresholdName(context, y, place, { text, color, ground }) {
  const { left, right, ratio, text_px } = place
  const [x, top] = [left + 6 * ratio, y + 3 * ratio]
  context.save()
  setPen(context, place, color)
  context.textBaseline = 'top'
  outlined(context, text, x, top, { ground, ratio })
  const width = context.measureText(text).width
  context.restore()
  return [{ left, right, top: y - ratio, bottom: y + ratio }, { left: x, right: x + width, top, bottom: top + text_px * LINE_HEIGHT * ratio }]
}

/** A thin line and a symbol on top. @param {Context} context @param {number} x @param {Place} place @param {{shape: Shape, color: string}} look @returns {{symbol: Box, line: Box}} what they cover */
export function drawMark(context, x, place, { shape, color }) {
  const { top, bottom, ratio } = place
  const half = SYMBOL_PX * ratio
  context.save()
  setPen(context, place, color)
  context.globalAlpha = 0.55
  context.setLineDash([ratio, 3 * ratio])
  line(context, x, top, x, bottom)
  context.globalAlpha = 1
  context.beginPath()
  for (const [dx, dy] of SHAPES[shape]) context.lineTo(x + dx * half, top + dy * half)
  context.fill()
  context.restore()
  const reach = 1.5 * half
  return {
    symbol: { left: x - reach, right: x + reach, top: top - reach, bottom: top + reach },
    line: { left: x - ratio, right: x + ratio, top, bottom },
  }
}

/**
 * Marks the highest point of a line, and writes its value where that covers nothing.
 *
 * @param {Context} context
 * @param {{x: number, y: number}} point
 * @param {Place} place
 * @param {{text: string, color: string, ground: string}} look
 * @param {(size: {width: number, height: number, gap: number}) => Box | null} find
 */
export function drawPeak(context, { x, y }, place, { text, color, ground }, find) {
  const { ratio, text_px } = place
  context.save()
  setPen(context, place, color)
  dot(context, x, y, 3 * ratio)
  const box = find({ width: context.measureText(text).width, height: text_px * LINE_HEIGHT * ratio, gap: 5 * ratio })
  if (box) outlined(context, text, box.left, (box.top + box.bottom) / 2, { ground, ratio })
  context.restore()
}

/** @param {Context} context @param {number} x @param {Place} place @param {{color: string, points: {y: number, color: string}[]}} look */
export function drawCrosshair(context, x, place, { color, points }) {
  const { top, bottom, ratio } = place
  context.save()
  setPen(context, place, color)
  line(context, x, top, x, bottom)
  for (const point of points) {
    context.fillStyle = point.color
    dot(context, x, point.y, 3.5 * ratio)
  }
  context.restore()
}

/**
 * Draws a dot where each line ends, and its name above it. Names that would overlap are moved apart.
 *
 * @param {Context} context
 * @param {Name[]} ends `y`: where the line ends
 * @param {number} end where lines end
 * @param {Place} place
 * @param {string} ground
 * @returns {Box[]} what the names cover
 */
export function drawNames(context, ends, end, place, ground) {
  const { top, bottom, ratio, text_px } = place
  const height = text_px * LINE_HEIGHT * ratio
  const right = end - NAME_RIGHT_PX * ratio
  context.save()
  setPen(context, place, '')
  for (const { color, y } of ends) {
    context.fillStyle = color
    dot(context, end, y, DOT_PX * ratio)
  }
  context.textAlign = 'right'
  // From the highest line down: no name stands above that of a higher line.
  let least = -Infinity
  const names = [...ends].sort((a, b) => a.y - b.y).map((name) => {
    const above = name.y - NAME_ABOVE_PX * ratio
    const best = above < top + height / 2 ? name.y + NAME_BELOW_PX * ratio : Math.min(bottom - height / 2, above)
    least = Math.max(least, best)
    return { ...name, y: least }
  }).reverse()
  const boxes = apart(names, height, { top: top + height / 2, bottom }).map(({ text, color, text_y }) => {
    context.fillStyle = color
    outlined(context, text, right, text_y, { ground, ratio })
    return { left: right - context.measureText(text).width, right, top: text_y - height / 2, bottom: text_y + height / 2 }
  })
  context.restore()
  return boxes
}

/** @param {string} color `rgb(r, g, b)` as computed styles give it @param {number} opacity */
export function translucent(color, opacity) {
  return color.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`)
}

/** @param {Context} context @param {Place} place @param {string} color */
function setPen(context, { ratio, text_px }, color) {
  context.font = `${text_px * ratio}px system-ui, sans-serif`
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  context.lineWidth = ratio
  context.fillStyle = context.strokeStyle = color
}

/** Text that stays readable over lines. @param {Context} context @param {string} text @param {number} x @param {number} y @param {{ground: string, ratio: number}} look */
function outlined(context, text, x, y, { ground, ratio }) {
  context.lineWidth = 3 * ratio
  context.lineJoin = 'round'
  context.strokeStyle = ground
  context.strokeText(text, x, y)
  context.fillText(text, x, y)
}

/** @param {Context} context @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
function line(context, x1, y1, x2, y2) {
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
}

/** @param {Context} context @param {number} x @param {number} y @param {number} radius */
function dot(context, x, y, radius) {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}
