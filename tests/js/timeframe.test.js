// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { rangesWithData } from '../../static/js/time/ranges.js'
import { isOpen, nearFocus, reduceTimeframe, searchOf, timeframeOf } from '../../static/js/time/timeframe.js'

/** @typedef {import('../../static/js/time/timeframe.js').TimeframeEvent} TimeframeEvent */

const WINDOW = { min: 1000, max: 1060 }

/** @param {string} search @param {TimeframeEvent[]} events */
function after(search, ...events) {
  return events.reduce(reduceTimeframe, timeframeOf(search))
}

test('an address without a word of time means the last minute, live', () => {
  assert.deepEqual(timeframeOf('?host=web-1'), { mode: 'live', range: '1m', window: null, focus: null })
})

for (const search of ['?range=15m', '?from=1000&to=1060', '?range=24h&from=1000&to=1060', '?from=1000&to=1120&at=1060.25']) {
  test(`${search} is understood and written again as it was`, () => {
    assert.equal(searchOf(timeframeOf(search), ''), search)
  })
}

for (const search of ['?range=2h', '?from=1060&to=1000', '?from=a&to=b', '?from=1000', '?from=1e15&to=1e16', '?from=1000&to=1001']) {
  test(`${search} makes no sense and is the default`, () => {
    assert.equal(timeframeOf(search).mode, 'live')
    assert.equal(searchOf(timeframeOf(search), search), '')
  })
}

test('other parameters of the address stay', () => {
  assert.equal(searchOf(timeframeOf('?range=1h'), '?host=web-1&range=5m'), '?host=web-1&range=1h')
})

test('a pause holds the window and is not in the address', () => {
  const paused = after('?range=5m', { type: 'pause', window: WINDOW })

  assert.deepEqual([paused.mode, paused.window], ['paused', WINDOW])
  assert.equal(searchOf(paused, ''), '?range=5m')
  assert.deepEqual(reduceTimeframe(paused, { type: 'live' }), timeframeOf('?range=5m'))
})

test('live, going back changes nothing', () => {
  const live = timeframeOf('')

  assert.equal(reduceTimeframe(live, { type: 'live' }), live)
})

test('a zoom and a past window stand still until a range is chosen or the way back taken', () => {
  const zoomed = after('?range=1h', { type: 'zoom', window: WINDOW })

  assert.deepEqual([zoomed.mode, zoomed.window], ['zoomed', WINDOW])
  assert.equal(reduceTimeframe(zoomed, { type: 'live' }).range, '1h')
  assert.deepEqual(reduceTimeframe(zoomed, { type: 'range', range: '5m' }), timeframeOf('?range=5m'))
  assert.equal(after('', { type: 'past', window: WINDOW }, { type: 'pause', window: WINDOW }).mode, 'past')
})

test('a window too short to show anything is not taken', () => {
  assert.equal(after('', { type: 'zoom', window: { min: 1000, max: 1002 } }).mode, 'live')
})

test('around an instant is a minute on either side, more where the history has but steps', () => {
  const near = after('', { type: 'around', at: 9000, now: 9100 })
  const far = after('', { type: 'around', at: 9000, now: 90_000 })

  assert.deepEqual([near.window, near.focus], [{ min: 8940, max: 9060 }, 9000])
  assert.deepEqual(far.window, { min: 8400, max: 9600 })
  assert.equal(nearFocus(near), null)
  assert.deepEqual(nearFocus(far), { min: 8940, max: 9060 })
  assert.equal(nearFocus(timeframeOf('?from=8400&to=9600')), null)
})

test('an instant outside of the window of the address is not what it is about', () => {
  assert.equal(timeframeOf('?from=1000&to=1060&at=2000').focus, null)
  assert.equal(timeframeOf('?from=1000&to=1060&at=x').focus, null)
})

test('only ranges that show more than a shorter one are offered', () => {
  assert.deepEqual(rangesWithData(null, 10_000), ['1m'])
  assert.deepEqual(rangesWithData(9700, 10_000), ['1m', '5m'])
  assert.deepEqual(rangesWithData(0, 8 * 86_400), ['1m', '5m', '15m', '1h', '24h', '7d', '30d'])
})

test('around what has only just happened ends now, and is as long', () => {
  assert.deepEqual(after('', { type: 'around', at: 9000, now: 9002 }).window, { min: 8882, max: 9002 })
  assert.deepEqual(after('', { type: 'around', at: 9000, now: 8999 }).window, { min: 8880, max: 9000 })
})

test('a window that ends later than now is open, a pause never is', () => {
  const past = after('', { type: 'past', window: WINDOW })

  assert.deepEqual([1030, 1060].map((now) => isOpen(past, now)), [true, false])
  assert.ok(isOpen(timeframeOf(''), 1030))
  assert.ok(!isOpen(after('', { type: 'pause', window: WINDOW }), 1030))
})
