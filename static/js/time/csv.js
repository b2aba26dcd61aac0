// @ts-check
/** The window shown, as CSV (RFC 4180): times in ISO 8601 UTC, units in the header. [pure] */

import { COLUMNS, indexFrom } from './series.js'

/** @import { Columns } from './series.js' */
/** @import { Slice } from './dataset.js' */
/** @import { Window } from './timeframe.js' */

const HEADS = /** @type {Record<string, string>} */ ({
  cpu: 'cpu_percent', host_cpu: 'host_cpu_percent', queue_size: 'queue_size_messages', queue_peak: 'queue_peak_messages',
})

/**
 * One row for each sample or step in the window that has any value; unknown values are empty. If the rows are steps of the
 * history, each series has an average, a lowest and a highest value.
 *
 * @param {Pick<Slice, 'columns' | 'low' | 'high'>} slice
 * @param {Window} window
 * @returns {string}
 */
export function csvText({ columns, low, high }, { min, max }) {
  const heads = COLUMNS.slice(1).map((name) => HEADS[name] ?? name)
  const parts = /** @type {[string, Columns][]} */ ([['', columns], ['_min', low], ['_max', high]].filter(([, part]) => part))
  const lines = [['time', ...heads.flatMap((head) => parts.map(([ending]) => head + ending))]]
  const [instants] = columns
  for (let index = indexFrom(instants, min); index < instants.length && instants[index] <= max; index++) {
    const cells = heads.flatMap((_, position) => parts.map(([, part]) => part[position + 1][index]))
    if (cells.every((cell) => cell === null)) continue
    lines.push([new Date(instants[index] * 1000).toISOString(), ...cells.map((cell) => String(cell ?? ''))])
  }
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('')
}
