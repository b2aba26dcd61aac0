// @ts-check
/** What each key does, and which key presses are not meant for the page. [pure] */

/**
 * @typedef {'help' | 'pause' | 'theme' | 'fullscreen' | 'tv' | 'logs' | 'range'} Action
 * @typedef {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, repeat: boolean, defaultPrevented: boolean}} KeyPress
 */

/** In the order in which the help names them. @type {Readonly<Record<string, Action>>} */
export const KEYS = { '?': 'help', p: 'pause', t: 'theme', l: 'logs', k: 'tv', f: 'fullscreen' }
const RANGE = /^[1-7]$/

/**
 * @param {KeyPress} press
 * @param {{isTyping: boolean, isOn: boolean}} context `isOn`: the viewer has not switched single keys off
 * @returns {{action: Action, number: number} | null} `number` of a range, from 1
 */
export function actionOf({ key, ctrlKey, metaKey, altKey, repeat, defaultPrevented }, { isTyping, isOn }) {
  if (!isOn || isTyping || ctrlKey || metaKey || altKey || repeat || defaultPrevented) return null
  if (RANGE.test(key)) return { action: 'range', number: Number(key) }
  const action = KEYS[key.toLowerCase()]
  return action ? { action, number: 0 } : null
}
