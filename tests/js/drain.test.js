// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drainOf } from '../../static/js/model/drain.js'

/** @param {number | null} ready @param {number | null} [in_per_s] @param {number | null} [out_per_s] */
function queue(ready, in_per_s, out_per_s) {
  return { name: 'dispatch', state: /** @type {const} */ ('ok'), ready, peak: ready, consumers: 1, in_per_s, out_per_s }
}

test('what waits is over when it has drained at the rate of now', () => {
  assert.deepEqual(drainOf([queue(1250, 2, 7)]), { kind: 'drains', seconds: 250 })
})

test('several queues are over when the slowest is', () => {
  assert.deepEqual(drainOf([queue(100, 0, 10), queue(100, 0, 1), queue(0, 3, 3)]), { kind: 'drains', seconds: 100 })
})

test('one queue that grows outweighs all that drain', () => {
  assert.deepEqual(drainOf([queue(100, 0, 50), queue(40, 12, 0)]), { kind: 'grows', per_s: 12 })
})

const SILENT = /** @type {[string, Parameters<typeof drainOf>[0]][]} */ ([
  ['a rate is not known', [queue(100, 0, 10), queue(5, null, null)]],
  ['the broker tells no rates', [queue(100)]],
  ['a queue could not be read', [queue(null, 0, 1)]],
  ['nothing waits', [queue(0, 5, 5)]],
  ['more comes than is finished and nothing waits', [queue(0, 9, 0)]],
  ['more comes than is finished and next to nothing waits', [queue(3, 9, 0)]],
  ['what waits does not move', [queue(100, 5, 5.2)]],
  ['it would take longer than a day', [queue(1_000_000, 0, 1)]],
  ['nothing is watched', []],
])
for (const [why, queues] of SILENT) {
  test(`no word about draining when ${why}`, () => {
    assert.equal(drainOf(queues), null)
  })
}
