// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { framePeriod, followOffset, slidingWindow, steppedWindow } from '../../static/js/time/sliding_window.js'

const OPTIONS = { interval_s: 3, span_s: 60 }

test('the first sample sets the clock', () => {
  assert.equal(followOffset(null, 1000, 4000, OPTIONS), 996)
})

test('a sample a little early or late moves the clock only a little', () => {
  const early = followOffset(996, 1000.4, 4000, OPTIONS)
  const late = followOffset(996, 999.6, 4000, OPTIONS)

  assert.ok(early > 996 && early < 996.2)
  assert.ok(late < 996 && late > 995.9)
})

test('a sample caught up from the past leaves the clock alone', () => {
  assert.equal(followOffset(996, 970, 4000, OPTIONS), 996)
})

test('a clock that was set anew is followed at once', () => {
  assert.equal(followOffset(996, 5000, 4000, OPTIONS), 4996)
  assert.equal(followOffset(4996, 1000, 4000, OPTIONS), 996)
})

test('the sliding window ends more than one interval behind, so that the newest sample is still to be revealed', () => {
  const { min, max } = slidingWindow({ ...OPTIONS, offset_s: 996, mono_ms: 4000 })

  assert.ok(max < 997)
  assert.equal(max - min, 60)
})

test('the stepped window stands still between samples and goes on when none comes', () => {
  const at = (/** @type {number} */ mono_ms) => steppedWindow({ ...OPTIONS, offset_s: 996, mono_ms, newest: 1000 }).max

  assert.deepEqual([at(4000), at(6900), at(7100)], [1000, 1000, 1003])
})

test('a frame is due when the line has moved by two pixels, and never more often than is smooth', () => {
  assert.equal(framePeriod(60, 600), 200)
  assert.equal(framePeriod(86_400, 600), 288_000)
  assert.equal(framePeriod(60, 6000), 80)
})
