// @ts-check
/** Draws the parts of a chart that are not lines, in canvas pixels: gaps, bands, thresholds, marks, names. */

/** @import { Shape } from '../time/marks.js' */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {{left: number, top: number, right: number, bottom: number, ratio: number, text_px: number}} Place the plot's edges; canvas pixels per CSS pixel; CSS pixels of its text */
/** @typedef {{text: string, color: string, y: number}} Name `y` is where the line ends */

const HATCH_PX = 7
/** Line height, as a multiple of the text size. */
const LINE_HEIGHT = 1.2
/** From the plot's edge to the names: room for a leader line to climb by a line or two. */
const NAME_LEFT_PX = 15
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

/** Under its line: above it are the axis' end and the highest lines. @param {Context} context @param {number} y @param {Place} place @param {{text: string, color: string, ground: string}} look */
export function drawThresholdName(context, y, place, { text, color, ground }) {
  const { left, ratio } = place
  context.save()
  setPen(context, place, color)
  context.textBaseline = 'top'
  outlined(context, text, left + 6 * ratio, y + 3 * ratio, { ground, ratio })
  context.restore()
}

/** A thin line and a symbol on top. @param {Context} context @param {number} x @param {Place} place @param {{shape: Shape, color: string}} look */
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
}

/** Marks the highest point of a line and writes its value. @param {Context} context @param {{x: number, y: number}} point @param {Place} place @param {{text: string, color: string, ground: string}} look */
export function drawPeak(context, { x, y }, place, { text, color, ground }) {
  const { left, right, ratio } = place
  context.save()
  setPen(context, place, color)
  dot(context, x, y, 3 * ratio)
  const half = context.measureText(text).width / 2
  context.textAlign = 'center'
  context.textBaseline = 'bottom'
  outlined(context, text, Math.min(right - half, Math.max(left + half, x)), y - 5 * ratio, { ground, ratio })
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
 * Draws a dot where each line ends, and its name beyond the plot's edge. Names that would overlap are moved apart, and a
 * leader line joins each to its dot.
 *
 * @param {Context} context
 * @param {Name[]} names
 * @param {number} end where lines end
 * @param {Place} place
 */
export function drawNames(context, names, end, place) {
  const { right, top, bottom, ratio, text_px } = place
  const room = context.canvas.width - right - (NAME_LEFT_PX + 6) * ratio // A longer name is condensed, not cut off.
  context.save()
  setPen(context, place, '')
  for (const { text, color, y, text_y } of apart(names, text_px * LINE_HEIGHT * ratio, { top, bottom })) {
    context.fillStyle = context.strokeStyle = color
    dot(context, end, y, DOT_PX * ratio)
    line(context, end, y, right + (NAME_LEFT_PX - 3) * ratio, text_y)
    context.fillText(text, right + NAME_LEFT_PX * ratio, text_y, room)
  }
  context.restore()
}

/**
 * Each name with the height of its text: that of its line where there is room, else just above the name below it, or, at
 * the top of the plot, just below the name above it.
 *
 * @param {Name[]} names
 * @param {number} distance between two names
 * @param {{top: number, bottom: number}} edges
 * @returns {(Name & {text_y: number})[]} lowest first
 */
export function apart(names, distance, { top, bottom }) {
  let above = bottom + distance / 2
  const placed = [...names].sort((a, b) => b.y - a.y).map((name) => {
    above = Math.min(name.y, above - distance)
    return { ...name, text_y: above }
  })
  let below = top - distance
  for (const name of [...placed].reverse()) name.text_y = below = Math.max(name.text_y, below + distance)
  return placed
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
