// @ts-check
/** The pages around the panel (login, account, errors): Portuguese as served, any other language from its catalogue. */

import { LANGUAGES, applyCatalogue, loadTranslate } from './ui/i18n.js'
import { showLocalTimes } from './ui/local_times.js'
import { chosenLanguage } from './ui/preferences.js'

const language = chosenLanguage()
showLocalTimes(document, language)
if (language !== LANGUAGES[0]) applyCatalogue(document, await loadTranslate(language, 'account_pages/'))
document.documentElement.classList.remove('is-translating')
