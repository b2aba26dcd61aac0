// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { verdict } from '../../static/js/verdict.js'
import { makeSample } from './sample.js'

/** @typedef {import('../../static/js/state.js').Connection} Connection */
/** @typedef {import('../../static/js/types.js').Check} Check */

const LIVE = /** @type {Connection} */ ({ code: 'live', age_s: 1, retry_s: null })

/** @param {Check['status']} status @param {string} [reason] @returns {Check} */
function check(status, reason) {
  return { status, reason: reason ?? null, latency_ms: null }
}

/** @param {Partial<Record<import('../../static/js/types.js').Service, Check>>} checks */
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
  [{ code: 'offline', retry_s: 3 }, 'offline_retry', { seconds: 3 }],
  [{ code: 'offline' }, 'offline', {}],
  [{ code: 'signed_out' }, 'signed_out', {}],
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
  assert.equal(verdict({ code: 'empty', age_s: null, retry_s: null }, null, 0).code, 'empty')
  assert.equal(verdict({ code: 'connecting', age_s: null, retry_s: null }, null, 0).code, 'connecting')
})
