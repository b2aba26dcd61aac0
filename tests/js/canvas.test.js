// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { apart } from '../../static/js/charts/canvas.js'

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
