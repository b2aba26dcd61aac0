// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { trendOf } from '../../static/js/trend.js'

const OPTIONS = { over_s: 300, least: 2 }
const instants = Array.from({ length: 101 }, (_, index) => index * 3)

test('a trend is against what was some minutes ago', () => {
  const trend = trendOf(instants, instants.map((at) => at / 10), OPTIONS)

  assert.equal(trend?.direction, 'up')
  assert.ok(trend.change > 25 && trend.over_s === 300)
  assert.equal(trendOf(instants, instants.map((at) => -at), OPTIONS)?.direction, 'down')
})

test('one busy tick is no trend', () => {
  assert.equal(trendOf(instants, instants.map((at) => (at === 300 ? 9 : 0)), OPTIONS)?.direction, 'even')
})

test('where too little is known there is none', () => {
  assert.equal(trendOf([], [], OPTIONS), null)
  assert.equal(trendOf([0, 3, 6], [1, 2, 3], OPTIONS), null)
  assert.equal(trendOf(instants, instants.map(() => null), OPTIONS), null)
})
