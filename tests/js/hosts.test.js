// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { elsewhere, fromSample, fromSnapshot, inOrder, problemOf, troubledHosts, withHost } from '../../static/js/model/hosts.js'
import { makeSample, makeVerdict } from './sample.js'

/** @typedef {import('../../static/js/model/hosts.js').HostState} HostState */
/** @typedef {import('../../static/js/model/types.js').Level} Level */

/** @param {string} host @param {Level} [level] @param {string} [code] @returns {HostState} */
function fresh(host, level = 'fine', code = 'queue_empty') {
  return { host, heard_at: 0, is_fresh: true, services: { database: 'online', worker: 'online', rabbitmq: 'online' }, level, code }
}

/** @param {string} host @returns {HostState} */
function silent(host) {
  return { ...fresh(host, 'bad', 'stuck'), is_fresh: false }
}

test('what a silent host said last proves nothing', () => {
  assert.deepEqual(problemOf(silent('web-2')), { level: 'unknown', code: 'silent' })
})

test("a host's problem is its collector's verdict, and not knowing yet is no problem", () => {
  assert.deepEqual(problemOf(fresh('a', 'bad', 'stuck')), { level: 'bad', code: 'stuck' })
  assert.equal(problemOf(fresh('a')), null)
  assert.equal(problemOf(fromSnapshot([{ host: 'a', last_at: 0, age_s: 1 }], 9)[0]), null)
})

test('a sample tells the verdict of its host, and one without a verdict is of an older collector', () => {
  const verdict = makeVerdict('attention', 'worker_silent')

  assert.deepEqual(problemOf(fromSample(makeSample({ verdict }), 0, true)), { level: 'attention', code: 'worker_silent' })
  assert.deepEqual(problemOf(fromSample(makeSample({ verdict: null }), 0, true)), { level: 'unknown', code: 'older_collector' })
})

test('hosts with problems come first, the worst on top, then names decide', () => {
  const hosts = [fresh('a'), silent('b'), fresh('c', 'attention'), fresh('e', 'bad'), fresh('d', 'bad')]

  assert.deepEqual(inOrder(hosts).map(({ host }) => host), ['d', 'e', 'c', 'b', 'a'])
})

test('a host that is worse than the one shown is named, with how many there are besides', () => {
  const hosts = [fresh('web-1'), fresh('web-2', 'bad', 'database_offline'), silent('web-3')]

  assert.deepEqual(elsewhere(hosts, 'web-1', 'fine'), { host: 'web-2', level: 'bad', code: 'database_offline', more: 1 })
})

test('every other host with a problem is named, the worst first, however bad the one shown is', () => {
  const hosts = [fresh('web-1', 'bad'), silent('web-2'), fresh('web-3', 'bad'), fresh('web-4')]

  assert.deepEqual(troubledHosts(hosts, 'web-1').map(({ host }) => host), ['web-3', 'web-2'])
})

test('what is no worse than the host shown is not told', () => {
  const hosts = [fresh('web-1', 'bad'), fresh('web-2', 'bad')]

  assert.equal(elsewhere(hosts, 'web-1', 'bad'), null)
  assert.equal(elsewhere([fresh('web-1'), silent('web-2')], 'web-1', 'unknown'), null)
})

test('a host that is heard again keeps its one place in the list', () => {
  const hosts = withHost([fresh('b'), fresh('a')], fresh('b', 'bad', 'stuck'))

  assert.deepEqual(hosts.map(({ host, level }) => [host, level]), [['a', 'fine'], ['b', 'bad']])
})
