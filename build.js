// @ts-check
/**
 * Builds the page, `node build.js`: static/ → static/built/<digest>/, each file with a .br and a .gz beside it.
 *
 * The digest is that of the files in static/, so a build's name says what it was made from; app/web/assets.py computes
 * the same and serves no other. A build that is there already is not made again.
 */

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** What the templates name; all that these import is bundled with them. */
const ENTRIES = ['js/main.js', 'js/account_pages.js', 'js/theme-boot.js', 'css/monitor.css', 'css/door.css', 'css/account.css']
const SERVED = /\.(css|js|json|svg)$/

process.chdir(dirname(fileURLToPath(import.meta.url)))
provideUplot('static/vendor')
const sources = filesBelow('static').filter((name) => SERVED.test(name) && !name.startsWith('built/')).sort()
const digest = digestOf(sources)
if (!existsSync(`static/built/${digest}`)) {
  await build(`static/built/${digest}`)
  console.log(`Built the page: ${digest}`)
}

/** uPlot's own minified script. @param {string} folder */
function provideUplot(folder) {
  const script = readFileSync('node_modules/uplot/dist/uPlot.iife.min.js')
  const path = join(folder, 'uPlot.iife.min.js')
  if (existsSync(path) && readFileSync(path).equals(script)) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, script)
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}

/** @param {string[]} names */
function digestOf(names) {
  const lines = names.map((name) => `${name} ${sha256(readFileSync(join('static', name)))}\n`)
  return sha256(lines.join('')).slice(0, 12)
}

/** @param {string | Buffer} content */
function sha256(content) {
  return createHash('sha256').update(content).digest('hex')
}

/** Whole or not at all: made beside its place and then renamed. Builds of other sources go. @param {string} target */
async function build(target) {
  const esbuild = await import('esbuild')
  const made = `static/built/unfinished-${process.pid}`
  try {
    await esbuild.build({
      entryPoints: ENTRIES.map((name) => `static/${name}`), outbase: 'static', outdir: made,
      bundle: true, minify: true, format: 'esm', target: 'es2022', logLevel: 'silent',
    })
    for (const name of sources.filter((each) => !/^(js|css)\//.test(each))) copy(name, made)
    for (const name of filesBelow(made).filter((each) => SERVED.test(each))) compress(join(made, name))
    const builds = readdirSync('static/built').filter((name) => /^[0-9a-f]{12}$/.test(name))
    for (const name of builds.filter((each) => each !== digest)) rmSync(`static/built/${name}`, { recursive: true })
    if (!existsSync(target)) renameSync(made, target)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

/** @param {string} name @param {string} folder */
function copy(name, folder) {
  cpSync(`static/${name}`, join(folder, name))
  if (!name.endsWith('.json')) return
  writeFileSync(join(folder, name), JSON.stringify(JSON.parse(readFileSync(`static/${name}`, 'utf8'))))
}

/** @param {string} path */
function compress(path) {
  const content = readFileSync(path)
  writeFileSync(`${path}.br`, brotliCompressSync(content))
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9, memLevel: 9 }))
}
