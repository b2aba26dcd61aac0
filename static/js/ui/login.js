// @ts-check
/** What the login pages do by themselves: a password is shown when asked, and the wait after too many tries counts down. */

import { setText } from './dom.js'
import { makeFormat } from './format.js'

const SECOND_MS = 1000

/** @param {ParentNode} root */
export function watchSecrets(root) {
  for (const button of root.querySelectorAll('.reveal')) {
    const field = button.parentElement?.querySelector('input')
    if (!(button instanceof HTMLButtonElement) || !field) continue
    const show = (/** @type {boolean} */ isShown) => {
      field.type = isShown ? 'text' : 'password'
      button.setAttribute('aria-pressed', String(isShown))
    }
    button.hidden = false
    button.addEventListener('click', () => show(field.type === 'password'))
    field.form?.addEventListener('submit', () => show(false)) // So that the browser keeps it as a password.
  }
}

/** When the time is over, the sentence that asked to wait goes. @param {HTMLElement} root */
export function countDown(root) {
  const node = /** @type {HTMLElement | null} */ (root.querySelector('[data-wait]'))
  if (!node) return
  const end_ms = performance.now() + Number(node.dataset.wait) * SECOND_MS
  const tick = () => {
    const left_s = Math.ceil((end_ms - performance.now()) / SECOND_MS)
    setText(node, makeFormat(document.documentElement.lang).age(left_s))
    if (left_s > 0) setTimeout(tick, SECOND_MS)
    else node.closest('[role="alert"]')?.remove()
  }
  tick()
}
