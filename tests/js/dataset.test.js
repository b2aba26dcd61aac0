// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Dataset } from '../../static/js/time/dataset.js'
import { timeframeOf } from '../../static/js/time/timeframe.js'
import { NOW, makeHistory, makeSample } from './sample.js'

/** @typedef {import('../../static/js/model/types.js').History} History */

/** @param {History | null} answer */
function answering(answer) {
  const asked = /** @type {string[]} */ ([])
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url) => {
    asked.push(url)
    return { ok: answer !== null, text: async () => JSON.stringify(answer) }
  })
  return asked
}

const PRESENT = { host: 'web-1', now: NOW, mono_ms: 0 }

test('a day of samples holds no more than the hour that can be shown', () => {
  const dataset = new Dataset(3)
  for (let tick = 0; tick < 28_800; tick++) dataset.add(makeSample({ at: NOW + tick * 3 }), tick * 3000)

  const { columns } = dataset.live
  for (const column of columns) assert.ok(column.length >= 1200 && column.length < 1300, String(column.length))
})

test('the live past is read once, and again after the stream had a hole', async () => {
  const dataset = new Dataset(3)
  const asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))

  const read = await dataset.read(timeframeOf(''), PRESENT)
  dataset.take(/** @type {History} */ (read?.history), NOW)
  await dataset.read(timeframeOf(''), PRESENT)
  assert.equal(asked.length, 1)
  dataset.invalidate()
  await dataset.read(timeframeOf(''), PRESENT)

  assert.equal(asked.length, 2)
  assert.match(asked[0], /since=\d+\.\d+&host=web-1$/)
})

test('a long range is steps of the history, read anew when a step is over', async () => {
  const dataset = new Dataset(3)
  const steps = makeHistory([NOW - 120, NOW - 60], { now: NOW, step_s: 60 })
  const asked = answering({ ...steps, low: steps.columns, high: steps.columns })
  const timeframe = timeframeOf('?range=24h')
  dataset.setTimeframe(timeframe)

  await dataset.read(timeframe, PRESENT)
  await dataset.read(timeframe, { ...PRESENT, mono_ms: 59_000 })
  await dataset.read(timeframe, { ...PRESENT, mono_ms: 61_000 })

  assert.equal(asked.length, 2)
  assert.equal(dataset.shown.step_s, 60)
  assert.equal(dataset.live.columns[0].length, 0)
})

test('an hour that the store has lost is shown in steps, until it is there in samples again', async () => {
  const dataset = new Dataset(3)
  const steps = makeHistory([NOW - 120, NOW - 60], { now: NOW, step_s: 60 })
  let asked = answering({ ...steps, low: steps.columns, high: steps.columns })
  const timeframe = timeframeOf('?range=1h')
  dataset.setTimeframe(timeframe)

  const read = await dataset.read(timeframe, PRESENT)
  assert.equal(read?.isLive, false)
  assert.equal(dataset.shown.step_s, 60)
  assert.equal(await dataset.read(timeframe, { ...PRESENT, mono_ms: 59_000 }), null)
  assert.equal(asked.length, 1)

  asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))
  assert.equal((await dataset.read(timeframe, { ...PRESENT, mono_ms: 61_000 }))?.isLive, true)
  assert.equal(dataset.shown.step_s, 3)
  assert.equal(await dataset.read(timeframe, { ...PRESENT, mono_ms: 200_000 }), null)
})

test('what stands still does not change while samples come in', () => {
  const dataset = new Dataset(3)
  dataset.add(makeSample({ at: NOW }), 0)
  dataset.setTimeframe({ mode: 'paused', range: '1m', window: { min: NOW - 60, max: NOW }, focus: null })
  dataset.add(makeSample({ at: NOW + 3 }), 3000)

  assert.deepEqual([dataset.shown.columns[0].length, dataset.live.columns[0].length], [1, 2])
  assert.deepEqual(dataset.pause, { missed: 1 })
  dataset.setTimeframe(timeframeOf(''))
  assert.equal(dataset.shown.columns[0].length, 2)
})

test('a window that reaches beyond the present is read on until the present has left it', async () => {
  const dataset = new Dataset(3)
  const asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))
  const timeframe = timeframeOf(`?from=${NOW - 60}&to=${NOW + 60}`)
  dataset.setTimeframe(timeframe)
  for (const at_s of [0, 1, 3, 30, 59, 70, 90, 600]) {
    const reading = dataset.read(timeframe, { ...PRESENT, now: NOW + at_s, mono_ms: at_s * 1000 })
    assert.equal(dataset.readState, at_s === 0 ? 'reading' : null)
    await reading
  }

  assert.equal(asked.length, 5)
  assert.equal(dataset.shown.until, NOW)
})

test('a history that cannot be read is told, and what was shown stays', async () => {
  const dataset = new Dataset(3)
  dataset.add(makeSample({ at: NOW }), 0)
  const timeframe = timeframeOf(`?from=${NOW - 9000}&to=${NOW - 8000}`)
  dataset.setTimeframe(timeframe)
  answering(null)

  await dataset.read(timeframe, PRESENT)

  assert.equal(dataset.readState, 'failed')
  assert.equal(dataset.shown.columns[0].length, 1)
})

test('samples of a clock that was ahead do not hold up those of the right one', () => {
  const dataset = new Dataset(3)
  dataset.add(makeSample({ at: NOW }), 0)
  dataset.add(makeSample({ at: NOW + 603 }), 3000)
  dataset.invalidate()

  dataset.take(makeHistory([NOW - 3, NOW, NOW + 3], { now: NOW + 4 }), NOW)
  dataset.add(makeSample({ at: NOW + 6 }), 6000)

  assert.deepEqual(dataset.live.columns[0], [NOW - 3, NOW, NOW + 3, NOW + 6])
})
