// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { longestWait, rateOf } from '../../static/js/model/queues.js'

/** @typedef {import('../../static/js/model/types.js').Queue} Queue */

/** @param {Partial<Queue>} changes @returns {Queue} */
const queue = (changes) => ({ name: 'dispatch', state: 'ok', ready: 0, peak: 0, consumers: 1, ...changes })

test('the wait of all queues is the longest one, and a bound as soon as one is', () => {
  assert.deepEqual(longestWait([queue({ wait_s: 5 }), queue({ wait_s: 90 })]), { wait_s: 90, isBound: false })
  assert.deepEqual(longestWait([queue({ wait_s: 5, wait_is_bound: true }), queue({ wait_s: 90 })]), { wait_s: 90, isBound: true })
})

test('a wait or a rate that one queue does not tell is unknown, and a missing queue says nothing', () => {
  assert.equal(longestWait([queue({ wait_s: 5 }), queue({})]), null)
  assert.equal(longestWait([queue({ wait_s: 5 }), queue({ wait_s: null })]), null)
  assert.deepEqual(longestWait([queue({ wait_s: 5 }), queue({ state: 'missing' })]), { wait_s: 5, isBound: false })
  assert.equal(rateOf([queue({ in_per_s: 4 }), queue({ in_per_s: null })], 'in_per_s'), null)
  assert.equal(rateOf([queue({ in_per_s: 4 }), queue({ in_per_s: 0.5 })], 'in_per_s'), 4.5)
  assert.equal(rateOf([], 'out_per_s'), null)
  assert.equal(longestWait([]), null)
})
