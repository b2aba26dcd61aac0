// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { EasedAxis, TIME_TICKS_S, countScale, durationScale, ease, rateScale, ticks, timeSpace, timeTexts } from '../../static/js/charts/scale.js'

/** @type {[number | null, number, number][]} highest, limit, step */
const COUNTS = [
  [null, 5, 1], [0, 5, 1], [3, 5, 1], [9, 10, 2], [10, 12, 2], [100, 120, 20], [150, 200, 50], [191, 250, 50], [430, 500, 100],
  [1150, 1250, 250], [1930, 2500, 500], [9900, 12_000, 2000], [115, 125, 25],
]

for (const [highest, limit, step] of COUNTS) {
  test(`${highest} messages fit under ${limit} in whole steps of ${step}`, () => {
    assert.deepEqual(countScale(highest), { limit, step })
    assert.equal(ticks(step, limit).at(-1), limit)
  })
}

test('no value has less than half of its axis, and none touches the top', () => {
  for (let highest = 10; highest < 3_000_000; highest = Math.ceil(highest * 1.07)) {
    const { limit, step } = countScale(highest)

    assert.ok(limit > highest && limit < 2 * highest, `${highest} of ${limit}`)
    assert.ok(Number.isInteger(step) && limit / step <= 6)
  }
})

test('a rate below one has steps of tenths', () => {
  assert.deepEqual([null, 0.3, 0.6, 4].map((highest) => rateScale(highest).limit.toFixed(2)), ['0.50', '0.50', '0.80', '5.00'])
})

test('a duration has steps that read as one unit', () => {
  const scales = [null, 4, 42, 100, 754, 5000, 200_000].map(durationScale)

  assert.deepEqual(scales.map(({ step }) => step), [1, 1, 15, 30, 300, 1800, 43_200])
  assert.deepEqual(scales.map(({ limit }) => limit), [5, 5, 45, 120, 900, 5400, 216_000])
})

test('a limit eases towards its target and arrives', () => {
  let limit = 10
  for (let frame = 0; frame < 100; frame++) limit = ease(limit, 200, 33)

  assert.ok(ease(10, 200, 33) > 10 && ease(10, 200, 33) < 200)
  assert.equal(limit, 200)
})

test('an axis grows at once, and shrinks only when what it shows would fit with room to spare', () => {
  const axis = new EasedAxis(countScale)
  const limits = [150, 140, 110, 60, 0].map((highest) => {
    axis.aimAt(highest)
    axis.move(Infinity)
    return axis.limit
  })

  assert.deepEqual(limits, [200, 200, 200, 75, 5])
})

test('an axis on its way down from far above has no more ticks than can be read', () => {
  const axis = new EasedAxis(countScale)
  axis.aimAt(1_000_000)
  axis.move(Infinity)
  axis.aimAt(0)
  for (let frame = 0; frame < 100; frame++) {
    axis.move(10)
    assert.ok(axis.ticks.length <= 14, `${axis.ticks.length} ticks under ${axis.limit}`)
  }
})

test('ticks beyond what is shown are left out', () => {
  assert.deepEqual(ticks(50, 120), [0, 50, 100])
})

test('a plot of 220 pixels has two whole ticks of time at least, whatever it shows', () => {
  for (const span_s of [60, 300, 900, 3600, 86_400, 604_800, 2_592_000]) {
    const space = timeSpace({ min: 0, max: span_s }, 220, 11)
    const tick_s = TIME_TICKS_S.find((tick) => (tick / span_s) * 220 >= space) ?? Infinity

    assert.ok(span_s / tick_s >= 3, `${span_s} s in steps of ${tick_s}`)
  }
})

test('a time that the right edge would cut off is left out', () => {
  const texts = timeTexts([0, 30, 58], (at) => `12:00:${String(at).padStart(2, '0')}`, { min: 0, max: 60 }, 300, 11)

  assert.deepEqual(texts, ['12:00:00', '12:00:30', ''])
})
