// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { connection } from '../../static/js/model/connection.js'
import { isNewer } from '../../static/js/model/cursor.js'
import { currentSample, hostAge, isFarBehind, makeState, reduce } from '../../static/js/model/state.js'
import { NOW, makeHistory, makeSample } from './sample.js'

const START_MS = 1000

/** @param {Partial<import('../../static/js/model/types.js').Snapshot>} [changes] */
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

  assert.deepEqual(connection(state, START_MS + 500), { code: 'offline', age_s: 1.5, retry_s: 3, cause: 'server' })
})

test('failing tries in a row do not each get a new grace', () => {
  let state = reduce(openState(), { type: 'link', phase: 'connecting', mono_ms: START_MS })
  state = reduce(state, { type: 'link', phase: 'connecting', mono_ms: START_MS + 6000 })

  assert.equal(connection(state, START_MS + 6001).code, 'offline')
})

test('once a try has failed the next one reads offline from its start until the stream is open', () => {
  let state = reduce(openState(), { type: 'link', phase: 'waiting', mono_ms: START_MS, retry_ms: START_MS + 1000 })
  state = reduce(state, { type: 'link', phase: 'connecting', mono_ms: START_MS + 1000 })

  assert.equal(connection(state, START_MS + 1001).code, 'offline')
  state = reduce(state, { type: 'link', phase: 'open', mono_ms: START_MS + 1200 })
  assert.equal(connection(state, START_MS + 1201).code, 'live')
})

test('after it has opened again a short loss has its grace again', () => {
  let state = reduce(openState(), { type: 'link', phase: 'waiting', mono_ms: START_MS, retry_ms: START_MS + 1000 })
  state = reduce(state, { type: 'link', phase: 'open', mono_ms: START_MS + 1200 })
  state = reduce(state, { type: 'link', phase: 'connecting', mono_ms: START_MS + 1300 })

  assert.equal(connection(state, START_MS + 1400).code, 'live')
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

  const same = reduce(state, { type: 'sample', id: `${NOW - 1}000-0`, sample: makeSample({ cpu: 99 }), mono_ms: START_MS })

  assert.equal(same, state)
})

