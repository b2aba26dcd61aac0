// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Recording } from '../../static/js/time/dataset.js'
import { timeframeOf } from '../../static/js/time/timeframe.js'
import { NOW, makeHistory, makeSample } from './sample.js'

/** @typedef {import('../../static/js/model/types.js').History} History */

/** @param {History | null} answer */
function answering(answer) {
  const asked = /** @type {string[]} */ ([])
  globalThis.fetch = /** @type {any} */ (async (/** @type {string} */ url) => {
    asked.push(url)
    return { ok: answer !== null, json: async () => answer }
  })
  return asked
}

const PRESENT = { host: 'web-1', now: NOW, mono_ms: 0 }

test('a day of samples holds no more than the hour that can be shown', () => {
  const recording = new Recording(3)
  for (let tick = 0; tick < 28_800; tick++) recording.add(makeSample({ at: NOW + tick * 3 }), tick * 3000)

  const { columns } = recording.live
  for (const column of columns) assert.ok(column.length >= 1200 && column.length < 1300, String(column.length))
})

test('the live past is read once, and again after the stream had a hole', async () => {
  const recording = new Recording(3)
  const asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))

  const read = await recording.read(timeframeOf(''), PRESENT)
  recording.take(/** @type {History} */ (read?.history), NOW)
  await recording.read(timeframeOf(''), PRESENT)
  assert.equal(asked.length, 1)
  recording.doubt()
  await recording.read(timeframeOf(''), PRESENT)

  assert.equal(asked.length, 2)
  assert.match(asked[0], /since=\d+\.\d+&host=web-1$/)
})

test('a long range is steps of the history, read anew when a step is over', async () => {
  const recording = new Recording(3)
  const steps = makeHistory([NOW - 120, NOW - 60], { now: NOW, step_s: 60 })
  const asked = answering({ ...steps, low: steps.columns, high: steps.columns })
  const timeframe = timeframeOf('?range=24h')
  recording.turn(timeframe)

  await recording.read(timeframe, PRESENT)
  await recording.read(timeframe, { ...PRESENT, mono_ms: 59_000 })
  await recording.read(timeframe, { ...PRESENT, mono_ms: 61_000 })

  assert.equal(asked.length, 2)
  assert.equal(recording.shown.step_s, 60)
  assert.equal(recording.live.columns[0].length, 0)
})

test('an hour that the store has lost is shown in steps, until it is there in samples again', async () => {
  const recording = new Recording(3)
  const steps = makeHistory([NOW - 120, NOW - 60], { now: NOW, step_s: 60 })
  let asked = answering({ ...steps, low: steps.columns, high: steps.columns })
  const timeframe = timeframeOf('?range=1h')
  recording.turn(timeframe)

  const read = await recording.read(timeframe, PRESENT)
  assert.equal(read?.isLive, false)
  assert.equal(recording.shown.step_s, 60)
  assert.equal(await recording.read(timeframe, { ...PRESENT, mono_ms: 59_000 }), null)
  assert.equal(asked.length, 1)

  asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))
  assert.equal((await recording.read(timeframe, { ...PRESENT, mono_ms: 61_000 }))?.isLive, true)
  assert.equal(recording.shown.step_s, 3)
  assert.equal(await recording.read(timeframe, { ...PRESENT, mono_ms: 200_000 }), null)
})

test('what stands still does not change while samples come in', () => {
  const recording = new Recording(3)
  recording.add(makeSample({ at: NOW }), 0)
  recording.turn({ mode: 'paused', range: '1m', window: { min: NOW - 60, max: NOW }, focus: null })
  recording.add(makeSample({ at: NOW + 3 }), 3000)

  assert.deepEqual([recording.shown.columns[0].length, recording.live.columns[0].length], [1, 2])
  assert.deepEqual(recording.pause, { missed: 1 })
  recording.turn(timeframeOf(''))
  assert.equal(recording.shown.columns[0].length, 2)
})

test('a window that reaches beyond the present is read on until the present has left it', async () => {
  const recording = new Recording(3)
  const asked = answering(makeHistory([NOW - 3, NOW], { now: NOW }))
  const timeframe = timeframeOf(`?from=${NOW - 60}&to=${NOW + 60}`)
  recording.turn(timeframe)
  for (const at_s of [0, 1, 3, 30, 59, 70, 90, 600]) {
    const reading = recording.read(timeframe, { ...PRESENT, now: NOW + at_s, mono_ms: at_s * 1000 })
    assert.equal(recording.trouble, at_s === 0 ? 'reading' : null)
    await reading
  }

  assert.equal(asked.length, 5)
  assert.equal(recording.shown.until, NOW)
})

test('a history that cannot be read is told, and what was shown stays', async () => {
  const recording = new Recording(3)
  recording.add(makeSample({ at: NOW }), 0)
  const timeframe = timeframeOf(`?from=${NOW - 9000}&to=${NOW - 8000}`)
  recording.turn(timeframe)
  answering(null)

  await recording.read(timeframe, PRESENT)

  assert.equal(recording.trouble, 'failed')
  assert.equal(recording.shown.columns[0].length, 1)
})

test('samples of a clock that was ahead do not hold up those of the right one', () => {
  const recording = new Recording(3)
  recording.add(makeSample({ at: NOW }), 0)
  recording.add(makeSample({ at: NOW + 603 }), 3000)
  recording.doubt()

  recording.take(makeHistory([NOW - 3, NOW, NOW + 3], { now: NOW + 4 }), NOW)
  recording.add(makeSample({ at: NOW + 6 }), 6000)

  assert.deepEqual(recording.live.columns[0], [NOW - 3, NOW, NOW + 3, NOW + 6])
})
