// @ts-check
/** What a chart draws besides lines, in canvas pixels: the hatch of the unknown, the names at the lines' ends. */

const HATCH_PX = 7
const NAME_PX = 11
const NAME_LINE_PX = 13
/** From the plot's edge to the names: room for a leader to climb by a line or two. */
const NAME_LEFT_PX = 15
const DOT_PX = 2.5

/** @typedef {{text: string, color: string, y: number}} Name `y` is where the line ends */

/**
 * Diagonal lines: readable as "nothing is known here" without colour.
 *
 * @param {CanvasRenderingContext2D} context
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
 * A dot where each line ends and its name beyond the plot's edge; names that would overlap are moved apart, and a
 * leader then shows whose line each is.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Name[]} names
 * @param {{end: number, right: number, top: number, bottom: number, ratio: number}} place where lines end; the plot's edges
 */
export function drawNames(context, names, { end, right, top, bottom, ratio }) {
  context.save()
  context.font = `${NAME_PX * ratio}px system-ui, sans-serif`
  context.textBaseline = 'middle'
  context.textAlign = 'left'
  context.lineWidth = ratio
  for (const { text, color, y, text_y } of apart(names, NAME_LINE_PX * ratio, { top, bottom })) {
    context.fillStyle = context.strokeStyle = color
    context.beginPath()
    context.arc(end, y, DOT_PX * ratio, 0, 2 * Math.PI)
    context.fill()
    context.beginPath()
    context.moveTo(end, y)
    context.lineTo(right + (NAME_LEFT_PX - 3) * ratio, text_y)
    context.stroke()
    context.fillText(text, right + NAME_LEFT_PX * ratio, text_y)
  }
  context.restore()
}

/**
 * Each name with the height of its text: its line's own where there is room, else just above the name below, and where
 * that would be beyond the plot, below the one above.
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
