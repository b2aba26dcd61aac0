// @ts-check
/**
 * Builds the page, `node build.js`: static/ → static/built/<sources>-<tools>/, each file with a .br and a .gz beside it.
 *
 * <sources> is a digest of the files in static/; app/web/assets.py computes the same and serves no other build. <tools>
 * is one of this file and of esbuild's version, so that a build by others has another address. A build that is there
 * already is not made again.
 */

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** What the templates name; all that these import is bundled with them. */
const ENTRIES = ['js/main.js', 'js/account_pages.js', 'js/theme-boot.js', 'css/monitor.css', 'css/sign_in.css', 'css/account.css']
const SERVED = /\.(css|js|json|svg)$/

process.chdir(dirname(fileURLToPath(import.meta.url)))
provideUplot('static/vendor')
const sources = filesBelow('static').filter((name) => SERVED.test(name) && !name.startsWith('built/')).sort()
const name = `${digestOf(sources).slice(0, 12)}-${digestOfTools().slice(0, 8)}`
if (!existsSync(`static/built/${name}`)) {
  await build(`static/built/${name}`)
  console.log(`Built the page: ${name}`)
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
  return sha256(lines.join(''))
}

function digestOfTools() {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  return sha256(`${lock.packages['node_modules/esbuild'].version}\n${readFileSync('build.js', 'utf8')}`)
}

/** @param {string | Buffer} content */
function sha256(content) {
  return createHash('sha256').update(content).digest('hex')
}

/** Whole or not at all: made beside its place and then renamed. Other builds go. @param {string} target */
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
    const builds = readdirSync('static/built').filter((each) => /^[0-9a-f]{12}/.test(each) && each !== name)
    for (const each of builds) rmSync(`static/built/${each}`, { recursive: true })
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
