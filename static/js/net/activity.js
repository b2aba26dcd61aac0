// @ts-check
/**
 * Tells the server that somebody uses the page, so that the session does not end as idle. Only a person's acts count: a
 * key, a press, a touch, the wheel, the pointer. The stream and the page's own requests do not.
 */

/** Shortest time between two such messages, in ms: half of the shortest SESSION_IDLE_MINUTES. */
const PAUSE_MS = 30_000
const DEEDS = /** @type {const} */ (['keydown', 'pointerdown', 'pointermove', 'wheel'])

let told_ms = performance.now() // Loading the page counted as activity.

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
  fetch('/api/me/seen', options).catch(() => (told_ms = mono_ms - PAUSE_MS)) // The server did not get it: the next act tells it again.
}
