// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { CountAxis, countAxis, ease, ticks } from '../../static/js/charts/scale.js'

for (const [highest, limit] of [[null, 10], [0, 10], [9, 10], [10, 20], [150, 200], [190, 200], [191, 500], [1250, 2000], [9900, 20_000]]) {
  test(`${highest} fits under ${limit} in whole steps`, () => {
    const axis = countAxis(highest)

    assert.equal(axis.limit, limit)
    assert.ok(Number.isInteger(axis.step))
    assert.equal(ticks(axis.step, axis.limit).at(-1), limit)
  })
}

test('a limit eases towards its target and arrives', () => {
  let limit = 10
  for (let frame = 0; frame < 100; frame++) limit = ease(limit, 200, 33)

  assert.ok(ease(10, 200, 33) > 10 && ease(10, 200, 33) < 200)
  assert.equal(limit, 200)
})

test('an axis grows at once, and shrinks only when what it shows would fit with room to spare', () => {
  const axis = new CountAxis()
  const limits = [150, 90, 75, 60, 0].map((highest) => {
    axis.aimAt(highest)
    axis.move(Infinity)
    return axis.limit
  })

  assert.deepEqual(limits, [200, 200, 200, 100, 10])
})

test('ticks beyond what is shown are left out', () => {
  assert.deepEqual(ticks(50, 120), [0, 50, 100])
})
