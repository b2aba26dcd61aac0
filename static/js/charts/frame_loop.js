// @ts-check
/** When something that moves is drawn: at once when asked, and again as often as it says. */

/**
 * Draws at `now_ms` (monotonic), `elapsed_ms` after the last frame (Infinity: the first); answers in how many ms the next
 * frame is worth drawing, null: not before it is asked for.
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

  /** Before, nothing is drawn. */
  start() {
    this.#isStarted = true
    this.ask()
  }

  /** Asks for one frame. A hidden page is given none until it is looked at. */
  ask() {
    if (!this.#isStarted || this.#isAsked) return
    this.#isAsked = true
    clearTimeout(this.#timer)
    requestAnimationFrame(() => {
      this.#isAsked = false
      this.#frame()
    })
  }

  /** The next frame of a movement is drawn at once: to ask for a frame and to draw in it costs the browser two. */
  #step = () => (document.hidden ? this.ask() : this.#frame())

  #frame() {
    const now_ms = performance.now()
    const next_ms = this.#draw(now_ms, now_ms - this.#drawn_ms)
    this.#drawn_ms = now_ms
    if (next_ms !== null) this.#timer = setTimeout(this.#step, next_ms - (performance.now() - now_ms))
  }
}
