// @ts-check
/** The pages around the panel (login, account, errors): Portuguese as served, any other language from its catalogue. */

import { LANGUAGES, applyCatalogue, loadTranslate } from './ui/i18n.js'
import { showLocalTimes } from './ui/local_times.js'
import { countDown, watchSecrets } from './ui/login.js'
import { chosenLanguage, watchPreferences } from './ui/preferences.js'
import { wireMenu } from './views/menu.js'

/** @import { Language } from './ui/i18n.js' */

/** Around the panel, the sidebar's words are those of the panel; the login has no sidebar. */
const hasSidebar = document.getElementById('menu') !== null

const language = chosenLanguage()
showLocalTimes(document, language)
if (language !== LANGUAGES[0]) await speak(language)
document.documentElement.classList.remove('is-translating')
if (hasSidebar) wireMenu()
watchPreferences({ languageChosen, themeChanged: () => {} })
watchSecrets(document)
countDown(document.body)

/** @param {Language} chosen */
function languageChosen(chosen) {
  document.documentElement.lang = chosen
  showLocalTimes(document, chosen)
  speak(chosen).catch(() => {}) // No network: the page keeps its words.
}

/** @param {Language} spoken */
async function speak(spoken) {
  applyCatalogue(document, await loadTranslate(spoken, hasSidebar ? ['', 'account_pages/'] : ['account_pages/']))
}
