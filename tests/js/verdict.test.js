// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { verdict } from '../../static/js/model/verdict.js'
import { makeSample } from './sample.js'

/** @typedef {import('../../static/js/model/connection.js').Connection} Connection */
/** @typedef {import('../../static/js/model/types.js').Check} Check */

const LIVE = /** @type {Connection} */ ({ code: 'live', age_s: 1, retry_s: null, cause: null })

/** @param {Check['status']} status @param {string} [reason] @param {Check['facts']} [facts] @returns {Check} */
function check(status, reason, facts = {}) {
  return { status, reason: reason ?? null, latency_ms: null, facts }
}

/** @param {Partial<Record<import('../../static/js/model/types.js').Service, Check>>} checks */
function withChecks(checks) {
  const sample = makeSample()
  return { ...sample, checks: { ...sample.checks, ...checks } }
}

test('all is clear: the queue is named', () => {
  assert.deepEqual(verdict(LIVE, makeSample({ queue_size: 7 }), 0), { level: 'ok', code: 'ok_queue', params: { ready: 7 }, also: [] })
})

test('an unknown queue is never read as an empty one', () => {
  assert.equal(verdict(LIVE, makeSample({ queue_size: null }), 0).code, 'ok_queue_unknown')
})

test('no watched queue, no word about queues', () => {
  assert.equal(verdict(LIVE, makeSample({ queues: [], queue_size: null }), 0).code, 'ok')
})

test('a stopped dispatch says how much is waiting', () => {
  const sample = { ...withChecks({ worker: check('offline', 'no_consumers') }), queue_size: 1250 }

  const { level, code, params } = verdict(LIVE, sample, 0)

  assert.deepEqual({ level, code, params }, { level: 'bad', code: 'worker_offline_waiting', params: { waiting: 1250 } })
})

test('a stopped dispatch says since when, where that is known', () => {
  const sample = { ...withChecks({ worker: check('offline', 'no_consumers', { idle_s: 90, waiting: 1250 }) }), queue_size: 1250 }

  const { code, params } = verdict(LIVE, sample, 0)

  assert.deepEqual({ code, params }, { code: 'worker_offline_since', params: { waiting: 1250, age: 90 } })
})

test('a standstill of one queue among several, which nobody consumes, names it', () => {
  const facts = { queue: 'low', idle_s: 75, waiting: 9 }
  const { code, params } = verdict(LIVE, withChecks({ worker: check('offline', 'no_consumers', facts) }), 0)

  assert.deepEqual({ code, params }, { code: 'worker_offline_queue', params: { name: 'low', age: 75, waiting: 9 } })
})

test('messages that wait while none leaves are a standstill, with numbers where there are any', () => {
  const facts = { queue: 'dispatch', idle_s: 75, waiting: 130 }
  const { level, code, params } = verdict(LIVE, withChecks({ worker: check('offline', 'no_progress', facts) }), 0)

  assert.deepEqual({ level, code, params }, { level: 'bad', code: 'worker_stopped_counted', params: { age: 75, waiting: 130 } })
  assert.equal(verdict(LIVE, withChecks({ worker: check('offline', 'no_progress') }), 0).code, 'worker_stopped')
})

test('what nobody can tell of a queue is told as that, and what a worker holds without finishing as that', () => {
  const unseen = verdict(LIVE, withChecks({ worker: check('unknown', 'movement_unknown', { idle_s: 60, waiting: 4 }) }), 0)
  const held = verdict(LIVE, withChecks({ worker: check('degraded', 'unfinished', { idle_s: 115, unacked: 1000 }) }), 0)

  assert.deepEqual([unseen.level, unseen.code, unseen.params.waiting], ['warn', 'worker_movement_unknown_counted', 4])
  assert.deepEqual([held.level, held.code, held.params.unacked], ['warn', 'worker_unfinished_counted', 1000])
})

test('a queue that is counted only in part is a warning that names the queue', () => {
  const queue = /** @type {const} */ ({ name: 'dispatch', state: 'unknown', reason: 'priorities_not_counted', ready: null, peak: null, consumers: null })
  const { level, code, params } = verdict(LIVE, makeSample({ queue_size: null, queues: [queue] }), 0)

  assert.deepEqual({ level, code, params }, { level: 'warn', code: 'queue_priorities_not_counted', params: { name: 'dispatch' } })
})

test('an alarm of the broker is called by its name', () => {
  assert.equal(verdict(LIVE, withChecks({ rabbitmq: check('degraded', 'alarm_disk') }), 0).code, 'rabbitmq_alarm_disk')
})

