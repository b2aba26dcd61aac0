// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { countedBy } from '../../static/js/model/reasons.js'

test('a reason whose numbers are all known is told with them', () => {
  assert.deepEqual(countedBy('no_progress', { queue: 'dispatch', idle_s: 90, waiting: 1250 }), { age: 90, waiting: 1250 })
})

test('a number that is missing leaves the sentence without numbers', () => {
  assert.equal(countedBy('no_progress', { idle_s: 90 }), null)
  assert.equal(countedBy('no_consumers', {}), null)
})

test('a reason that counts nothing has one sentence', () => {
  assert.equal(countedBy('timeout', { idle_s: 3 }), null)
})
