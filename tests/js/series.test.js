// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  appendNewer, appendRow, column, columnsOf, emptyColumns, endingRow, highestIn, isAlike, isCovered, nearestIndex, sampleRow, unknownSpans, valueAt,
} from '../../static/js/time/series.js'
import { makeHistory, makeSample } from './sample.js'

const OPTIONS = { interval_s: 3, keep_s: 60 }

/** @param {number[]} instants */
function columnsAt(...instants) {
  const columns = emptyColumns()
  for (const at of instants) appendRow(columns, sampleRow(makeSample({ at })), OPTIONS)
  return columns
}

test('columns stay aligned and take their values from the sample', () => {
  const sample = makeSample({ at: 10, cpu: 1, ram_percent: 2, queue_size: 4, queue_peak: null })
  const columns = emptyColumns()

  appendRow(columns, sampleRow(sample), OPTIONS)

  assert.equal(columns[0][0], 10)
  for (const [name, value] of /** @type {const} */ ([
    ['cpu', 1], ['ram_percent', 2], ['host_cpu', 40], ['queue_size', 4], ['queue_peak', null], ['in_per_s', null], ['database_ms', 1],
  ])) assert.deepEqual(column(columns, name), [value], name)
})

test('flows are known when every queue that exists tells its own', () => {
  const queue = (/** @type {number | null} */ in_per_s, /** @type {'ok' | 'missing'} */ state = 'ok') =>
    ({ name: 'dispatch', state, ready: 1, peak: 1, consumers: 1, in_per_s, out_per_s: 1 })
  const flow = (/** @type {import('../../static/js/model/types.js').Queue[]} */ ...queues) => sampleRow(makeSample({ queues }))[7]

  assert.equal(flow(queue(2), queue(3)), 5)
  assert.equal(flow(queue(2), queue(null)), null)
  assert.equal(flow(queue(2), queue(null, 'missing')), 2)
})

test('the wait is the longest of all queues that exist, where each tells its own', () => {
  const queue = (/** @type {number | null} */ wait_s, /** @type {'ok' | 'missing'} */ state = 'ok') =>
    ({ name: 'dispatch', state, ready: 1, peak: 1, consumers: 1, wait_s })
  const wait = (/** @type {import('../../static/js/model/types.js').Queue[]} */ ...queues) => sampleRow(makeSample({ queues })).at(-1)

  assert.equal(wait(queue(2), queue(30)), 30)
  assert.equal(wait(queue(2), queue(null)), null)
  assert.equal(wait(queue(2), queue(null, 'missing')), 2)
  assert.equal(wait(), null)
})

test('a missed tick becomes a null row, a late one does not', () => {
  assert.deepEqual(columnsAt(0, 4.4)[0], [0, 4.4])
  assert.deepEqual(columnsAt(0, 9)[0], [0, 3, 9])
  assert.equal(columnsAt(0, 9)[1][1], null)
})

test('a sample that is not newer is ignored', () => {
  assert.deepEqual(columnsAt(3, 3, 0)[0], [3])
})

test('a clock set far back starts anew instead of freezing the chart', () => {
  assert.deepEqual(columnsAt(1000, 1003, 10)[0], [10])
})

test('what is older than kept is forgotten, in pieces', () => {
  const [instants, ...values] = columnsAt(...Array.from({ length: 40 }, (_, index) => index * 3))

  assert.ok(instants[0] >= 117 - 64 && instants[0] <= 57)
  assert.equal(instants.at(-1), 117)
  for (const each of values) assert.equal(each.length, instants.length)
})

test('history is read by name, its gaps marked', () => {
  const history = makeHistory([0, 3, 12])
  const columns = columnsOf(history, history.columns, OPTIONS)

  assert.deepEqual(columns[0], [0, 3, 6, 12])
  assert.deepEqual(column(columns, 'queue_peak'), [0, 1, null, 2])
})

test('an empty history gives empty columns', () => {
  assert.deepEqual(columnsOf(makeHistory([]), makeHistory([]).columns, OPTIONS), emptyColumns())
})

test('samples that came in while history was fetched are kept', () => {
  const columns = columnsAt(0, 3)

  appendNewer(columns, columnsAt(3, 6), OPTIONS)

  assert.deepEqual(columns[0], [0, 3, 6])
})

test('unknown are the gaps and what follows the last sample', () => {
  const columns = columnsAt(0, 3, 12, 15)
  const isKnown = (/** @type {number} */ index) => columns[1][index] !== null

  assert.deepEqual(unknownSpans(columns[0], { from: 0, to: 20, interval_s: 3, isKnown }), [[3, 12], [15, 20]])
  assert.deepEqual(unknownSpans(columns[0], { from: 13, to: 15, interval_s: 3, isKnown }), [])
})

