// @ts-check
/**
 * Gestures on a plot. A mouse points, a click locks, a drag selects. A resting finger points; one that moves at once
 * scrolls the page. The arrow keys walk from sample to sample.
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
  let isPointing = false
  area.addEventListener('touchstart', ({ touches: [{ clientX, clientY }] }) => {
    timer = setTimeout(() => {
      isPointing = true
      pointed(clientX, clientY)
    }, REST_MS)
  }, { passive: true })
  area.addEventListener('touchmove', (event) => {
    clearTimeout(timer)
    if (!isPointing) return // The page scrolls.
    event.preventDefault()
    pointed(event.touches[0].clientX, event.touches[0].clientY)
  }, { passive: false })
  const ended = () => {
    clearTimeout(timer)
    if (!isPointing) left() // A tap removes the cursor that a resting finger left.
    isPointing = false
  }
  area.addEventListener('touchend', ended)
  area.addEventListener('touchcancel', ended)
  area.addEventListener('contextmenu', (event) => {
    if (isPointing) event.preventDefault()
  })
}
