// @ts-check
/**
 * Gestures on a plot. A mouse points, a click locks, a drag selects. A tap points, and a second one there takes the cursor
 * away; a resting finger points as it moves; one that moves at once scrolls the page. The arrow keys walk from sample to
 * sample.
 */

/**
 * @typedef {object} Delegate
 * @property {(client_x: number, client_y: number) => void} pointed
 * @property {() => void} left
 * @property {() => void} locked a click, or Enter, where the cursor is
 * @property {(from_x: number, to_x: number) => void} selecting
 * @property {(from_x: number, to_x: number) => void} selected
 * @property {() => void} reset a double click
 * @property {(step: number) => void} walked rows; infinite: to the end
 */

/** A movement shorter than this is a click. */
const DRAG_PX = 6
/** A finger that rests this long points. */
const REST_MS = 400
/** Two taps this near to each other are at the same place. */
const TAP_PX = 24
const STEPS = /** @type {Record<string, number>} */ ({
  ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity,
})

/** @param {HTMLElement} area of the plot, for pointers @param {HTMLElement} plot that can have the focus @param {Delegate} delegate */
export function watchGestures(area, plot, delegate) {
  watchMouse(area, delegate)
  watchTouch(area, delegate)
  plot.addEventListener('keydown', (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event
    if (ctrlKey || metaKey || altKey) return
    if (key === 'Enter') delegate.locked()
    else if (STEPS[key] === undefined) return
    else delegate.walked(STEPS[key] * (shiftKey ? 10 : 1))
    event.preventDefault()
  })
}

/** @param {HTMLElement} area @param {Delegate} delegate */
function watchMouse(area, { pointed, left, locked, selecting, selected, reset }) {
  /** @type {number | null} */ let from_x = null
  const isDrag = (/** @type {PointerEvent} */ event) => from_x !== null && Math.abs(event.clientX - from_x) >= DRAG_PX
  area.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'touch' || event.button !== 0) return
    from_x = event.clientX
    area.setPointerCapture(event.pointerId)
  })
  area.addEventListener('pointermove', (event) => {
    if (event.pointerType === 'touch') return
    pointed(event.clientX, event.clientY)
    if (from_x !== null && isDrag(event)) selecting(from_x, event.clientX)
  })
  area.addEventListener('pointerup', (event) => {
    if (event.pointerType === 'touch' || from_x === null) return
    if (isDrag(event)) selected(from_x, event.clientX)
    else locked()
    from_x = null
  })
  area.addEventListener('pointercancel', () => (from_x = null))
  area.addEventListener('pointerleave', (event) => {
    if (event.pointerType !== 'touch') left()
  })
  area.addEventListener('dblclick', reset)
}

/** @param {HTMLElement} area @param {Delegate} delegate */
function watchTouch(area, { pointed, left }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer
  /** @type {Touch | null} where a finger came down and may still tap */ let down = null
  /** @type {Touch | null} where the last tap left the cursor */ let tapped = null
  let isPointing = false
  const point = (/** @type {Touch} */ { clientX, clientY }) => pointed(clientX, clientY)
  area.addEventListener('touchstart', ({ touches: [finger] }) => {
    down = finger
    timer = setTimeout(() => {
      [isPointing, tapped] = [true, null]
      point(finger)
    }, REST_MS)
  }, { passive: true })
  area.addEventListener('touchmove', (event) => {
    clearTimeout(timer)
    down = null
    if (!isPointing) return // The page scrolls.
    event.preventDefault()
    point(event.touches[0])
  }, { passive: false })
  area.addEventListener('touchend', () => {
    clearTimeout(timer)
    const tap = isPointing ? null : down
    isPointing = false
    if (!tap) return
    const isSecond = isNear(tap, tapped)
    tapped = isSecond ? null : tap
    if (isSecond) left()
    else point(tap)
  })
  area.addEventListener('touchcancel', () => {
    clearTimeout(timer)
    isPointing = false
  })
  area.addEventListener('contextmenu', (event) => {
    if (isPointing) event.preventDefault()
  })
}

/** @param {Touch} tap @param {Touch | null} other */
function isNear(tap, other) {
  return other !== null && Math.hypot(tap.clientX - other.clientX, tap.clientY - other.clientY) < TAP_PX
}
