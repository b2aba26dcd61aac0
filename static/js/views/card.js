// @ts-check
/** What all cards with a number have in common. Each keeps its size whatever it says. */

import { byId, el, partOf, setText } from '../ui/dom.js'
import { UNKNOWN } from '../ui/format.js'
import { TREND_S } from '../time/dataset.js'
import { column, highestIn } from '../time/series.js'
import { renderSparkline } from '../charts/sparkline.js'

/** @import { View } from '../charts/view.js' */
/** @import { Series } from '../time/series.js' */
/**
 * @typedef {object} Card
 * @property {string} value a number, with units where it has several (`1 min 51 s`)
 * @property {string} [scope] what the number is about
 * @property {Series} [series] whose last minutes are drawn
 * @property {number | null} [limit] the highest possible value of the series
 * @property {string} line
 * @property {string} [note]
 * @property {boolean} [isWarning] whether the note warns
 */

const NBSP = '\u00a0'
/** @type {Card} */
const NOTHING = { value: UNKNOWN, line: '' }

/** @param {View} view @param {string} id @param {Card | null} card null while nothing is known: the skeleton shows */
export function renderCard(view, id, card) {
  const root = byId(id)
  root.classList.toggle('is-empty', card === null)
  const { value, scope = '', series, limit = null, line, note = '', isWarning = false } = card ?? NOTHING
  renderReading(partOf(root, '.reading'), value)
  write(root, '.scope', scope)
  write(root, '.line', line)
  write(root, '.note', note)?.classList.toggle('is-warning', isWarning)
  const { recent } = view
  if (series) renderSparkline(partOf(root, '.spark'), recent[0], column(recent, series), { over_s: TREND_S, limit })
}

/** The highest value of the last minutes, in words; empty while none is known. @param {View} view @param {Series} series @param {(value: number) => string} text */
export function highestText({ t, format, recent }, series, text) {
  const [instants, values] = [recent[0], column(recent, series)]
  const newest = instants.at(-1) ?? 0
  const from = Math.max(instants[0] ?? newest, newest - TREND_S)
  const value = values[highestIn(instants, values, { min: from, max: newest })] ?? null
  return value === null ? '' : t('card.highest', { span: format.age(TREND_S), value: text(value) })
}

/** Large numbers, and small what stands between them: `1 min 51 s`. @param {Element} node @param {string} value */
function renderReading(node, value) {
  const parts = value.split(/\s+/)
  const unit = node.querySelector('.unit')
  const own = [...node.children].filter((part) => part !== unit)
  for (const part of own.splice(parts.length)) part.remove()
  while (own.length < parts.length) own.push(node.insertBefore(el('span'), unit))
  parts.forEach((part, index) => {
    const isUnit = /^[^\d—]+$/.test(part)
    own[index].className = isUnit ? 'part' : 'value'
    // The small parts hold the blanks on both sides.
    setText(own[index], isUnit ? `${index > 0 ? NBSP : ''}${part}${index < parts.length - 1 ? NBSP : ''}` : part)
  })
  unit?.toggleAttribute('hidden', value === UNKNOWN)
}

/**
 * Writes into a part of a card; not every card has every part.
 *
 * @param {Element} root
 * @param {string} selector
 * @param {string} text
 */
function write(root, selector, text) {
  const part = root.querySelector(selector)
  if (part) setText(part, text)
  return part
}
