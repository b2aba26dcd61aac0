// @ts-check
/** Wires the buttons and keys to their actions. */

import { byId } from '../ui/dom.js'
import { nextTheme } from '../ui/preferences.js'
import { startTv, toggleFullscreen, toggleTv } from '../ui/tv.js'
import { Help } from './help.js'

/**
 * @typedef {object} Delegate
 * @property {() => void} retry
 * @property {(host: string) => void} hostChosen
 * @property {() => void} pause
 * @property {(number: number) => void} range from 1
 * @property {() => void} logs
 */

/** @param {Delegate} delegate */
export function wireControls({ retry, hostChosen, pause, range, logs }) {
  byId('retry').addEventListener('click', retry)
  byId('reload').addEventListener('click', () => location.reload())
  const other = /** @type {HTMLButtonElement} */ (byId('elsewhere'))
  other.addEventListener('click', () => hostChosen(other.value))
  const menu = byId('menu')
  menu.addEventListener('click', () => {
    const isOpen = document.documentElement.classList.toggle('is-menu-open')
    menu.setAttribute('aria-expanded', String(isOpen))
  })
  startTv()
  return new Help({ pause, range, logs, theme: nextTheme, fullscreen: toggleFullscreen, tv: toggleTv })
}
