// @ts-check
/** Reports when the viewer leaves the page, returns or looks at it, and when the machine has slept. */

/**
 * @typedef {object} Delegate
 * @property {() => void} left the page is unloaded, kept in the back/forward cache, or frozen
 * @property {() => void} returned
 * @property {() => void} woken the page becomes visible, or the network is back
 * @property {(seconds: number) => void} slept the machine slept, or its clock was set forward
 */

/** A timer is never late by more than this, in s, unless the machine slept. */
const SLEEP_S = 5
const PERIOD_MS = 2000

/** @param {Delegate} delegate */
export function watchLifecycle({ left, returned, woken, slept }) {
  // A page in the back/forward cache must not hold a stream: the server counts its viewers.
  addEventListener('pagehide', left)
  addEventListener('pageshow', returned)
  document.addEventListener('freeze', left)
  document.addEventListener('resume', returned)
  addEventListener('online', woken)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') woken()
  })
  watchClocks(slept)
}

/** The monotonic clock may stand still while the machine sleeps; the wall clock never does. @param {Delegate['slept']} slept */
function watchClocks(slept) {
  const offset_s = () => (Date.now() - performance.now()) / 1000
  let last = offset_s()
  setInterval(() => {
    const seconds = offset_s() - last
    last = offset_s()
    if (seconds > SLEEP_S) slept(seconds)
  }, PERIOD_MS)
}
