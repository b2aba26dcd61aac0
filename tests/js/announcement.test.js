// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NOTHING_SAID, announce } from '../../static/js/model/announcement.js'

test('the state a page opens with is not announced', () => {
  assert.equal(announce(NOTHING_SAID, 'ok', 'polite', 0).isDue, false)
})

test('a transition is announced once', () => {
  const { announced } = announce(NOTHING_SAID, 'ok', 'polite', 0)
  const first = announce(announced, 'offline', 'polite', 1000)

  assert.equal(first.isDue, true)
  assert.equal(announce(first.announced, 'offline', 'polite', 60_000).isDue, false)
})

test('a transition that comes too early is said when the quiet time is over', () => {
  let { announced } = announce(NOTHING_SAID, 'ok', 'polite', 0)
  ;({ announced } = announce(announced, 'offline', 'polite', 1000))

  assert.equal(announce(announced, 'ok', 'polite', 5000).isDue, false)
  assert.equal(announce(announced, 'ok', 'polite', 11_000).isDue, true)
})

test('a flicker that is over before its time is never announced', () => {
  let { announced } = announce(NOTHING_SAID, 'ok', 'polite', 0)
  ;({ announced } = announce(announced, 'offline', 'polite', 1000))
  ;({ announced } = announce(announced, 'ok', 'polite', 2000))

  assert.equal(announce(announced, 'offline', 'polite', 11_000).isDue, false)
})

test('what is urgent does not wait for what was said calmly, only for what was urgent', () => {
  let { announced } = announce(NOTHING_SAID, 'ok', 'polite', 0)
  ;({ announced } = announce(announced, 'busy', 'polite', 1000))
  const alarm = announce(announced, 'offline', 'urgent', 2000)

  assert.equal(alarm.isDue, true)
  assert.equal(announce(alarm.announced, 'signed_out', 'urgent', 3000).isDue, false)
})
