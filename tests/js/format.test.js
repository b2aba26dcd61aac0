// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { UNKNOWN, makeFormat } from '../../static/js/ui/format.js'
import { makeTranslate } from '../../static/js/ui/i18n.js'

const NBSP = '\u00a0'
/** As text is written here: with plain spaces. @param {string} text */
const spaced = (text) => text.replaceAll(NBSP, ' ')

const pt = makeFormat('pt-BR')
const en = makeFormat('en')

test('numbers are written as the language writes them', () => {
  assert.equal(pt.decimal(24.5), '24,5')
  assert.equal(en.decimal(24.5), '24.5')
  assert.equal(en.decimal(100), '100')
  assert.equal(en.decimal(99.96), '100')
  assert.equal(pt.integer(1250), '1.250')
  assert.equal(en.integer(1250), '1,250')
})

test('what is not known is a dash and never zero', () => {
  for (const text of [pt.decimal, pt.integer, pt.percent, pt.compact, pt.size, pt.latency, pt.age]) assert.equal(text(null), UNKNOWN)
  assert.equal(pt.integer(0), '0')
})

test('sizes use binary units', () => {
  assert.equal(spaced(pt.size(512 * 2 ** 20)), '512 MiB')
  assert.equal(spaced(pt.size(1.5 * 2 ** 30)), '1,5 GiB')
  assert.deepEqual([999, 1000, 1023.9].map((mib) => spaced(pt.size(mib * 2 ** 20))), ['999 MiB', '0,98 GiB', '1 GiB'])
  assert.equal(spaced(en.size(0)), '0 B')
})

test('no line break parts a number from its unit', () => {
  for (const text of [pt.age(111), pt.about(90), pt.percent(45), pt.latency(3), pt.size(2048)]) assert.doesNotMatch(text, / /)
})

test('what is no number is not known, and never stops the page', () => {
  for (const odd of /** @type {any[]} */ ([undefined, NaN, Infinity, 'many'])) {
    for (const text of [pt.decimal, pt.integer, pt.percent, pt.compact, pt.size, pt.latency, pt.age, pt.rate]) assert.equal(text(odd), UNKNOWN)
    assert.deepEqual(pt.params({ age: odd, rate: odd }), { age: UNKNOWN, rate: UNKNOWN })
  }
})

test('an instant that no calendar has is not known, and never stops the page', () => {
  for (const at of /** @type {any[]} */ ([1e300, -1e300, 8.64e12 + 1, NaN, undefined, 'noon'])) {
    for (const text of [pt.clock, pt.instant, (/** @type {any} */ odd) => pt.when(odd, 0), (/** @type {any} */ odd) => pt.tick(odd, 5)]) {
      assert.equal(text(at), UNKNOWN)
    }
  }
})

test('an age has two units at most, and no second one where it says nothing', () => {
  const ages = [0.4, 59.9, 60, 111, 120, 599, 600, 754, 3600, 7500, 86_399, 90_000, 500_000, 900_000]
  const words = ['0 s', '59 s', '1 min', '1 min 51 s', '2 min', '9 min 59 s', '10 min', '12 min', '1 h', '2 h 5 min', '23 h', '1 d 1 h', '5 d 18 h', '10 d']

  assert.deepEqual(ages.map((seconds) => spaced(en.age(seconds))), words)
})

test('a wait of a few seconds is told to a tenth', () => {
  assert.deepEqual([0, 0.42, 9.9, 12.4, 111].map((seconds) => spaced(pt.wait(seconds))), ['0 s', '0,4 s', '9,9 s', '12 s', '1 min 51 s'])
})

test('a percentage touches its sign, and is whole within a sentence', () => {
  assert.deepEqual([pt.percent(12), en.percent(12.34), pt.share(12.34), pt.share(0.42), pt.share(null)], ['12,0%', '12.3%', '12%', '0,4%', UNKNOWN])
})

test('the minus sign is a true one', () => {
  const t = makeTranslate({ least: '{count}' }, 'pt-BR')

  assert.deepEqual([pt.integer(-376), en.decimal(-2.5), pt.rate(-3), t('least', { count: -4 })], ['−376', '−2.5', '−3/s', '−4'])
})

test('a time ahead is no more exact than what it rests on', () => {
  assert.deepEqual([1, 44, 58, 250, 3599, 5000].map((seconds) => spaced(pt.about(seconds))), ['~10 s', '~40 s', '~1 min', '~4 min', '~1 h', '~1 h'])
})

test('a rate below ten has one digit', () => {
  assert.deepEqual([0, 0.42, 9.4, 12.3, 1250].map(pt.rate), ['0/s', '0,4/s', '9,4/s', '12/s', '1.250/s'])
})

test('of a sentence only its times, rates and percentages are written out here', () => {
  assert.deepEqual(pt.params({ age: 45, rate: 12.34, percent: 91, waiting: 1250 }), { age: `45${NBSP}s`, rate: '12/s', percent: '91%', waiting: 1250 })
  assert.deepEqual(pt.params({ idle_s: 45, per_s: 12.34, growth_per_s: 3, ends_s: 100, queue: 'dispatch' }),
    { idle_s: `45${NBSP}s`, per_s: '12/s', growth_per_s: '3/s', ends_s: `~2${NBSP}min`, queue: 'dispatch' })
})

test('an instant in a sentence is told to the minute, with its day unless that is today', () => {
  const at = new Date(2026, 10, 27, 19, 15, 42).getTime() / 1000

  assert.deepEqual(pt.params({ at }, at + 60), { at: '19:15' })
  assert.match(String(pt.params({ at }, at + 86_400).at), /^19:15, 27 /)
})

test('an axis shortens only large counts', () => {
  assert.equal(en.compact(1500), '1,500')
  assert.equal(en.compact(20_000), '20K')
})

test('the clock has 24 hours and seconds in both languages', () => {
  assert.match(en.clock(0), /^\d\d:\d\d:\d\d$/)
  assert.match(pt.clock(0), /^\d\d:\d\d:\d\d$/)
})
