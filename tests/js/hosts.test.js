// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { elsewhere, inOrder, problemOf, withHost } from '../../static/js/model/hosts.js'

/** @typedef {import('../../static/js/model/hosts.js').HostState} HostState */

/** @param {string} host @param {import('../../static/js/model/types.js').Services} [services] @returns {HostState} */
function fresh(host, services = {}) {
  return { host, heard_at: 0, is_fresh: true, services: { database: 'online', worker: 'online', rabbitmq: 'online', ...services } }
}

/** @param {string} host @param {import('../../static/js/model/types.js').Services} [services] @returns {HostState} */
function silent(host, services) {
  return { ...fresh(host, services), is_fresh: false }
}

test('what a silent host said last proves nothing', () => {
  assert.deepEqual(problemOf(silent('web-2', { database: 'offline' })), { level: 'unknown', code: 'silent' })
})

test('offline outweighs degraded, and not knowing yet is no problem', () => {
  assert.equal(problemOf(fresh('a', { database: 'degraded', worker: 'offline' }))?.code, 'worker_offline')
  assert.equal(problemOf(fresh('a', { worker: 'unknown', rabbitmq: 'disabled' })), null)
  assert.equal(problemOf({ ...fresh('a'), services: {} }), null)
})

test('hosts with problems come first, the worst on top, then names decide', () => {
  const hosts = [fresh('a'), silent('b'), fresh('c', { worker: 'degraded' }), fresh('e', { database: 'offline' }), fresh('d', { database: 'offline' })]

  assert.deepEqual(inOrder(hosts).map(({ host }) => host), ['d', 'e', 'c', 'b', 'a'])
})

test('a host that is worse than the one shown is named, with how many there are besides', () => {
  const hosts = [fresh('web-1'), fresh('web-2', { database: 'offline' }), silent('web-3')]

  assert.deepEqual(elsewhere(hosts, 'web-1', 'ok'), { host: 'web-2', level: 'bad', code: 'database_offline', more: 1 })
})

test('what is no worse than the host shown is not told', () => {
  const hosts = [fresh('web-1', { database: 'offline' }), fresh('web-2', { database: 'offline' })]

  assert.equal(elsewhere(hosts, 'web-1', 'bad'), null)
  assert.equal(elsewhere([fresh('web-1'), silent('web-2')], 'web-1', 'unknown'), null)
})

test('a host that is heard again keeps its one place in the list', () => {
  const hosts = withHost([fresh('b'), fresh('a')], fresh('b', { worker: 'offline' }))

  assert.deepEqual(hosts.map(({ host, services }) => [host, services.worker]), [['a', 'online'], ['b', 'offline']])
})

test('a problem of the monitoring itself counts after those of the services', () => {
  const doubled = { ...fresh('a'), troubles: /** @type {const} */ (['two_collectors']) }

  assert.deepEqual(problemOf(doubled), { level: 'warn', code: 'two_collectors' })
  assert.equal(problemOf({ ...doubled, services: { worker: 'offline' } })?.code, 'worker_offline')
  assert.equal(problemOf({ ...doubled, is_fresh: false })?.code, 'silent')
})
