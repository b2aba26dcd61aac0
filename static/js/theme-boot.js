// @ts-check
// Runs before the first paint, as a classic script, so that neither theme nor language flashes. It reads the viewer's
// choice, else the browser's language and the page's own theme. The HTML is in Portuguese; for another language the text stays hidden until
// its catalogue has loaded (tokens.css shows it after a moment in any case). A page that needs a catalogue in any language
// says so, and it loads beside the scripts instead of after them.
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
  if (['system', 'dark', 'light'].includes(theme)) root.dataset.theme = theme
  const tags = [stored('lang'), ...navigator.languages]
  root.lang = tags.map(languageOf).find((language) => language !== null) ?? 'pt-BR'
  if (root.lang !== 'pt-BR') root.classList.add('is-translating')
  root.classList.add('js')
  if ('wordsAhead' in root.dataset) {
    const words = document.createElement('link')
    Object.assign(words, { rel: 'preload', as: 'fetch', crossOrigin: '', href: `${root.dataset.locales}/${root.lang}.json` })
    document.head.append(words)
  }
}
