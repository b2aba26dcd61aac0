// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LATEST_S, parse } from '../../static/js/model/wire.js'
import { emptyColumns, appendRow } from '../../static/js/time/series.js'

test('an instant beyond every calendar is bounded where it comes in', () => {
  const told = parse('{"sample": {"at": 1e300, "marks": [{"at": -5}]}, "logs": [{"first_at": 1700000000.5, "last_at": 9e99}], "peak": 9e99}')

  assert.deepEqual(told, {
    sample: { at: LATEST_S, marks: [{ at: 0 }] }, logs: [{ first_at: 1_700_000_000.5, last_at: LATEST_S }], peak: 9e99,
  })
  for (const at of [told.sample.at, told.logs[0].last_at]) assert.doesNotThrow(() => new Date(at * 1000).toISOString())
})

test('what is not known stays null, and what is no number is left alone', () => {
  assert.deepEqual(parse('{"oldest_at": null, "at": "noon"}'), { oldest_at: null, at: 'noon' })
})

test('a row of the history beyond every calendar is left out', () => {
  const columns = emptyColumns()
  for (const at of [1_700_000_000, 1e300, 1_700_000_003]) appendRow(columns, [at, 1], { interval_s: 3, keep_s: 60 })

  assert.deepEqual(columns[0], [1_700_000_000, 1_700_000_003])
})
