// @ts-check
/** The shortcuts: the dialog that lists them, and the switch that turns them off. */

import { byId, el } from '../ui/dom.js'
import { KEYS, actionOf } from '../ui/keys.js'
import { keep, kept } from '../ui/preferences.js'

/** @import { Translate } from '../ui/i18n.js' */
/** @import { Action } from '../ui/keys.js' */
/** @typedef {Record<Exclude<Action, 'help'>, (number: number) => void>} Actions */

const SHORTCUTS = 'shortcuts'
const OFF = 'off'
const TYPING = 'input, textarea, select, [contenteditable]'

export class Help {
  #dialog = /** @type {HTMLDialogElement} */ (byId('help'))
  #isOn = kept(SHORTCUTS) !== OFF

  /** @param {Actions} actions */
  constructor(actions) {
    const all = { ...actions, help: () => this.open() }
    document.addEventListener('keydown', (event) => {
      const isElsewhere = document.querySelector('dialog[open]') !== null
      const isTyping = isElsewhere || (event.target instanceof Element && event.target.matches(TYPING))
      const found = actionOf(event, { isTyping, isOn: this.#isOn })
      if (!found) return
      event.preventDefault()
      all[found.action](found.number)
    })
    const box = /** @type {HTMLInputElement} */ (byId('shortcuts'))
    box.checked = this.#isOn
    box.addEventListener('change', () => {
      this.#isOn = box.checked
      keep(SHORTCUTS, box.checked ? 'on' : OFF)
    })
    byId('help-open').addEventListener('click', () => this.open())
  }

  open() {
    this.#dialog.showModal()
  }

  /** @param {Translate} t */
  speak(t) {
    const rows = [...Object.entries(KEYS), ['1 – 7', 'range'], ['Esc', 'live']]
    byId('help-keys').replaceChildren(...rows.flatMap(([key, action]) => {
      const term = el('dt')
      term.append(el('kbd', '', key))
      return [term, el('dd', '', t(`key.${action}`))]
    }))
  }
}
