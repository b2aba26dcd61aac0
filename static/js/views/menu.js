// @ts-check
/** The button that opens and closes the sidebar where there is no room for both. */

import { byId } from '../ui/dom.js'

export function wireMenu() {
  const menu = byId('menu')
  menu.addEventListener('click', () => {
    const isOpen = document.documentElement.classList.toggle('is-menu-open')
    menu.setAttribute('aria-expanded', String(isOpen))
  })
}