test('samples that know nothing of a series leave it unknown from the first on', () => {
  assert.deepEqual(unknownSpans([0, 3, 6], { from: 0, to: 6, interval_s: 3, isKnown: () => false }), [[0, 6]])
  assert.deepEqual(unknownSpans([], { from: 0, to: 6, interval_s: 3, isKnown: () => false }), [])
})

test('the highest value is looked for in the window alone', () => {
  assert.equal(highestIn([0, 3, 6, 9], [150, 2, null, 7], { min: 1, max: 6 }), 1)
  assert.equal(highestIn([0, 3, 6], [null, null, null], { min: 0, max: 6 }), -1)
})

test('the row nearest to an instant is found', () => {
  for (const [at, index] of [[-5, 0], [1, 0], [2, 1], [7, 2], [99, 3]]) assert.equal(nearestIndex([0, 3, 6, 9], at), index)
  assert.equal(nearestIndex([], 5), -1)
})

test('where we looked and found nothing is unknown, and a step may be long on its way', () => {
  const isKnown = () => true

  assert.deepEqual(unknownSpans([60, 120], { from: 0, to: 250, since: 0, interval_s: 60, late_s: 180, isKnown }).length, 0)
  assert.deepEqual(unknownSpans([160], { from: 0, to: 170, since: 0, interval_s: 60, late_s: 180, isKnown }), [[0, 160]])
})

for (const [what, at, isStepped, expected] of /** @type {const} */ ([
  ['between two samples it is on the line', 1, false, 15],
  ['a stepped line holds the later value', 1, true, 20],
  ['before the first sample it is unknown', -1, false, null],
  ['in a gap it is unknown', 4, false, null],
  ['just after the last sample it still is that', 10, false, 40],
  ['long after the last sample it is unknown', 11, false, null],
])) {
  test(`the height at an instant: ${what}`, () => {
    assert.equal(valueAt([0, 2, 6, 9], [10, 20, null, 40], { at, isStepped, late_s: 1.5 }), expected)
  })
}

test('what is written at the end of a line was measured: live the newest sample, else the last one in the window', () => {
  const instants = [0, 3, 6, 9]

  assert.equal(endingRow(instants, 7, true), 3)
  assert.deepEqual([7, 6, 20, -1].map((max) => endingRow(instants, max, false)), [2, 2, 3, -1])
})

test('the wait is the longest of the queues, where each of them is known', () => {
  const queue = (/** @type {number | null} */ wait_s, /** @type {'ok' | 'missing'} */ state = 'ok') =>
    ({ name: 'dispatch', state, ready: 1, peak: 1, consumers: 1, wait_s })
  const wait = (/** @type {import('../../static/js/model/types.js').Queue[]} */ ...queues) => {
    const columns = emptyColumns()
    appendRow(columns, sampleRow(makeSample({ queues })), OPTIONS)
    return column(columns, 'wait_s')[0]
  }

  assert.equal(wait(queue(2), queue(31)), 31)
  assert.equal(wait(queue(2), queue(null)), null)
  assert.equal(wait(queue(2), queue(null, 'missing')), 2)
})

test('two lines are one where they never part by more than the eye tells', () => {
  const columns = emptyColumns()
  for (const [at, cpu, host] of [[0, 90, 10], [3, 20, 21], [6, 30, 29], [9, null, 5]]) {
    appendRow(columns, [/** @type {number} */ (at), cpu, null, host], OPTIONS)
  }

  assert.ok(isAlike(columns, 'cpu', 'host_cpu', { min: 3, max: 9 }, 1.5))
  assert.ok(!isAlike(columns, 'cpu', 'host_cpu', { min: 0, max: 9 }, 1.5))
  assert.ok(!isAlike(columns, 'cpu', 'host_cpu', { min: 9, max: 9 }, 1.5))
})

test('a line covers another where it is known whenever the other is, within the window', () => {
  const columns = emptyColumns()
  const queue = /** @type {const} */ ({ name: 'dispatch', state: 'ok', ready: 0, peak: 0, consumers: null })
  const crew = { workers: 1, silent: 0, slots: 4, usable: 4, busy: 0, oldest_s: null, started_per_s: 1, failed_per_min: null }
  for (const [at, out_per_s] of /** @type {[number, number | null][]} */ ([[10, null], [13, 2], [16, 2]])) {
    appendRow(columns, sampleRow(makeSample({ at, crew, queues: [{ ...queue, out_per_s }] })), OPTIONS)
  }
  const isCoveredFrom = (/** @type {number} */ min) => isCovered(columns, 'out_per_s', 'started_per_s', { min, max: 16 })

  assert.equal(isCoveredFrom(10), false)
  assert.equal(isCoveredFrom(13), true)
})