test('after a reset any id is news', () => {
  let state = reduce(openState(), { type: 'reset', mono_ms: START_MS })

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

test('a sample of another host does not take the view, and its id is where the stream goes on', () => {
  const sample = makeSample({ host: 'app-0' })
  const state = reduce(openState(), { type: 'sample', id: `${NOW}001-0`, sample, mono_ms: START_MS })

  assert.equal(currentSample(state)?.host, 'web-1')
  assert.equal(state.cursor, `${NOW}001-0`)
})

/** @param {string} host @param {Partial<import('../../static/js/model/types.js').HostNews>} [changes] @returns {import('../../static/js/model/types.js').HostNews} */
function news(host, changes = {}) {
  return { host, age_s: 1, is_fresh: true, services: {}, level: 'fine', code: '', ...changes }
}

/** @param {import('../../static/js/model/types.js').HostNews[]} hosts */
function toldState(...hosts) {
  return reduce(openState(), { type: 'hosts', hosts, mono_ms: START_MS })
}

test('the ages of hosts grow on between two tellings', () => {
  const state = toldState(news('web-1'), news('web-2', { age_s: 14 }))

  assert.equal(hostAge(state, 'web-2', START_MS + 2000), 16)
})

test('the host asked for is shown, and one that nobody knows is not', () => {
  const hosts = [{ host: 'web-1', last_at: NOW - 1, age_s: 1 }, { host: 'web-2', last_at: NOW - 1, age_s: 1 }]
  const snapshot = makeSnapshot({ history: makeHistory([NOW - 1]), hosts })

  assert.equal(makeState(snapshot, START_MS, 'web-2').host, 'web-2')
  assert.equal(makeState(snapshot, START_MS, 'web-9').host, 'web-1')
})

test('another host begins with its own newest sample: the stream is asked for a little before it', () => {
  const state = toldState(news('web-1'), news('web-2'), news('web-3', { age_s: 600, is_fresh: false }))

  assert.equal(reduce(state, { type: 'host', host: 'web-2', mono_ms: START_MS }).cursor, `${NOW - 6}000-0`)
  const silent = reduce(state, { type: 'host', host: 'web-3', mono_ms: START_MS })
  assert.equal(silent.cursor, `${NOW - 601}500-0`)
  assert.equal(currentSample(silent), null)
})

test('a replayed sample is news to a page that has none of the host, whatever its history said', () => {
  let state = reduce(toldState(news('web-1'), news('web-2')), { type: 'host', host: 'web-2', mono_ms: START_MS })
  state = reduce(state, { type: 'history', history: makeHistory([NOW - 1], { host: 'web-2' }), mono_ms: START_MS })

  state = reduce(state, { type: 'sample', id: `${NOW - 1}000-0`, sample: makeSample({ host: 'web-2' }), mono_ms: START_MS })

  assert.equal(currentSample(state)?.host, 'web-2')
  assert.equal(state.cursor, `${NOW}000-0`)
})

test('a silent host stays silent when its last sample is replayed', () => {
  let state = toldState(news('web-1'), news('web-2', { age_s: 600, is_fresh: false }))
  state = reduce(state, { type: 'host', host: 'web-2', mono_ms: START_MS })

  state = reduce(state, { type: 'sample', id: `${NOW - 600}000-0`, sample: makeSample({ host: 'web-2' }), mono_ms: START_MS })

  assert.deepEqual(state.hosts.map(({ is_fresh }) => is_fresh), [true, false])
  assert.equal(connection(state, START_MS).code, 'stale')
})

test('what is replayed does not make a host older than the server has just said', () => {
  const sample = makeSample({ at: NOW - 14 })
  let state = reduce(openState(), { type: 'reset', mono_ms: START_MS })

  state = reduce(state, { type: 'sample', id: `${NOW - 14}000-0`, sample, mono_ms: START_MS })

  assert.equal(connection(state, START_MS).code, 'live')
})

test('a host that was forgotten gives the view to the first that is left', () => {
  const state = reduce(toldState(news('web-1', { age_s: 60, is_fresh: false }), news('web-2')), {
    type: 'forgotten', host: 'web-1', mono_ms: START_MS,
  })

  assert.equal(state.host, 'web-2')
  assert.deepEqual(state.hosts.map(({ host }) => host), ['web-2'])
})

test('a list that is a moment behind does not take away the host that was just heard', () => {
  assert.equal(toldState(news('web-2')).host, 'web-1')
})

test('a host that fell silent before the page was opened reads stale, not empty', () => {
  const hosts = [{ host: 'old', last_at: NOW - 600, age_s: 600 }]
  let state = makeState(makeSnapshot({ history: makeHistory([NOW - 1]), hosts }), START_MS)
  state = reduce(state, { type: 'link', phase: 'open', mono_ms: START_MS })

  state = reduce(state, { type: 'host', host: 'old', mono_ms: START_MS })

  assert.equal(connection(state, START_MS).code, 'stale')
})

test('ids compare as numbers, not as text', () => {
  assert.ok(isNewer('10-0', '9-0'))
  assert.ok(isNewer('9-10', '9-9'))
  assert.ok(!isNewer('9-9', '9-9'))
})

test('while access cannot be checked it says so, tries included, until the stream is open again', () => {
  const at = (/** @type {any} */ state, /** @type {any} */ phase, /** @type {number} */ mono_ms) => {
    return reduce(state, { type: 'link', phase, mono_ms, retry_ms: mono_ms + 3000 })
  }
  const waiting = at(openState(), 'unverified', START_MS)
  const trying = at(waiting, 'connecting', START_MS + 3000)

  assert.deepEqual([connection(waiting, START_MS).code, connection(waiting, START_MS).retry_s], ['unverified', 3])
  assert.equal(connection(trying, START_MS + 3001).code, 'unverified')
  assert.equal(connection(at(trying, 'waiting', START_MS + 4000), START_MS + 4000).code, 'offline')
  assert.notEqual(connection(at(trying, 'open', START_MS + 4000), START_MS + 4000).code, 'unverified')
})

test('without a network at all, that is what is wrong', () => {
  const state = reduce(openState(), { type: 'link', phase: 'waiting', mono_ms: START_MS, retry_ms: START_MS + 3000 })

  assert.equal(connection(state, START_MS + 500, false).cause, 'network')
})

test('who is to blame for silence is told while it lasts', () => {
  const blamed = reduce(openState(), { type: 'blame', blame: 'store' })

  assert.equal(connection(blamed, START_MS + 20_000).cause, 'store')
  assert.equal(connection(blamed, START_MS + 500).cause, null)
  const heard = reduce(blamed, { type: 'sample', id: `${NOW + 20}000-0`, sample: makeSample({ at: NOW + 20 }), mono_ms: START_MS + 20_500 })
  assert.equal(heard.blame, null)
})

test('a sleep that the monotonic clock did not see makes the data as old as it is', () => {
  const woken = reduce(openState(), { type: 'slept', seconds: 3600 })

  assert.equal(connection(woken, START_MS + 500).code, 'stale')
  assert.equal(isFarBehind(woken, START_MS + 500), true)
})

test('after a long absence the stream begins with the newest samples, not with all that were missed', () => {
  const woken = reduce(openState(), { type: 'slept', seconds: 3600 })
  const [ms] = (reduce(woken, { type: 'skip', mono_ms: START_MS }).cursor ?? '').split('-').map(Number)

  assert.equal(isFarBehind(openState(), START_MS + 10_000), false)
  assert.ok(ms / 1000 >= NOW + 3600 - 6 && ms / 1000 <= NOW + 3600, String(ms))
})

test('another version on the server is noticed when a stream opens', () => {
  const hello = { version: '1.8.0', interval_s: 3, now: NOW, age_s: 1 }

  assert.equal(reduce(openState(), { type: 'hello', hello, mono_ms: START_MS }).is_outdated, true)
  assert.equal(reduce(openState(), { type: 'hello', hello: { ...hello, version: '1.7.0' }, mono_ms: START_MS }).is_outdated, false)
})

test('a stream that began anew by a clock set back does not make a host that writes look old', () => {
  const ahead = NOW + 600
  let state = reduce(openState(), { type: 'hello', hello: { version: '1.7.0', interval_s: 3, now: ahead, age_s: 0 }, mono_ms: START_MS })
  state = reduce(state, { type: 'sample', id: `${ahead}000-0`, sample: makeSample({ at: ahead }), mono_ms: START_MS })

  state = reduce(state, { type: 'reset', now: NOW + 3, mono_ms: START_MS + 3000 })
  state = reduce(state, { type: 'sample', id: `${NOW + 15}000-0`, sample: makeSample({ at: NOW + 15 }), mono_ms: START_MS + 15_000 })

  assert.equal(connection(state, START_MS + 16_000).code, 'live')
})

test('a Redis that takes nothing is the cause, whatever was guessed, until the server says otherwise', () => {
  const silent = [news('web-1', { age_s: 12, is_fresh: false, level: 'unknown' })]
  let state = reduce(openState(), { type: 'blame', blame: 'collector' })
  state = reduce(state, { type: 'hosts', hosts: silent, refusal: 'store_full', mono_ms: START_MS + 12_000 })

  assert.equal(connection(state, START_MS + 12_000).cause, 'store_full')
  state = reduce(state, { type: 'hosts', hosts: silent, mono_ms: START_MS + 13_000 })
  assert.equal(connection(state, START_MS + 13_000).cause, 'collector')
})
