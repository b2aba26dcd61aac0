// @ts-check
/** The pages before the panel (login, errors): Portuguese as served, any other language from its catalogue. */

import { LANGUAGES, applyCatalogue, loadTranslate } from './i18n.js'
import { chosenLanguage } from './preferences.js'

const language = chosenLanguage()
if (language !== LANGUAGES[0]) applyCatalogue(document, await loadTranslate(language))
document.documentElement.classList.remove('is-translating')
