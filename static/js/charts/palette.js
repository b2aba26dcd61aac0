// @ts-check
/** The colours of a chart, as the page computes them: line, legend and theme cannot disagree. */

/** @import { Tone } from '../time/marks.js' */
/**
 * @typedef {object} Palette CSS colours
 * @property {string} text
 * @property {string} grid
 * @property {string} hatch of what is not known
 * @property {string} ground
 * @property {Record<string, string>} tones by Tone
 * @property {string[]} lines in the order of the legend's entries
 */

const TONES = /** @type {readonly Tone[]} */ (['bad', 'warn', 'ok', 'accent', 'peak'])

/**
 * @param {HTMLElement} plot its own CSS colours are the text's, the grid's (border), the hatch's (outline), the ground's
 * @param {Element[]} legend its entries
 * @returns {Palette}
 */
export function paletteOf(plot, legend) {
  const { color: text, borderTopColor: grid, outlineColor: hatch, backgroundColor: ground } = getComputedStyle(plot)
  const probe = plot.appendChild(document.createElement('i'))
  const tones = Object.fromEntries(TONES.map((tone) => {
    probe.dataset.tone = tone
    return [tone, getComputedStyle(probe).color]
  }))
  probe.remove()
  return { text, grid, hatch, ground, tones, lines: legend.map((entry) => getComputedStyle(entry).color) }
}
