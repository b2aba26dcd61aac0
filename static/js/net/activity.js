// @ts-check
/**
 * Tells the server that somebody is at the page, which keeps the login from ending as idle. Only what a person does
 * counts: a key, a press, a touch, the wheel, the pointer. The stream and the page's own questions tell nothing.
 */

/** Told at most this often, in ms: half of the shortest idle time there can be, see SESSION_IDLE_MINUTES. */
const PAUSE_MS = 30_000
const DEEDS = /** @type {const} */ (['keydown', 'pointerdown', 'pointermove', 'wheel'])

let told_ms = performance.now() // Opening the page was the first thing told.

export function watchActivity() {
  for (const deed of DEEDS) addEventListener(deed, tell, { passive: true, capture: true })
}

/** @param {Event} event */
function tell(event) {
  const mono_ms = performance.now()
  if (!event.isTrusted || mono_ms - told_ms < PAUSE_MS) return
  told_ms = mono_ms
  const token = /** @type {HTMLInputElement} */ (document.querySelector('[name=csrf_token]')).value
  const options = { method: 'POST', headers: { 'X-CSRFToken': token }, signal: AbortSignal.timeout(4000) }
  fetch('/api/me/seen', options).catch(() => (told_ms = mono_ms - PAUSE_MS)) // Not heard: the next deed tells again.
}
