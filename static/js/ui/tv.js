// @ts-check
/** TV mode: the panel alone, large, for a screen on a wall. The page's address keeps it, so that it survives a reload. */

import { byId } from './dom.js'

const TV = 'tv'
/** A pointer that rests this long disappears, in ms. */
const REST_MS = 3000
/** Shortest time between two reloads for a new version, in ms: while old and new servers answer in turn it must not loop. */
const RELOAD_MS = 600_000
const RELOADED = 'reloaded_at'

/** @type {WakeLockSentinel | null} */
let wakeLock = null
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resting

export function isTv() {
  return document.documentElement.classList.contains('is-tv')
}

export function startTv() {
  if (new URLSearchParams(location.search).get(TV) === '1') setTv(true)
  byId('tv-open').addEventListener('click', toggleTv)
  byId('tv-close').addEventListener('click', toggleTv)
  document.addEventListener('pointermove', showPointer)
  document.addEventListener('visibilitychange', keepAwake)
}

export function toggleTv() {
  setTv(!isTv())
  const address = new URL(location.href)
  if (isTv()) address.searchParams.set(TV, '1')
  else address.searchParams.delete(TV)
  history.replaceState(null, '', address)
}

export function toggleFullscreen() {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()
  change.catch(() => {}) // The browser or the frame forbids it: the page stays as it is.
}

/** The server has another version of this page. */
export function reloadWall() {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0)
  if (!isTv() || Date.now() - last < RELOAD_MS) return
  sessionStorage.setItem(RELOADED, String(Date.now()))
  location.reload()
}

/** @param {boolean} isOn */
function setTv(isOn) {
  document.documentElement.classList.toggle('is-tv', isOn)
  showPointer()
  keepAwake()
  dispatchEvent(new Event('resize'))
}

function showPointer() {
  const { classList } = document.documentElement
  classList.remove('is-resting')
  clearTimeout(resting)
  if (isTv()) resting = setTimeout(() => classList.add('is-resting'), REST_MS)
}

/** Asks for the wake lock again: the browser releases it whenever the page is hidden. */
async function keepAwake() {
  if (isTv() && document.visibilityState === 'visible') {
    wakeLock = await navigator.wakeLock?.request('screen').catch(() => null) ?? null
  } else {
    await wakeLock?.release()
    wakeLock = null
  }
}
