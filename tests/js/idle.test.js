// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { idleSince } from '../../static/js/time/idle.js'

const instants = [0, 3, 6, 9]

test('a queue is empty since the first of the newest zeros', () => {
  assert.deepEqual(idleSince(instants, [[0, 5, 0, 0], [0, 9, 4, 0]]), { at: 9, isBound: false })
})

test('it may be empty for longer where what was before is not known', () => {
  assert.deepEqual(idleSince(instants, [[0, 0, 0, 0]]), { at: 0, isBound: true })
  assert.deepEqual(idleSince(instants, [[0, null, 0, 0]]), { at: 6, isBound: true })
})

test('what waits, or is not known, is not empty', () => {
  assert.equal(idleSince(instants, [[0, 0, 0, 1]]), null)
  assert.equal(idleSince(instants, [[0, 0, 0, null]]), null)
  assert.equal(idleSince([], [[]]), null)
})
