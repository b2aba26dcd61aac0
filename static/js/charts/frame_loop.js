// @ts-check
/** Draws frames: one when asked, and further ones as often as the drawing function wants. */

/**
 * Draws at `now_ms` (monotonic), `elapsed_ms` after the last frame (Infinity: the first). Returns in how many ms the next
 * frame is due; null: only when asked.
 *
 * @typedef {(now_ms: number, elapsed_ms: number) => number | null} Draw
 */

export class FrameLoop {
  #draw
  #isStarted = false
  #isAsked = false
  #drawn_ms = -Infinity
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer

  /** @param {Draw} draw */
  constructor(draw) {
    this.#draw = draw
    document.addEventListener('visibilitychange', () => this.ask())
  }

  /** Nothing is drawn before this. */
  start() {
    this.#isStarted = true
    this.ask()
  }

  /** Asks for one frame. The browser gives a hidden page none until it is visible. */
  ask() {
    if (!this.#isStarted || this.#isAsked) return
    this.#isAsked = true
    clearTimeout(this.#timer)
    requestAnimationFrame(() => {
      this.#isAsked = false
      this.#frame()
    })
  }

  /** Draws the next frame of a movement at once: asking for a frame and drawing in it costs the browser two. */
  #step = () => (document.hidden ? this.ask() : this.#frame())

  #frame() {
    const now_ms = performance.now()
    const next_ms = this.#draw(now_ms, now_ms - this.#drawn_ms)
    this.#drawn_ms = now_ms
    if (next_ms !== null) this.#timer = setTimeout(this.#step, next_ms - (performance.now() - now_ms))
  }
}
