// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { apart, drawThresholdName } from '../../static/js/charts/canvas.js'

/** @param {number[]} heights */
function placed(...heights) {
  return apart(heights.map((y) => ({ text: '', color: '', y })), 13, { top: 10, bottom: 100 }).map(({ text_y }) => text_y)
}

test('names with room stand where their lines end', () => {
  assert.deepEqual(placed(20, 60), [60, 20])
})

test('names that would overlap are moved apart, upwards', () => {
  assert.deepEqual(placed(50, 48, 47), [50, 37, 24])
})

test('no name rises beyond the plot: the lower ones make room', () => {
  assert.deepEqual(placed(10, 11, 12), [36, 23, 10])
})

test('no name sinks below the plot', () => {
  assert.deepEqual(placed(100), [93.5])
})

test('the name of a limit stands under its line, outlined, away from the end of the axis', () => {
  const calls = /** @type {[string, ...any][]} */ ([])
  const context = /** @type {any} */ (new Proxy({}, {
    get: (_, name) => (/** @type {any[]} */ ...args) => calls.push([String(name), ...args]),
    set: () => true,
  }))

  drawThresholdName(context, 50, { left: 0, top: 0, right: 300, bottom: 500, ratio: 1, text_px: 12 }, { text: '90 %', color: 'red', ground: 'black' })

  const written = calls.filter(([name]) => name.endsWith('Text'))
  assert.deepEqual(written.map(([name, text]) => [name, text]), [['strokeText', '90 %'], ['fillText', '90 %']])
  for (const [, , , y] of written) assert.ok(y > 50)
})
