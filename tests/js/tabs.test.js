// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NOTHING_RECENT, agedHello, agedHosts, brings, remember, served, since, streamFor, withWant, withoutTab } from '../../static/js/net/tabs.js'

const WANTS = { a: { host: 'web-1', cursor: null }, b: { host: 'web-2', cursor: '5-0' }, c: { host: 'web-1', cursor: '4-0' } }

/** @param {string} id */
function makeEvent(id) {
  return { name: 'system_stats', id, data: '{}' }
}

test('one stream brings the hosts that all tabs show, from the oldest cursor on', () => {
  assert.deepEqual(streamFor(WANTS, '9-0'), { hosts: ['web-1', 'web-2'], cursor: '4-0' })
})

test('a tab that is served wants what comes after the newest', () => {
  assert.deepEqual(streamFor(served(WANTS), '9-0'), { hosts: ['web-1', 'web-2'], cursor: '9-0' })
  assert.equal(streamFor(served(WANTS), null).cursor, null)
})

test('a tab that knows no host yet wants all of them', () => {
  assert.deepEqual(streamFor(withWant(WANTS, 'd', { host: null, cursor: null }), '9-0').hosts, [])
  assert.equal(brings([], 'web-9'), true)
  assert.equal(brings(['web-1'], 'web-9'), false)
  assert.equal(brings(['web-1'], null), false)
})

test('a tab that has left wants nothing', () => {
  assert.deepEqual(streamFor(withoutTab(WANTS, 'b'), '9-0').hosts, ['web-1'])
})

test('whoever comes later is given what came since, as long as all of it is kept', () => {
  let recent = { ...NOTHING_RECENT, floor: /** @type {string | null} */ ('10-0') }
  for (let id = 11; id < 25; id++) recent = remember(recent, makeEvent(`${id}-0`))

  assert.deepEqual(since(recent, '22-0')?.map(({ id }) => id), ['23-0', '24-0'])
  assert.equal(since(recent, '10-0'), null)
  assert.deepEqual(since(recent, null), [])
})

test('a stream that began at no known id cannot tell what came before', () => {
  assert.equal(since(remember(NOTHING_RECENT, makeEvent('11-0')), '10-0'), null)
})

test('what the stream told at its beginning is passed on as old as it is by then', () => {
  const hello = { version: '1', interval_s: 3, now: 100, age_s: 1 }

  assert.deepEqual(agedHello(hello, 2), { ...hello, now: 102, age_s: 3 })
  assert.equal(agedHello({ ...hello, age_s: null }, 2).age_s, null)
  assert.equal(agedHosts([{ host: 'a', age_s: 1, is_fresh: true, services: {}, level: 'fine', code: '' }], 2)[0].age_s, 3)
})
