// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { lastOutage } from '../../static/js/model/outage.js'

/** @param {number} at @param {string} name @param {string} before @param {string} after */
const change = (at, name, before, after) => ({ at, kind: 'service', name, before, after })

test('an outage lasts from the first service that is down until all are back', () => {
  const marks = [
    change(100, 'worker', 'online', 'offline'), { at: 105, kind: 'burst' }, change(110, 'database', 'degraded', 'offline'),
    change(160, 'worker', 'offline', 'online'), change(200, 'database', 'offline', 'online'),
  ]

  assert.deepEqual(lastOutage(marks), { since: 100, until: 200 })
  assert.deepEqual(lastOutage(marks.slice(0, 4)), { since: 100, until: null })
})

test('the newest outage is told, and an unknown beginning is unknown', () => {
  assert.deepEqual(lastOutage([change(160, 'worker', 'offline', 'online')]), { since: null, until: 160 })
  assert.deepEqual(lastOutage([
    change(100, 'worker', 'offline', 'online'), change(300, 'worker', 'online', 'offline'), change(310, 'worker', 'offline', 'degraded'),
  ]), { since: 300, until: 310 })
})

test('what was never down had no outage', () => {
  assert.equal(lastOutage([]), null)
  assert.equal(lastOutage([change(100, 'worker', 'online', 'degraded'), change(110, 'worker', 'degraded', 'online')]), null)
})
