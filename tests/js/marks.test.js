// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clustersOf, isDrawn, logMarks, lookOf, mergeMarks, outagesOf, sampleMarks } from '../../static/js/time/marks.js'
import { makeSample } from './sample.js'

/** @typedef {import('../../static/js/time/marks.js').Mark} Mark */

/** @param {number} at @returns {Mark} */
const burst = (at) => ({ at, kind: 'burst', peak: 150 })
/** @param {number} at @param {'online' | 'degraded' | 'offline'} state @returns {Mark} */
const worker = (at, state) => ({ at, kind: 'service', name: 'worker', before: 'online', after: state })
const LOG = {
  id: 'a1', host: 'web-1', level: /** @type {const} */ ('critical'), service: 'backend', logger: 'app', message: 'boom', traceback: null,
  task: null, first_at: 7, last_at: 7, count: 1,
}

test('a mark of a sample happened when the sample was taken', () => {
  assert.deepEqual(sampleMarks(makeSample({ at: 10, marks: [{ kind: 'burst', peak: 150 }] })), [burst(10)])
  assert.deepEqual(sampleMarks(makeSample()), [])
})

test('marks told twice are one, in the order of time; a log group is known by its id', () => {
  const again = { ...LOG, count: 5 }

  assert.deepEqual(mergeMarks([burst(9), burst(3)], [burst(9)]), [burst(3), burst(9)])
  assert.deepEqual(mergeMarks(logMarks([LOG]), logMarks([again])), [{ at: 7, kind: 'log', log: again }])
})

test('every kind has a look of its own, by shape too', () => {
  const marks = [burst(1), worker(1, 'offline'), worker(1, 'online'), ...logMarks([LOG]), /** @type {Mark} */ ({ at: 1, kind: 'version', before: '1', after: '2' })]

  assert.equal(new Set(marks.map((mark) => lookOf(mark).shape)).size, marks.length)
  assert.equal(lookOf(worker(1, 'degraded')).tone, 'warn')
})

test('where marks are dense they are one, which looks like the worst of them', () => {
  const clusters = clustersOf([burst(0), worker(4, 'offline'), worker(20, 'online')], 5)

  assert.deepEqual(clusters.map(({ at, marks, look }) => [at, marks.length, look.tone]), [[0, 2, 'bad'], [20, 1, 'ok']])
})

/** @typedef {import('../../static/js/model/types.js').Status} Status */
/** @param {number} at @param {Status} before @param {Status} after @returns {Mark} */
const change = (at, before, after) => ({ at, kind: 'service', name: 'worker', before, after })

test('a log is marked each time that it came after a silence', () => {
  const often = { ...LOG, began_at: [7, 300, 900], last_at: 903, count: 17 }

  assert.deepEqual(mergeMarks(logMarks([often]), logMarks([often])).map(({ at }) => at), [7, 300, 900])
})

test('an outage is one span, as bad as it became, and its end has no symbol', () => {
  const marks = [change(10, 'online', 'unknown'), change(20, 'unknown', 'offline'), change(80, 'offline', 'online'), change(90, 'online', 'degraded')]

  assert.deepEqual(outagesOf(marks).map(({ at, until, status }) => [at, until, status]), [[10, 80, 'offline'], [90, Infinity, 'degraded']])
  assert.deepEqual(marks.filter(isDrawn).map(({ at }) => at), [10, 20, 90])
})

test('an outage that began before what is known reaches back to there', () => {
  assert.deepEqual(outagesOf([change(10, 'offline', 'online')]).map(({ at, until, status }) => [at, until, status]), [[-Infinity, 10, 'offline']])
  assert.deepEqual(outagesOf([change(10, 'online', 'unknown')]).map(lookOf), [{ tone: 'warn', shape: 'down' }])
})

test('a service that is switched on or off is no outage', () => {
  const marks = [change(10, 'disabled', 'online'), change(20, 'online', 'disabled')]

  assert.deepEqual(outagesOf(marks), [])
  assert.ok(marks.every(isDrawn))
  assert.deepEqual(outagesOf([change(5, 'online', 'offline'), change(9, 'offline', 'disabled')]).map(({ until }) => until), [9])
})
