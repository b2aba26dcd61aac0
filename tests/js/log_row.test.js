// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { makeFormat } from '../../static/js/ui/format.js'
import { repeatsText } from '../../static/js/views/log_row.js'

const NOW = 1_700_000_000
const view = { t: (/** @type {any} */ key, /** @type {any} */ params) => `${key} ${JSON.stringify(params)}`, format: makeFormat('en') }

/** @param {Partial<import('../../static/js/model/types.js').LogGroup>} changes */
function text(changes) {
  return repeatsText(view, /** @type {any} */ ({ first_at: NOW, last_at: NOW, count: 3, ...changes }))
}

test('repeats within one second are told with one time, others with two', () => {
  const at = view.format.instant(NOW)

  assert.equal(text({ last_at: NOW + 0.4 }), `logs.repeats_at {"count":3,"at":"${at}"}`)
  assert.equal(text({ last_at: NOW + 60 }), `logs.repeats {"count":3,"first":"${at}","last":"${view.format.instant(NOW + 60)}"}`)
})

test('a line that came once says nothing of repeats', () => {
  assert.equal(text({ count: 1 }), '')
})
