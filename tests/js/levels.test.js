// @ts-check
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

import { LEVELS } from '../../static/js/model/verdict.js'

const ROOT = new URL('../../', import.meta.url)

test('the sheets colour levels that there are', () => {
  const folder = new URL('static/css/', ROOT)
  const sheets = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8')).join('')
  const named = new Set([...sheets.matchAll(/\[data-level="(\w+)"\]/g)].map(([, level]) => level))

  assert.deepEqual([...named].filter((level) => ![...LEVELS, 'critical', 'error'].includes(level)), [])
  for (const level of LEVELS) if (level !== 'unknown') assert.ok(named.has(level), level)
})

test('the tab has an icon for every level', () => {
  const head = readFileSync(new URL('app/templates/monitor.html', ROOT), 'utf8')

  for (const level of LEVELS) assert.ok(head.includes(`("${level}", `), level)
})
