// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { coarseStep, coarsened } from '../../static/js/time/coarse.js'
import { appendRow, column, emptyColumns } from '../../static/js/time/series.js'

/** CPU samples, one every 3 s from epoch 0. @param {(number | null)[]} values */
function samples(values) {
  const columns = emptyColumns()
  values.forEach((value, index) => appendRow(columns, [3 * index, value], { interval_s: 3, keep_s: Infinity }))
  return { columns, low: null, high: null }
}

/** @param {ReturnType<typeof coarsened>} coarse */
function cpu({ columns, low, high }) {
  return columns[0].map((at, index) => [at, ...[columns, low, high].map((from) => column(from, 'cpu')[index])])
}

test('five minutes show every sample, longer windows at most as many rows as can be told apart', () => {
  assert.deepEqual([60, 300, 900, 3600].map((span_s) => coarseStep(span_s, 3)), [3, 3, 10, 30])
  assert.deepEqual([[86_400, 60], [604_800, 600], [2_592_000, 3600]].map(([span_s, step_s]) => coarseStep(span_s, step_s)), [600, 3600, 21_600])
})

test('steps of the history that are few enough are shown as they are', () => {
  assert.equal(coarseStep(7200, 60), 60)
  assert.equal(coarseStep(3 * 3600, 60), 120)
})

test('a row is the average of its samples between the lowest and the highest, and the line ends at the newest sample', () => {
  const rows = cpu(coarsened(samples([10, 20, 30, 40, 0, 50, 7]), 10))

  assert.deepEqual(rows, [[9, 25, 10, 40], [18, 7, 0, 50]])
})

test('the lowest and highest of steps are those of their samples, not of their averages', () => {
  const { columns: average } = samples([5, 5, 5, 5])
  const [low, high] = [samples([1, 0, 2, 3]).columns, samples([9, 6, 80, 7]).columns]

  assert.deepEqual(cpu(coarsened({ columns: average, low, high }, 10)), [[9, 5, 0, 80]])
})

test('what nobody measured stays a gap, and one unknown value hides no known ones', () => {
  const columns = emptyColumns()
  for (const [at, value] of [[0, 4], [3, null], [6, 8], [60, 2]]) appendRow(columns, [/** @type {number} */ (at), value], { interval_s: 3, keep_s: Infinity })

  assert.deepEqual(cpu(coarsened({ columns, low: null, high: null }, 10)).map(([at, value]) => [at, value]), [[9, 6], [19, null], [60, 2]])
})

test('rows stay the same while newer samples come in', () => {
  const values = Array.from({ length: 40 }, (_, index) => index)
  const [before, after] = [values.slice(0, 30), values].map((known) => cpu(coarsened(samples(known), 10)))

  assert.deepEqual(after.slice(0, before.length - 1), before.slice(0, -1))
})
