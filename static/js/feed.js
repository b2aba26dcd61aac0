// @ts-check
/**
 * The live stream: one EventSource, started and stopped as often as wanted, and the reconnecting that EventSource lacks
 * (it gives up for good on any answer but 200, and never says which).
 *
 * On a loss: 1. close; 2. ask /api/me once, which tells a lost connection from an ended session or a lost permission;
 * 3. wait, with jitter; 4. open again after the last id seen. Coming back online or into view tries at once.
 */

import { retryDelay } from './backoff.js'

/** @import { Hello, Sample, Host, HostNews } from './types.js' */
/** @import { Phase } from './state.js' */
/**
 * @typedef {object} Delegate
 * @property {() => {host: string | null, cursor: string | null}} wanted whose samples, and the id to go on after
 * @property {(phase: Phase, delay_ms?: number) => void} linkChanged
 * @property {(hello: Hello) => void} helloReceived
 * @property {(id: string, sample: Sample) => void} sampleReceived
 * @property {(hosts: HostNews[]) => void} hostsReceived
 * @property {() => void} resetReceived the cursor is no longer held: the past must be fetched anew
 */

/** Deadline of a question asked beside the stream, in ms. */
const ASK_TIMEOUT_MS = 4000
/** A stream that does not open in this time is tried anew, in ms: a proxy may accept and say nothing. */
const OPEN_TIMEOUT_MS = 10_000

export class Feed {
  #delegate
  /** @type {EventSource | null} */ #source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer
  #attempt = 0
  #isStarted = false
  /** Whether the server said that it cannot check our access; until it says anything else. */
  #isUnverified = false
  /** Answers that arrive for an older generation are dropped: the feed was stopped or restarted meanwhile. */
  #generation = 0

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
  }

  start() {
    if (this.#isStarted) return
    this.#isStarted = true
    addEventListener('online', this.#wake)
    document.addEventListener('visibilitychange', this.#wake)
    this.#open()
  }

  stop() {
    if (!this.#isStarted) return
    this.#isStarted = false
    removeEventListener('online', this.#wake)
    document.removeEventListener('visibilitychange', this.#wake)
    this.#close()
  }

  /** Opens the stream anew at once, whatever the feed was waiting for or is listening to. */
  retryNow() {
    if (!this.#isStarted) return
    this.#attempt = 0
    this.#open()
  }

  /**
   * Settles who is to blame when an open stream brings nothing: if the server has newer samples of the host than
   * `newest_at`, or cannot be asked, it is the connection, and the stream is opened anew; else the collector is silent.
   *
   * @param {string} name
   * @param {number} newest_at epoch s
   */
  async doubt(name, newest_at) {
    const generation = this.#generation
    const response = await ask('/api/hosts')
    /** @type {Host[]} */
    const hosts = response?.ok ? (await response.json().catch(() => null))?.hosts ?? [] : []
    if (generation !== this.#generation) return
    if (!response?.ok) await this.#lost()
    else if (hosts.some(({ host, last_at }) => host === name && last_at > newest_at + 1)) this.#open()
  }

  #wake = () => {
    if (document.visibilityState === 'visible' && this.#source?.readyState !== EventSource.OPEN) this.retryNow()
  }

  #close() {
    this.#generation++
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = null
  }

  #open() {
    this.#close()
    const { host, cursor } = this.#delegate.wanted()
    const query = new URLSearchParams({ ...(host !== null && { host }), ...(cursor !== null && { after: cursor }) })
    const source = new EventSource(`/stream?${query}`)
    this.#source = source
    this.#delegate.linkChanged('connecting')
    this.#timer = setTimeout(() => this.#lost(), OPEN_TIMEOUT_MS)
    source.addEventListener('open', () => this.#opened())
    source.addEventListener('error', () => this.#lost())
    source.addEventListener('hello', (event) => this.#delegate.helloReceived(JSON.parse(event.data)))
    source.addEventListener('system_stats', (event) => {
      this.#delegate.sampleReceived(event.lastEventId, JSON.parse(event.data))
    })
    source.addEventListener('hosts', (event) => this.#delegate.hostsReceived(JSON.parse(event.data).hosts))
    source.addEventListener('reset', () => this.#delegate.resetReceived())
    source.addEventListener('bye', (event) => this.#farewell(JSON.parse(event.data).reason))
  }

  #opened() {
    clearTimeout(this.#timer)
    this.#attempt = 0
    this.#isUnverified = false
    this.#delegate.linkChanged('open')
  }

  /**
   * `rotate` asks for a new stream, nothing is lost. `replaced` means that the viewer has opened another one: taking
   * the place back would start a quarrel between two tabs, so this one waits to be looked at.
   *
   * @param {string} reason
   */
  #farewell(reason) {
    if (reason === 'rotate') this.#open()
    else if (reason === 'replaced') this.#halt('replaced')
    else {
      this.#isUnverified = reason === 'unverified'
      this.#lost()
    }
  }

  async #lost() {
    this.#close()
    const generation = this.#generation
    this.#delegate.linkChanged('connecting')
    const response = await ask('/api/me')
    if (generation !== this.#generation) return
    if (response?.status === 401) this.#halt('signed_out')
    else if (response?.status === 403) this.#halt('forbidden')
    else {
      if (response) this.#isUnverified = response.status === 503 && (await codeOf(response)) === 'access_unknown'
      if (generation === this.#generation) this.#retryLater()
    }
  }

  #retryLater() {
    const delay_ms = retryDelay(++this.#attempt, Math.random())
    this.#delegate.linkChanged(this.#isUnverified ? 'unverified' : 'waiting', delay_ms)
    this.#timer = setTimeout(() => this.#open(), delay_ms)
  }

  /** @param {Phase} phase */
  #halt(phase) {
    this.#close()
    this.#delegate.linkChanged(phase)
  }
}

/** @param {string} url @returns {Promise<Response | null>} null when there was no answer in time */
async function ask(url) {
  const options = { cache: /** @type {const} */ ('no-store'), signal: AbortSignal.timeout(ASK_TIMEOUT_MS) }
  return fetch(url, options).catch(() => null)
}

/** @param {Response} response @returns {Promise<string | null>} what an error says it is */
async function codeOf(response) {
  return (await response.json().catch(() => null))?.code ?? null
}
