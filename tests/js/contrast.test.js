// @ts-check
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const css = readFileSync(new URL('../../static/css/tokens.css', import.meta.url), 'utf8')
const tokens = new Map([...css.slice(0, css.indexOf('}')).matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)]
  .map(([, name, light, dark]) => [name, { light, dark }]))

/** Relative luminance of WCAG 2.2. @param {string} hex */
function luminance(hex) {
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16) / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

/** @param {string} name @param {'light' | 'dark'} theme */
function color(name, theme) {
  const token = tokens.get(name)
  assert.ok(token, `no colour --${name}`)
  return token[theme]
}

for (const theme of /** @type {const} */ (['dark', 'light'])) {
  // The names at the lines' ends are text in the lines' colours, so lines are held to the measure of text.
  const texts = ['text', 'muted', 'ok', 'warn', 'bad', 'line-cpu', 'line-ram', 'line-host', 'line-queue', 'line-peak', 'accent']
  for (const name of texts) {
    test(`${name} is readable on every ground of the ${theme} theme`, () => {
      for (const ground of ['ground', 'panel', 'raised']) {
        const ratio = contrast(color(name, theme), color(ground, theme))
        assert.ok(ratio >= 4.5, `${name} on ${ground}: ${ratio.toFixed(2)}`)
      }
    })
  }

  test(`the main button is readable in the ${theme} theme`, () => {
    assert.ok(contrast(color('on-accent', theme), color('accent', theme)) >= 4.5)
  })
}
