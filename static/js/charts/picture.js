// @ts-check
/** All charts on one canvas, as they are on the page, with title, time and legend. */

/** @typedef {{title: string, entries: {name: string, color: string}[], canvas: HTMLCanvasElement}} Part */
/** @typedef {{ground: string, text: string, muted: string}} Colors */

const EDGE_PX = 24
const TITLE_PX = 64
const HEAD_PX = 50
const FONT = 'system-ui, sans-serif'

/**
 * @param {Part[]} parts one below the other
 * @param {{title: string, time: string, colors: Colors, ratio: number}} options canvas pixels per CSS pixel
 * @returns {Promise<Blob | null>} a PNG
 */
export function pictureOf(parts, { title, time, colors, ratio }) {
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(...parts.map((part) => part.canvas.width)) + 2 * EDGE_PX * ratio
  canvas.height = parts.reduce((sum, part) => sum + part.canvas.height + HEAD_PX * ratio, (TITLE_PX + EDGE_PX) * ratio)
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  const write = (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ font, /** @type {string} */ color) => {
    context.font = font.replace(/\d+px/, (size) => `${parseInt(size) * ratio}px`)
    context.fillStyle = color
    context.fillText(text, x, y * ratio)
    return x + context.measureText(text).width
  }
  context.fillStyle = colors.ground
  context.fillRect(0, 0, canvas.width, canvas.height)
  const left = EDGE_PX * ratio
  write(title, left, 34, `600 18px ${FONT}`, colors.text)
  write(time, left, 54, `400 13px ${FONT}`, colors.muted)
  let top = TITLE_PX
  for (const part of parts) {
    write(part.title, left, top + 22, `600 14px ${FONT}`, colors.text)
    let x = left
    for (const { name, color } of part.entries) {
      context.fillStyle = color
      context.fillRect(x, (top + 38) * ratio, 14 * ratio, 2 * ratio)
      x = write(name, x + 20 * ratio, top + 43, `400 12px ${FONT}`, colors.muted) + 20 * ratio
    }
    context.drawImage(part.canvas, left, (top + HEAD_PX) * ratio)
    top += HEAD_PX + part.canvas.height / ratio
  }
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

/** @param {Blob} blob @param {string} name of the file */
export function download(blob, name) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
