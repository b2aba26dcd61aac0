// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { UNKNOWN, makeFormat } from '../../static/js/format.js'

const pt = makeFormat('pt-BR')
const en = makeFormat('en')

test('numbers are written as the language writes them', () => {
  assert.equal(pt.decimal(24.5), '24,5')
  assert.equal(en.decimal(24.5), '24.5')
  assert.equal(pt.integer(1250), '1.250')
  assert.equal(en.integer(1250), '1,250')
})

test('what is not known is a dash and never zero', () => {
  for (const text of [pt.decimal, pt.integer, pt.percent, pt.compact, pt.size, pt.latency, pt.age]) assert.equal(text(null), UNKNOWN)
  assert.equal(pt.integer(0), '0')
})

test('sizes use binary units', () => {
  assert.equal(pt.size(512 * 2 ** 20), '512 MiB')
  assert.equal(pt.size(1.5 * 2 ** 30), '1,5 GiB')
  assert.equal(en.size(0), '0 B')
})

test('an age is whole seconds, minutes or hours', () => {
  assert.deepEqual([0.4, 59.9, 60, 3599, 7200].map(en.age), ['0 s', '59 s', '1 min', '59 min', '2 h'])
})

test('an axis shortens only large counts', () => {
  assert.equal(en.compact(1500), '1,500')
  assert.equal(en.compact(20_000), '20K')
})

test('the clock has 24 hours and seconds in both languages', () => {
  assert.match(en.clock(0), /^\d\d:\d\d:\d\d$/)
  assert.match(pt.clock(0), /^\d\d:\d\d:\d\d$/)
})
