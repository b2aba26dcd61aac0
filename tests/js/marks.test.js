// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clustersOf, logMarks, lookOf, mergeMarks, sampleMarks } from '../../static/js/time/marks.js'
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
