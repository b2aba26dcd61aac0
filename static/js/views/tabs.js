// @ts-check
/**
 * The tabs below the charts, by the ARIA pattern: one is in the tab order, the arrow keys choose the next, and the page's
 * address keeps the choice. On a narrow screen their list lies at the bottom of the window.
 */

import { byId, partOf, setAttribute, setText } from '../ui/dom.js'

/** @typedef {'logs' | 'workers' | 'tasks' | 'resources'} TabName the id of a panel */
/** @typedef {{tabChosen: (name: TabName) => void}} Delegate */

const PARAMETER = 'tab'
const NARROW = '(max-width: 640px)'
const MOVES = /** @type {Record<string, (at: number, last: number) => number>} */ ({
  ArrowRight: (at, last) => (at === last ? 0 : at + 1),
  ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
  Home: () => 0,
  End: (_, last) => last,
})

export class Tabs {
  #delegate
  #tabs = /** @type {HTMLElement[]} */ ([...byId('tabs').querySelectorAll('[role=tab]')])

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    for (const tab of this.#tabs) tab.addEventListener('click', () => this.#pressed(tab))
    partOf(byId('tabs'), '[role=tablist]').addEventListener('keydown', this.#keyPressed)
    const asked = this.#tabs.find((tab) => nameOf(tab) === new URLSearchParams(location.search).get(PARAMETER))
    if (asked) this.choose(nameOf(asked))
  }

  /** @returns {TabName} */
  get chosen() {
    return nameOf(/** @type {HTMLElement} */ (this.#tabs.find((tab) => tab.getAttribute('aria-selected') === 'true')))
  }

  /** @param {TabName} name */
  choose(name) {
    for (const tab of this.#tabs) {
      const isChosen = nameOf(tab) === name
      setAttribute(tab, 'aria-selected', String(isChosen))
      tab.tabIndex = isChosen ? 0 : -1
      byId(nameOf(tab)).hidden = !isChosen
    }
    this.#delegate.tabChosen(name)
  }

  /** Writes on each tab how many there are; nothing where that is not known, or none. @param {Record<TabName, number | null | undefined>} counts @param {(value: number) => string} text */
  count(counts, text) {
    for (const tab of this.#tabs) {
      const count = counts[nameOf(tab)]
      setText(partOf(tab, '.tab-count'), count ? text(count) : '')
    }
  }

  /** @param {HTMLElement} tab */
  #pressed(tab) {
    this.choose(nameOf(tab))
    const address = new URL(location.href)
    if (tab === this.#tabs[0]) address.searchParams.delete(PARAMETER)
    else address.searchParams.set(PARAMETER, nameOf(tab))
    history.replaceState(null, '', address)
    if (matchMedia(NARROW).matches) byId('tabs').scrollIntoView()
  }

  #keyPressed = (/** @type {KeyboardEvent} */ event) => {
    const at = this.#tabs.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const to = MOVES[event.key]?.(at, this.#tabs.length - 1)
    if (at === -1 || to === undefined) return
    event.preventDefault()
    this.#tabs[to].focus()
    this.#pressed(this.#tabs[to])
  }
}

/** @param {HTMLElement} tab */
function nameOf(tab) {
  return /** @type {TabName} */ (tab.getAttribute('aria-controls'))
}
