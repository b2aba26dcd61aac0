// @ts-check
// Runs before the first paint, as a classic script, so that neither theme nor language flashes: reads what the viewer
// chose, else what the browser asks for. Portuguese is in the HTML already; any other language hides the text until its
// catalogue is there (tokens.css ends the waiting after a moment whatever happens).
{
  const root = document.documentElement
  const stored = (/** @type {string} */ name) => {
    try {
      return localStorage.getItem(name)
    } catch {
      return null // Storage may be switched off: then the choice lasts as long as the page.
    }
  }
  const languageOf = (/** @type {string | null} */ tag) =>
    tag?.startsWith('pt') ? 'pt-BR' : tag?.startsWith('en') ? 'en' : null

  const theme = stored('theme') ?? ''
  root.dataset.theme = ['system', 'dark', 'light'].includes(theme) ? theme : 'dark'
  const tags = [stored('lang'), ...navigator.languages]
  root.lang = tags.map(languageOf).find((language) => language !== null) ?? 'pt-BR'
  if (root.lang !== 'pt-BR') root.classList.add('is-translating')
  root.classList.add('js')
}
