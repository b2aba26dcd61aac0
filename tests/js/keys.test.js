// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { KEYS, actionOf } from '../../static/js/ui/keys.js'

const ON = { isTyping: false, isOn: true }

/** @param {string} key @param {object} [changes] */
function press(key, changes = {}) {
  return { key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, defaultPrevented: false, ...changes }
}

test('each key does its one thing, capitals too', () => {
  for (const [key, action] of Object.entries(KEYS)) assert.equal(actionOf(press(key), ON)?.action, action)
  assert.equal(actionOf(press('P'), ON)?.action, 'pause')
  assert.deepEqual(actionOf(press('7'), ON), { action: 'range', number: 7 })
  assert.equal(actionOf(press('8'), ON), null)
})

test('who types, holds a modifier or has switched single keys off means something else', () => {
  assert.equal(actionOf(press('p'), { isTyping: true, isOn: true }), null)
  assert.equal(actionOf(press('p'), { isTyping: false, isOn: false }), null)
  for (const held of ['ctrlKey', 'metaKey', 'altKey', 'repeat', 'defaultPrevented']) {
    assert.equal(actionOf(press('p', { [held]: true }), ON), null)
  }
})
