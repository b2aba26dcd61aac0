// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isFull, isSilent, shareBusy, tasksByTrouble, workersByTrouble } from '../../static/js/model/workload.js'
import { UNKNOWN, makeFormat } from '../../static/js/ui/format.js'
import { perMinuteText, secondsText } from '../../static/js/views/workload_columns.js'

/** @typedef {import('../../static/js/model/types.js').Worker} Worker */
/** @typedef {import('../../static/js/model/types.js').Task} Task */

const RATES = { started_per_min: null, succeeded_per_min: null, failed_per_min: null, retried_per_min: null }

/** @param {string} name @param {Partial<Worker>} [changes] @returns {Worker} */
function worker(name, changes = {}) {
  return { name, age_s: 1, slots: 8, busy: 0, oldest_s: null, prefetch: 4, queues: ['dispatch'], skew_s: null, ...RATES, ...changes }
}

/** @param {string} name @param {Partial<Task>} [changes] @returns {Task} */
function task(name, changes = {}) {
  const times = { runtime_p50_s: null, runtime_p95_s: null, wait_p50_s: null, wait_p95_s: null }
  return { name, ...RATES, ...times, last_failure: null, ...changes }
}

test('workers in trouble stand first: silent ones, those with failures, the busiest', () => {
  const workers = [worker('b'), worker('a'), worker('full', { busy: 8 }), worker('failing', { failed_per_min: 2 }), worker('gone', { age_s: 90 })]

  assert.deepEqual(workersByTrouble(workers).map(({ name }) => name), ['gone', 'failing', 'full', 'a', 'b'])
})

test('tasks that fail stand first, then those that failed last, then those that run most', () => {
  const tasks = [
    task('idle'), task('often', { started_per_min: 90 }), task('failing', { failed_per_min: 0.5 }),
    task('failed_long_ago', { last_failure: { kind: 'KeyError', age_s: 900 } }), task('failed', { last_failure: { kind: 'KeyError', age_s: 9 } }),
  ]

  assert.deepEqual(tasksByTrouble(tasks).map(({ name }) => name), ['failing', 'failed', 'failed_long_ago', 'often', 'idle'])
})

test('what is not known is neither silent nor full', () => {
  assert.equal(isSilent(worker('a', { age_s: null })), false)
  assert.equal(isFull(worker('a', { busy: null })), false)
  assert.equal(isFull(worker('a', { busy: 0, slots: 0 })), false)
  assert.equal(shareBusy(worker('a', { slots: null })), null)
  assert.equal(shareBusy(worker('a', { busy: 9 })), 1)
})

test('numbers of a minute and durations are short, and what is not known is a dash', () => {
  const format = makeFormat('pt-BR')
  const minutes = [null, 0, 0.04, 0.5, 3, 12.4, 1250].map((value) => perMinuteText(format, value))
  const seconds = [null, 0.004, 0.12, 1.44, 61].map((value) => secondsText(format, value).replace('\u00a0', ' '))

  assert.deepEqual(minutes, [UNKNOWN, '0', '<0,1', '0,5', '3', '12', '1.250'])
  assert.deepEqual(seconds.slice(0, 4), [UNKNOWN, '4,0 ms', '120 ms', '1,4 s'])
})
