// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { drawThresholdName } from '../../static/js/charts/canvas.js'
import { apart, freePlace } from '../../static/js/charts/labels.js'

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

const AREA = { left: 0, top: 0, right: 300, bottom: 100 }
const LABEL = { width: 30, height: 12, gap: 5 }

test('a label stands above its point, or beside it where something else is above', () => {
  const mark = { left: 99, right: 101, top: 0, bottom: 100 }

  assert.deepEqual(freePlace({ x: 100, y: 50 }, LABEL, [], AREA), { left: 85, right: 115, top: 33, bottom: 45 })
  assert.deepEqual(freePlace({ x: 100, y: 50 }, LABEL, [mark], AREA), { left: 105, right: 135, top: 33, bottom: 45 })
  assert.deepEqual(freePlace({ x: 290, y: 4 }, LABEL, [mark], AREA), { left: 255, right: 285, top: 9, bottom: 21 })
})

test('a label that would cover something wherever it stood is left out', () => {
  assert.equal(freePlace({ x: 100, y: 50 }, LABEL, [AREA], AREA), null)
})

test('the name of a limit stands under its line, outlined, away from the end of the axis', () => {
  const calls = /** @type {[string, ...any][]} */ ([])
  const context = /** @type {any} */ (new Proxy({}, {
    get: (_, name) => (/** @type {any[]} */ ...args) => {
      calls.push([String(name), ...args])
      return { width: 30 }
    },
    set: () => true,
  }))

  drawThresholdName(context, 50, { left: 0, top: 0, right: 300, bottom: 500, ratio: 1, text_px: 12 }, { text: '90%', color: 'red', ground: 'black' })

  const written = calls.filter(([name]) => name === 'strokeText' || name === 'fillText')
  assert.deepEqual(written.map(([name, text]) => [name, text]), [['strokeText', '90%'], ['fillText', '90%']])
  for (const [, , , y] of written) assert.ok(y > 50)
})
