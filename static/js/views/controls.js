// @ts-check
/** Wires the buttons and keys to their actions. */

import { byId } from '../ui/dom.js'
import { nextTheme } from '../ui/preferences.js'
import { startTv, toggleFullscreen, toggleTv } from '../ui/tv.js'
import { Help } from './help.js'
import { wireMenu } from './menu.js'

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
  byId('elsewhere').addEventListener('click', ({ target }) => {
    const other = target instanceof Element ? target.closest('button') : null
    if (other) hostChosen(other.value)
  })
  const select = /** @type {HTMLSelectElement} */ (byId('host-select'))
  select.addEventListener('change', () => hostChosen(select.value))
  wireMenu()
  startTv()
  return new Help({ pause, range, logs, theme: nextTheme, fullscreen: toggleFullscreen, tv: toggleTv })
}
