// @ts-check
/** The switch by which a narrow screen shows one chart at a time. A wide one has no switch and shows all. */

import { byId, setAttribute } from '../ui/dom.js'

export function wireSegments() {
  const buttons = [...byId('segments').querySelectorAll('button')]
  for (const button of buttons) {
    button.addEventListener('click', () => {
      byId('charts').dataset.shown = button.value
      for (const each of buttons) setAttribute(each, 'aria-pressed', String(each === button))
    })
  }
}
