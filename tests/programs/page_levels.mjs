/** Reads samples as JSON, one a line, and writes what the page says of each: its level and the code of its headline. */

import { readFileSync } from 'node:fs'

import { verdict } from '../../static/js/model/verdict.js'

const LIVE = { code: 'live', age_s: 1, retry_s: null, cause: null }

const lines = readFileSync(0, 'utf8').trimEnd().split('\n')
const told = lines.map((line) => verdict(LIVE, JSON.parse(line)))
process.stdout.write(JSON.stringify(told.map(({ level, code }) => [level, code])))