test('with rates known, the queue says where it is going', () => {
  const queue = { name: 'dispatch', state: /** @type {const} */ ('ok'), ready: 1250, peak: 1250, consumers: 2 }
  const moving = (/** @type {number} */ in_per_s, /** @type {number} */ out_per_s) =>
    verdict(LIVE, makeSample({ queue_size: 1250, queues: [{ ...queue, in_per_s, out_per_s }] }), 0)

  assert.deepEqual(moving(0, 5).params, { ready: 1250, about: 250 })
  assert.equal(moving(0, 5).code, 'ok_queue_drains')
  assert.deepEqual(moving(12, 0).params, { ready: 1250, rate: 12 })
  assert.equal(moving(5, 5).code, 'ok_queue')
})

test('a container close to its memory limit is named, unless its report is old', () => {
  const { cpu, ram } = makeSample().detail
  const container = (/** @type {number} */ age_s) => makeSample({ containers: [{ name: 'backend', age_s, cpu, ram: { ...ram, percent: 95.2 } }] })

  assert.deepEqual(verdict(LIVE, container(1), 0).params, { name: 'backend', percent: 95 })
  assert.equal(verdict(LIVE, container(14), 0).level, 'ok')
})

test('the worst comes first, the rest is not lost', () => {
  const sample = { ...withChecks({ worker: check('degraded'), rabbitmq: check('offline', 'refused') }), ram_percent: 93.4 }

  const result = verdict(LIVE, sample, 0)

  assert.equal(result.code, 'rabbitmq_offline')
  assert.deepEqual(result.also.map(({ code }) => code), ['worker_degraded', 'ram_high'])
})

test('the watched broker is called by its name', () => {
  const sample = { ...withChecks({ rabbitmq: check('offline', 'refused') }), broker_kind: /** @type {const} */ ('redis') }

  assert.equal(verdict(LIVE, sample, 0).params.broker, 'Redis')
})

test('what is not watched is no trouble', () => {
  assert.equal(verdict(LIVE, withChecks({ worker: check('disabled', 'not_watched') }), 0).level, 'ok')
})

test('a first look is uncertain, a silent worker is a warning', () => {
  assert.equal(verdict(LIVE, withChecks({ worker: check('unknown', 'first_look') }), 0).code, 'first_look')
  assert.deepEqual(verdict(LIVE, withChecks({ worker: check('unknown', 'ping_silent') }), 0).level, 'warn')
})

test('one full tick of CPU is no news, five in a row are', () => {
  assert.equal(verdict(LIVE, makeSample({ cpu: 100 }), 1).level, 'ok')
  assert.equal(verdict(LIVE, makeSample({ cpu: 100 }), 5).code, 'cpu_high')
})

const DOUBTS = /** @type {[Partial<Connection>, string, object][]} */ ([
  [{ code: 'stale', age_s: 14.7 }, 'silent', { age: 14 }],
  [{ code: 'offline', retry_s: 3, cause: null }, 'offline_retry', { seconds: 3 }],
  [{ code: 'offline' }, 'offline', {}],
  [{ code: 'signed_out' }, 'signed_out', {}],
  [{ code: 'unverified' }, 'unverified', {}],
  [{ code: 'forbidden' }, 'forbidden', {}],
  [{ code: 'replaced' }, 'replaced', {}],
])
for (const [changes, code, params] of DOUBTS) {
  test(`whatever the last sample said, ${changes.code} is the verdict ${code}`, () => {
    const result = verdict({ ...LIVE, ...changes }, makeSample(), 0)

    assert.deepEqual(result, { level: 'unknown', code, params, also: [] })
  })
}

test('without a sample there is nothing to judge', () => {
  assert.equal(verdict({ code: 'empty', age_s: null, retry_s: null, cause: null }, null, 0).code, 'empty')
  assert.equal(verdict({ code: 'connecting', age_s: null, retry_s: null, cause: null }, null, 0).code, 'connecting')
})

test('what is wrong with the watching itself is told, and a code that nobody knows is not', () => {
  const troubles = /** @type {import('../../static/js/model/types.js').Trouble[]} */ ([
    { code: 'clock_differs', facts: { seconds: -600 } }, { code: 'two_collectors' },
    { code: 'container_shared', facts: { name: 'backend', count: 2 } }, { code: '<script>' },
  ])

  const { level, code, params, also } = verdict(LIVE, makeSample({ troubles }), 0)

  assert.deepEqual({ level, code, params }, { level: 'warn', code: 'clock_differs', params: { host: 'web-1', age: 600 } })
  assert.deepEqual(also.map((finding) => [finding.code, finding.params]), [
    ['two_collectors', { host: 'web-1' }], ['container_shared', { name: 'backend', count: 2 }],
  ])
})

test('a store that takes nothing is named, before the first sample as well', () => {
  assert.equal(verdict({ ...LIVE, code: 'stale', age_s: 12, cause: 'store_full' }, makeSample(), 0).code, 'silent_store_full')
  assert.equal(verdict({ ...LIVE, code: 'empty', age_s: null, cause: 'store_read_only' }, null, 0).code, 'empty_store_read_only')
})
