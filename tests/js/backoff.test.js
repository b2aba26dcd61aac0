// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { retryDelay } from '../../static/js/net/backoff.js'

test('a delay is at least one second, whatever chance says', () => {
  for (const attempt of [1, 2, 10, 1000]) assert.equal(retryDelay(attempt, 0), 1000)
})

test('the ceiling doubles up to eight seconds', () => {
  assert.deepEqual([1, 2, 3, 4, 5, 1000].map((attempt) => retryDelay(attempt, 1)), [2000, 4000, 8000, 8000, 8000, 8000])
})
