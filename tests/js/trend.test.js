// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { trendOf } from '../../static/js/time/trend.js'

const OPTIONS = { over_s: 300, least: 2 }
const instants = Array.from({ length: 101 }, (_, index) => index * 3)

test('a trend is against what was some minutes ago', () => {
  const trend = trendOf(instants, instants.map((at) => at / 10), OPTIONS)

  assert.equal(trend?.direction, 'up')
  assert.ok(trend.change > 25 && trend.over_s === 300)
  assert.equal(trendOf(instants, instants.map((at) => -at), OPTIONS)?.direction, 'down')
})

test('a change is the one of the number it stands beside', () => {
  const drained = instants.map((at) => (at > 200 && at < 297 ? 150 : 0))
  const filled = instants.map((at) => (at === 300 ? 88 : 0))

  assert.deepEqual(trendOf(instants, drained, OPTIONS), { direction: 'even', change: 0, over_s: 300 })
  assert.deepEqual(trendOf(instants, filled, OPTIONS), { direction: 'up', change: 88, over_s: 300 })
})

test('beside what is not known now there is none', () => {
  assert.equal(trendOf(instants, instants.map((at) => (at === 300 ? null : 7)), OPTIONS), null)
})

test('one busy tick some minutes ago makes no trend of its height', () => {
  assert.ok((trendOf(instants, instants.map((at) => (at === 0 ? 9 : 0)), OPTIONS)?.change ?? -9) > -2)
})

test('where too little is known there is none', () => {
  assert.equal(trendOf([], [], OPTIONS), null)
  assert.equal(trendOf([0, 3, 6], [1, 2, 3], OPTIONS), null)
  assert.equal(trendOf(instants, instants.map(() => null), OPTIONS), null)
})
