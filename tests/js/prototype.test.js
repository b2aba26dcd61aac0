// @ts-check
// Names that every object has are names like any other, and no text from outside adds to what every object has.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { UNREAD, hostsOf, withGroup } from '../../static/js/model/log_book.js'
import { currentSample, makeState, reduce } from '../../static/js/model/state.js'
import { streamFor, withWant, withoutTab } from '../../static/js/net/tabs.js'
import { NOW, makeHistory, makeSample } from './sample.js'

const NAMES = ['__proto__', 'constructor', 'toString']

/** As it comes: JSON.parse makes `__proto__` a property of its own. @param {object} value @returns {any} */
const asWire = (value) => JSON.parse(JSON.stringify(value).replace('"extra":', '"__proto__":'))

for (const name of NAMES) {
  test(`a host called ${name} is a host`, () => {
    const snapshot = { history: makeHistory([NOW - 1]), latest: null, hosts: [], version: '1.7.0', interval_s: 3 }
    const sample = asWire({ ...makeSample({ host: name, at: NOW }), extra: { polluted: true } })

    let state = reduce(makeState(snapshot, 0), { type: 'sample', id: `${NOW}000-0`, sample, mono_ms: 1000 })
    state = reduce(state, { type: 'host', host: name, mono_ms: 1000 })
    state = reduce(state, { type: 'sample', id: `${NOW + 3}000-0`, sample: { ...sample, at: NOW + 3 }, mono_ms: 4000 })

    assert.equal(currentSample(state)?.host, name)
    assert.equal(state.hosts.filter(({ host }) => host === name).length, 1)
    assert.equal(/** @type {any} */ ({}).polluted, undefined)
  })

  test(`a log group or a tab called ${name} is one`, () => {
    const group = asWire({ id: name, host: name, service: name, level: 'ERROR', message: name, extra: { polluted: true } })

    const wants = withWant(withWant({}, name, { host: name, cursor: null }), 'other', { host: 'web-1', cursor: null })

    assert.deepEqual(hostsOf(withGroup(UNREAD, group)), [name])
    assert.deepEqual(streamFor(wants, null).hosts, [name, 'web-1'].sort())
    assert.deepEqual(streamFor(withoutTab(wants, name), null).hosts, ['web-1'])
    assert.equal(/** @type {any} */ ({}).polluted, undefined)
  })
}
