// @ts-check
/** The viewer's language and theme, kept in localStorage. theme-boot.js reads them before the first paint. */

import { LANGUAGES } from './i18n.js'

/** @import { Language } from './i18n.js' */

/** @returns {Language} chosen by theme-boot.js before the first paint */
export function chosenLanguage() {
  return LANGUAGES.find((language) => language === document.documentElement.lang) ?? LANGUAGES[0]
}

/**
 * Wires the two switches: groups of buttons, one of them pressed.
 *
 * @param {{languageChosen: (language: Language) => void, themeChanged: () => void}} delegate
 */
export function watchPreferences({ languageChosen, themeChanged }) {
  const root = document.documentElement
  wireSwitch('language', root.lang, (language) => languageChosen(/** @type {Language} */ (language)))
  wireSwitch('theme', root.dataset.theme ?? '', (theme) => {
    root.dataset.theme = theme
    themeChanged()
  })
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', themeChanged)
  matchMedia('(forced-colors: active)').addEventListener('change', themeChanged)
}

/** @param {'language' | 'theme'} name @param {string} value @param {(value: string) => void} chosen */
function wireSwitch(name, value, chosen) {
  const group = document.querySelector(`[data-switch="${name}"]`)
  if (!group) return
  const press = (/** @type {string} */ pressed) => {
    for (const button of group.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(button.value === pressed))
    }
  }
  press(value)
  group.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    if (!button) return
    press(button.value)
    keep(name === 'language' ? 'lang' : name, button.value)
    chosen(button.value)
  })
}

/** The next theme, as if its button had been pressed. */
export function nextTheme() {
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-switch="theme"] button')])
  const at = buttons.findIndex((button) => button.getAttribute('aria-pressed') === 'true')
  buttons[(at + 1) % buttons.length].click()
}

/** @param {string} name @returns {string | null} */
export function kept(name) {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(name, value)
  } catch {
    // Storage may be switched off: then the choice lasts as long as the page.
  }
}
