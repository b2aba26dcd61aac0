// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { busyTicks, connection, currentSample, isNewer, makeState, reduce } from '../../static/js/state.js'
import { NOW, makeHistory, makeSample } from './sample.js'

const START_MS = 1000

/** @param {Partial<import('../../static/js/types.js').Snapshot>} [changes] */
function makeSnapshot(changes = {}) {
  return { history: null, latest: null, hosts: [], version: '1.7.0', interval_s: 3, ...changes }
}

function openState() {
  const snapshot = makeSnapshot({
    history: makeHistory([NOW - 4, NOW - 1]),
    latest: { id: `${NOW - 1}000-0`, sample: makeSample({ at: NOW - 1 }) },
    hosts: [{ host: 'web-1', last_at: NOW - 1, age_s: 1 }],
  })
  return reduce(makeState(snapshot, START_MS), { type: 'link', phase: 'open', mono_ms: START_MS })
}

test('age is what the server stamped plus the monotonic time since', () => {
  assert.equal(connection(openState(), START_MS + 2500).age_s, 3.5)
})

for (const [seconds, code] of /** @type {const} */ ([[0, 'live'], [4.9, 'live'], [5.1, 'delayed'], [8.1, 'stale']])) {
  test(`a sample that was 1 s old reads ${code} after ${seconds} s of silence`, () => {
    assert.equal(connection(openState(), START_MS + seconds * 1000).code, code)
  })
}

test('the first connection is connecting until it opens, and offline when that takes too long', () => {
  const state = makeState(makeSnapshot({ history: makeHistory([NOW - 1]) }), START_MS)

  assert.equal(connection(state, START_MS + 100).code, 'connecting')
  assert.equal(connection(state, START_MS + 5100).code, 'offline')
})

test('a short reconnect of a live page keeps saying live', () => {
  const state = reduce(openState(), { type: 'link', phase: 'connecting', mono_ms: START_MS })

  assert.equal(connection(state, START_MS + 200).code, 'live')
})

test('waiting for the next try reads offline with a countdown', () => {
  const state = reduce(openState(), { type: 'link', phase: 'waiting', mono_ms: START_MS, retry_ms: START_MS + 3000 })

  assert.deepEqual(connection(state, START_MS + 500), { code: 'offline', age_s: 1.5, retry_s: 3 })
})

test('failing tries in a row do not each get a new grace', () => {
  let state = reduce(openState(), { type: 'link', phase: 'waiting', mono_ms: START_MS, retry_ms: START_MS + 6000 })
  state = reduce(state, { type: 'link', phase: 'connecting', mono_ms: START_MS + 6000 })

  assert.equal(connection(state, START_MS + 6001).code, 'offline')
})

test('an open stream without any sample is empty, not live', () => {
  let state = makeState(makeSnapshot(), START_MS)
  state = reduce(state, { type: 'link', phase: 'open', mono_ms: START_MS })
  state = reduce(state, { type: 'hello', hello: { version: '1.7.0', interval_s: 3, now: NOW, age_s: null }, mono_ms: START_MS })

  assert.equal(connection(state, START_MS).code, 'empty')
})

test('the end of a session outranks every age', () => {
  const state = reduce(openState(), { type: 'link', phase: 'signed_out', mono_ms: START_MS })

  assert.equal(connection(state, START_MS).code, 'signed_out')
})

test('an event that was seen already changes nothing', () => {
  const state = openState()

  const same = reduce(state, { type: 'sample', id: `${NOW}000-0`, sample: makeSample({ cpu: 99 }), mono_ms: START_MS })

  assert.equal(same, state)
})

test('after a reset any id is news', () => {
  let state = reduce(openState(), { type: 'reset' })

  state = reduce(state, { type: 'sample', id: '5-0', sample: makeSample({ cpu: 99 }), mono_ms: START_MS })

  assert.equal(currentSample(state)?.cpu, 99)
})

test('a collector whose clock runs ahead still grows old', () => {
  const sample = makeSample({ at: NOW + 60 })
  const state = reduce(openState(), { type: 'sample', id: `${NOW}001-0`, sample, mono_ms: START_MS })

  assert.equal(connection(state, START_MS + 10_000).code, 'stale')
})

test('a collector whose clock runs behind does not make its samples old', () => {
  const sample = makeSample({ at: NOW - 3600 })
  const state = reduce(openState(), { type: 'sample', id: `${NOW}000-0`, sample, mono_ms: START_MS })

  assert.equal(connection(state, START_MS + 1000).code, 'live')
})

test('another host joins the list without taking the view', () => {
  const sample = makeSample({ host: 'app-0' })
  const state = reduce(openState(), { type: 'sample', id: `${NOW}001-0`, sample, mono_ms: START_MS })

  assert.deepEqual(state.hosts, ['app-0', 'web-1'])
  assert.equal(currentSample(state)?.host, 'web-1')
})

test('a host that fell silent before the page was opened reads stale, not empty', () => {
  const hosts = [{ host: 'old', last_at: NOW - 600, age_s: 600 }]
  let state = makeState(makeSnapshot({ history: makeHistory([NOW - 1]), hosts }), START_MS)
  state = reduce(state, { type: 'link', phase: 'open', mono_ms: START_MS })

  state = reduce(state, { type: 'host', host: 'old' })

  assert.equal(connection(state, START_MS).code, 'stale')
})

test('ticks at the limit are counted in a row', () => {
  let state = openState()
  for (const [sequence, cpu] of [95, 97, 91].entries()) {
    state = reduce(state, { type: 'sample', id: `${NOW}000-${sequence + 1}`, sample: makeSample({ cpu }), mono_ms: START_MS })
  }
  assert.equal(busyTicks(state), 3)

  state = reduce(state, { type: 'sample', id: `${NOW}000-9`, sample: makeSample({ cpu: 40 }), mono_ms: START_MS })
  assert.equal(busyTicks(state), 0)
})

test('ids compare as numbers, not as text', () => {
  assert.ok(isNewer('10-0', '9-0'))
  assert.ok(isNewer('9-10', '9-9'))
  assert.ok(!isNewer('9-9', '9-9'))
})
