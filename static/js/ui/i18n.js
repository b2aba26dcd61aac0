// @ts-check
/**
 * Words come from catalogues, key → text with {parameters}, or plural forms: static/locales/<language>.json for the
 * panel, static/locales/account_pages/ for the pages around it, so that neither fetches the words of the other.
 * [pure but for `applyCatalogue`, which fills the marked parts of a page, and `loadTranslate`, which fetches.]
 */

import { numbersOf } from './numbers.js'

/** @typedef {Record<string, string | Record<string, string>>} Catalogue */
/** @typedef {(key: string | string[], params?: Record<string, string | number>) => string} Translate of several keys, it takes the first that exists */
/** @typedef {'pt-BR' | 'en'} Language */

/** @type {readonly Language[]} The first is the default. */
export const LANGUAGES = ['pt-BR', 'en']
/** The parameter that chooses a plural form. */
const COUNT = 'count'

/**
 * Makes a function from key and parameters to text. Numbers are formatted for the language. A key that the catalogue lacks
 * comes back as itself: ugly, visible, harmless. If a code from outside is part of the key, pass a general key as the second.
 *
 * @param {Catalogue} catalogue
 * @param {string} language
 * @returns {Translate}
 */
export function makeTranslate(catalogue, language) {
  const numbers = numbersOf(language, { maximumFractionDigits: 2 })
  const plurals = new Intl.PluralRules(language)
  return (keys, params = {}) => {
    const [first, ...others] = [keys].flat()
    const entry = catalogue[[first, ...others].find((key) => Object.hasOwn(catalogue, key)) ?? ''] ?? first
    const text = typeof entry === 'string' ? entry : pluralForm(entry, Number(params[COUNT]), plurals)
    return text.replace(/\{(\w+)\}/g, (whole, name) => {
      const value = params[name]
      if (value === undefined) return whole
      return typeof value === 'number' ? numbers(value) : value
    })
  }
}

/**
 * An entry may have its own `zero` form: the plural rules of Portuguese would give "0 consumidor", which nobody says.
 *
 * @param {Record<string, string>} forms
 * @param {number} count
 * @param {Intl.PluralRules} rules
 */
function pluralForm(forms, count, rules) {
  return (count === 0 && forms.zero) || forms[rules.select(count)] || forms.other
}

/** @param {Language} language @param {('' | 'account_pages/')[]} [folders] @returns {Promise<Translate>} of the words of all of them */
export async function loadTranslate(language, folders = ['']) {
  const catalogues = await Promise.all(folders.map((folder) => loadCatalogue(`${folder}${language}.json`)))
  return makeTranslate(Object.assign({}, ...catalogues), language)
}

/** @param {string} name @returns {Promise<Catalogue>} */
async function loadCatalogue(name) {
  // The page says where they are: this module's own address is another one when modules are bundled.
  const response = await fetch(`${document.documentElement.dataset.locales}/${name}`)
  if (!response.ok) throw new Error(`catalogue ${name}: ${response.status}`)
  return response.json()
}

/**
 * Writes the texts of a page: `data-i18n` names the key of an element's text, `data-i18n-label` of its aria-label,
 * `data-i18n-placeholder` of its placeholder.
 *
 * @param {ParentNode} root
 * @param {Translate} t
 */
export function applyCatalogue(root, t) {
  for (const node of root.querySelectorAll('[data-i18n]')) node.textContent = t(node.getAttribute('data-i18n') ?? '')
  for (const node of root.querySelectorAll('[data-i18n-label]')) {
    node.setAttribute('aria-label', t(node.getAttribute('data-i18n-label') ?? ''))
  }
  for (const node of root.querySelectorAll('[data-i18n-placeholder]')) {
    node.setAttribute('placeholder', t(node.getAttribute('data-i18n-placeholder') ?? ''))
  }
}
