// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { csvText } from '../../static/js/time/csv.js'
import { COLUMNS } from '../../static/js/time/series.js'

/** @typedef {import('../../static/js/time/series.js').Columns} Columns */

/** @param {number[]} instants @param {(index: number) => number | null} value @returns {Columns} */
function columnsOf(instants, value) {
  return [instants, ...COLUMNS.slice(1).map(() => instants.map((_, index) => value(index)))]
}

test('samples of the window are lines with ISO times and units, what is not known is empty', () => {
  const columns = columnsOf([0, 3, 6, 9], (index) => index + 0.5)
  columns[1][1] = null
  const lines = csvText({ columns, low: null, high: null }, { min: 3, max: 6 }).split('\r\n')

  assert.equal(lines[0].split(',').slice(0, 3).join(), 'time,cpu_percent,ram_percent')
  assert.equal(lines[1].slice(0, 30), '1970-01-01T00:00:03.000Z,,1.5,')
  assert.equal(lines.length, 4)
})

test('a row in which nothing is known is a gap and no line', () => {
  assert.equal(csvText({ columns: columnsOf([0, 3], () => null), low: null, high: null }, { min: 0, max: 9 }).split('\r\n').length, 2)
})

test('a step of the history has average, lowest and highest', () => {
  const [columns, low, high] = [2, 1, 3].map((value) => columnsOf([60], () => value))
  const [heads, line] = csvText({ columns, low, high }, { min: 0, max: 60 }).split('\r\n')

  assert.match(heads, /^time,cpu_percent,cpu_percent_min,cpu_percent_max,/)
  assert.match(line, /Z,2,1,3,2,1,3/)
})
