// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NOTHING_SAID, announce } from '../../static/js/announcement.js'

test('the state a page opens with is not announced', () => {
  assert.equal(announce(NOTHING_SAID, 'ok', 0).isDue, false)
})

test('a transition is announced once', () => {
  const { announced } = announce(NOTHING_SAID, 'ok', 0)
  const first = announce(announced, 'offline', 1000)

  assert.equal(first.isDue, true)
  assert.equal(announce(first.announced, 'offline', 60_000).isDue, false)
})

test('a transition that comes too early is said when the quiet time is over', () => {
  let { announced } = announce(NOTHING_SAID, 'ok', 0)
  ;({ announced } = announce(announced, 'offline', 1000))

  assert.equal(announce(announced, 'ok', 5000).isDue, false)
  assert.equal(announce(announced, 'ok', 11_000).isDue, true)
})

test('a flicker that is over before its time is never announced', () => {
  let { announced } = announce(NOTHING_SAID, 'ok', 0)
  ;({ announced } = announce(announced, 'offline', 1000))
  ;({ announced } = announce(announced, 'ok', 2000))

  assert.equal(announce(announced, 'offline', 11_000).isDue, false)
})
