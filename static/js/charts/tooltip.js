// @ts-check
/** The tooltip beside the cursor: the time, the values of all charts, and the marks there. It stays inside the window. */

import { byId, el, fitChildren, partOf, setAttribute, setText } from '../ui/dom.js'
import { lookOf } from '../time/marks.js'
import { brokerName } from '../model/verdict.js'

/** @import { View } from './view.js' */
/** @import { Mark, Outage } from '../time/marks.js' */
/** @import { Series } from '../time/series.js' */
/** @import { Service } from '../model/types.js' */
/**
 * @typedef {{series: Series, name: string, value: string, span: string}} Reading with its unit; `span` lowest to highest
 * @typedef {object} Told
 * @property {string} time
 * @property {boolean} isLocked
 * @property {{title: string, readings: Reading[]}[]} groups of every chart
 * @property {(Mark | Outage)[]} marks
 * @property {boolean} isUnknown nothing was measured there
 */

/** From the cursor to the tooltip, and from the window's edges. */
const DISTANCE_PX = 14
const EDGE_PX = 8
const MOST_MARKS = 5

/** @param {View} view @param {Told | null} told null takes it away */
export function renderTooltip(view, told) {
  const root = byId('tooltip')
  root.hidden = told === null
  if (!told) return
  setText(partOf(root, '.tooltip-time'), told.time)
  partOf(root, '.tooltip-locked').hidden = !told.isLocked
  partOf(root, '.tooltip-unknown').hidden = !told.isUnknown
  const groups = partOf(root, '.tooltip-groups')
  fitChildren(groups, told.groups.length, readingGroup)
  told.groups.forEach(({ title, readings }, index) => {
    const [title_node, list] = groups.children[index].children
    setText(title_node, title)
    renderReadings(list, readings)
  })
  renderMarks(view, partOf(root, '.tooltip-marks'), told.marks)
}

/** @param {Element} list @param {Reading[]} readings */
function renderReadings(list, readings) {
  fitChildren(list, readings.length, readingRow)
  readings.forEach(({ series, name, value, span }, index) => {
    const node = list.children[index]
    setAttribute(node, 'data-series', series)
    setText(node.children[1], name)
    setText(node.children[2], value)
    setText(node.children[3], span)
  })
}

/** @param {{x: number, y: number}} point in the pixels of pointers */
export function placeTooltip({ x, y }) {
  const root = byId('tooltip')
  const { offsetWidth: width, offsetHeight: height } = root
  const isRoomRight = x + DISTANCE_PX + width <= innerWidth - EDGE_PX
  const left = isRoomRight ? x + DISTANCE_PX : Math.max(EDGE_PX, x - DISTANCE_PX - width)
  const top = Math.max(EDGE_PX, Math.min(innerHeight - EDGE_PX - height, y - height / 2))
  root.style.transform = `translate(${Math.round(Math.min(left, innerWidth - EDGE_PX - width))}px, ${Math.round(top)}px)`
}

/** A mark in one line. @param {View} view @param {Mark | Outage} mark */
export function markText(view, mark) {
  const { t, format } = view
  switch (mark.kind) {
    case 'log': {
      const { level, service, message, count } = mark.log
      const text = t('mark.log', { level: t(`mark.${level}`), service, message: message.slice(0, 140) })
      return count > 1 ? t('mark.repeated', { text, count }) : text
    }
    case 'service':
      return t('mark.service', { name: serviceName(view, mark.name), before: t(`status.${mark.before}`), after: t(`status.${mark.after}`) })
    case 'outage':
      return outageText(view, mark)
    case 'version':
      return t('mark.version', { before: mark.before, after: mark.after })
    case 'burst':
      return t('mark.burst', { peak: format.integer(mark.peak) })
  }
}

/** @param {View} view @param {Outage} outage */
function outageText(view, { at, until, name, status }) {
  const { t, format, now } = view
  const form = at === -Infinity ? 'until' : until === Infinity ? 'since' : 'span'
  const [from, to] = [at, until].map((instant) => format.when(instant, now))
  return t(`mark.outage_${form}`, { name: serviceName(view, name), status: t(`status.${status}`), from, to, age: format.age(Math.min(until, now) - at) })
}

/** @param {View} view @param {Service} name */
function serviceName({ t, sample }, name) {
  return name === 'rabbitmq' ? brokerName(sample?.broker_kind ?? null) : t(`service.${name}`)
}

/** @param {View} view @param {HTMLElement} list @param {(Mark | Outage)[]} marks the newest are told, the others counted */
function renderMarks(view, list, marks) {
  list.hidden = marks.length === 0
  const told = marks.slice(-MOST_MARKS)
  const lines = told.map((mark) => ({ ...lookOf(mark), text: mark.kind === 'outage' ? markText(view, mark) : `${view.format.clock(mark.at)} ${markText(view, mark)}` }))
  const more = marks.length - told.length
  fitChildren(list, lines.length + Number(more > 0), () => el('li'))
  lines.forEach(({ tone, shape, text }, index) => {
    setAttribute(list.children[index], 'data-tone', tone)
    setAttribute(list.children[index], 'data-shape', shape)
    setText(list.children[index], text)
  })
  if (more > 0) setText(list.children[lines.length], view.t('mark.more', { count: more }))
  if (more > 0) list.children[lines.length].removeAttribute('data-shape')
}

function readingGroup() {
  const group = el('li', 'reading-group')
  group.append(el('span', 'reading-title'), el('ul', 'reading-rows'))
  return group
}

function readingRow() {
  const row = el('li', 'reading-row')
  row.append(el('i', 'reading-swatch'), el('span', 'reading-name'), el('b', 'reading-value'), el('span', 'reading-span'))
  return row
}
