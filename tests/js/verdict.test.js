// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { verdict } from '../../static/js/model/verdict.js'
import { makeSample, makeVerdict } from './sample.js'

/** @typedef {import('../../static/js/model/connection.js').Connection} Connection */
/** @typedef {import('../../static/js/model/types.js').Facts} Facts */

const LIVE = /** @type {Connection} */ ({ code: 'live', age_s: 1, retry_s: null, cause: null })

test('the collector judges: the page says what came with the sample', () => {
  const given = { ...makeVerdict('bad', 'stuck', { waiting: 130, idle_s: 75 }), also: [makeVerdict('attention', 'ram_high', { percent: 93 })] }

  assert.deepEqual(verdict(LIVE, makeSample({ verdict: given })), given)
})

test('a sample without a verdict is of an older collector, and never fine', () => {
  for (const nothing of [null, undefined]) {
    const { level, code, facts } = verdict(LIVE, makeSample({ verdict: nothing }))

    assert.deepEqual({ level, code, facts }, { level: 'unknown', code: 'older_collector', facts: { host: 'web-1' } })
  }
})

test('a level that the page does not know is unknown, and parts that are missing are empty', () => {
  const strange = /** @type {any} */ ({ level: 'brand_new', code: 'brand_new' })

  assert.deepEqual(verdict(LIVE, makeSample({ verdict: strange })), { level: 'unknown', code: 'brand_new', facts: {}, also: [], cause: null })
})

const DOUBTS = /** @type {[Partial<Connection>, string, Facts][]} */ ([
  [{ code: 'stale', age_s: 14.7 }, 'silent', { age_s: 14 }],
  [{ code: 'offline', retry_s: 3, cause: null }, 'offline_retry', { seconds: 3 }],
  [{ code: 'offline' }, 'offline', {}],
  [{ code: 'signed_out' }, 'signed_out', {}],
  [{ code: 'unverified' }, 'unverified', {}],
  [{ code: 'forbidden' }, 'forbidden', {}],
  [{ code: 'replaced' }, 'replaced', {}],
])
for (const [changes, code, facts] of DOUBTS) {
  test(`whatever the last sample said, ${changes.code} is the verdict ${code}`, () => {
    assert.deepEqual(verdict({ ...LIVE, ...changes }, makeSample()), { level: 'unknown', code, facts, also: [], cause: null })
  })
}

test('without a sample there is nothing to say', () => {
  assert.equal(verdict({ code: 'empty', age_s: null, retry_s: null, cause: null }, null).code, 'empty')
  assert.equal(verdict({ code: 'connecting', age_s: null, retry_s: null, cause: null }, null).code, 'connecting')
})

test('a store that takes nothing is named, before the first sample as well', () => {
  assert.equal(verdict({ ...LIVE, code: 'stale', age_s: 12, cause: 'store_full' }, makeSample()).code, 'silent_store_full')
  assert.equal(verdict({ ...LIVE, code: 'empty', age_s: null, cause: 'store_read_only' }, null).code, 'empty_store_read_only')
})
