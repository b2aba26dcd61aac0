// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NO_FILTER, UNREAD, hostsOf, lines, matching, newestAt, newestCritical, occurrences, plainText, withAnswer, withGroup } from '../../static/js/model/log_book.js'

const NOW = 1_700_000_000

/** @param {Partial<import('../../static/js/model/types.js').LogGroup>} [changes] @returns {import('../../static/js/model/types.js').LogGroup} */
function makeGroup(changes = {}) {
  return {
    id: 'a', host: 'web-1', service: 'backend', level: 'error', logger: 'app.calls', message: 'boom',
    traceback: null, task: null, first_at: NOW, last_at: NOW, count: 1, ...changes,
  }
}

/** @param {import('../../static/js/model/types.js').LogGroup[]} logs */
function read(logs) {
  return withAnswer(UNREAD, { now: NOW + 10, dropped: 0, logs })
}

test('lines stand newest first, whatever the order in which they came', () => {
  const book = withGroup(read([makeGroup(), makeGroup({ id: 'b', last_at: NOW + 5 })]), makeGroup({ id: 'c', last_at: NOW + 3 }))

  assert.deepEqual(book.groups.map(({ id }) => id), ['b', 'c', 'a'])
  assert.equal(newestAt(book), NOW + 5)
})

test('a repeat replaces its group and brings it to the top; one that comes late does not turn it back', () => {
  const book = withGroup(read([makeGroup({ id: 'b', last_at: NOW + 1 }), makeGroup()]), makeGroup({ last_at: NOW + 2, count: 2 }))

  assert.deepEqual(book.groups.map(({ id, count }) => [id, count]), [['a', 2], ['b', 1]])
  assert.equal(withGroup(book, makeGroup({ last_at: NOW })), book)
  assert.equal(withGroup(book, makeGroup({ last_at: NOW + 1, count: 3 })).groups.find(({ id }) => id === 'a')?.count, 3)
})

test('the list read anew keeps what was told while it was on its way, and drops what the server dropped', () => {
  const asked = read([makeGroup({ id: 'old' })])
  const told = withGroup(asked, makeGroup({ id: 'new', last_at: NOW + 60 }))
  const book = withAnswer(told, { now: NOW + 59, dropped: 3, logs: [makeGroup({ id: 'b' })] }, asked)

  assert.deepEqual(book.groups.map(({ id }) => id), ['new', 'b'])
  assert.deepEqual([book.dropped, book.checked_at], [3, NOW + 59])
})

test('a line that was logged before the list was made and stored after it stays, and a repeat in the list counts', () => {
  const asked = read([])
  const told = [makeGroup({ id: 'late' }), makeGroup({ id: 'repeated' })].reduce(withGroup, asked)
  const answer = { now: NOW + 59, dropped: 0, logs: [makeGroup({ id: 'repeated', last_at: NOW + 1, count: 2 })] }

  assert.deepEqual(withAnswer(told, answer, asked).groups.map(({ id, count }) => [id, count]), [['repeated', 2], ['late', 1]])
})

test('no more than two hundred lines are kept', () => {
  const many = Array.from({ length: 200 }, (_, number) => makeGroup({ id: `g${number}`, last_at: NOW - number }))

  assert.equal(withGroup(read(many), makeGroup({ id: 'new', last_at: NOW + 1 })).groups.length, 200)
})

test('a filter takes every word, in any of the texts, whatever its case', () => {
  const book = read([makeGroup({ traceback: 'Traceback\n  ValueError: Zap' }), makeGroup({ id: 'b', host: 'web-2', level: 'critical' })])
  const ids = (/** @type {Partial<typeof NO_FILTER>} */ filter) => matching(book, { ...NO_FILTER, ...filter }).map(({ id }) => id)

  assert.deepEqual(ids({ query: 'zap BOOM' }), ['a'])
  assert.deepEqual(ids({ level: 'critical' }), ['b'])
  assert.deepEqual(ids({ host: 'web-1' }), ['a'])
  assert.deepEqual(ids({ query: 'nowhere' }), [])
  assert.deepEqual(hostsOf(book), ['web-1', 'web-2'])
  assert.equal(newestCritical(book)?.id, 'b')
})

test('a list that is being read stays as it is, and says how much is new', () => {
  const groups = [makeGroup({ id: 'new' }), makeGroup({ id: 'b' }), makeGroup({ id: 'a' })]

  assert.deepEqual(lines(['a', 'b', 'gone'], groups, true), { ids: ['a', 'b'], more: 1 })
  assert.deepEqual(lines(['a', 'b'], groups, false), { ids: ['new', 'b', 'a'], more: 0 })
})

test('a copied line is plain text with its time, source, repeats and traceback', () => {
  const text = plainText(makeGroup({ level: 'critical', count: 3, task: 'send_voice', traceback: 'Traceback\n  boom', last_at: NOW + 60 }))

  assert.equal(text, [
    '2023-11-14T22:14:20.000Z CRITICAL web-1 backend app.calls send_voice (×3 since 2023-11-14T22:13:20.000Z)',
    'boom', 'Traceback', '  boom',
  ].join('\n'))
})

test('repeats of a line count, not only the line', () => {
  assert.equal(occurrences(read([makeGroup({ count: 17 }), makeGroup({ id: 'b' })])), 18)
  assert.equal(occurrences(UNREAD), 0)
})
