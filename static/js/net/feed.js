// @ts-check
/**
 * The live stream: one EventSource, with the reconnecting that EventSource lacks. (It gives up for good on any answer but
 * 200, and never says which it was.)
 *
 * On a loss: 1. close; 2. ask /api/me once, which tells a lost connection from an ended session or a lost permission;
 * 3. wait, with jitter; 4. open again after the last id seen.
 */

import { retryDelay } from './backoff.js'
import { ask } from './api.js'

/** @import { Phase } from '../model/link.js' */
/** @import { StreamEvent } from './tabs.js' */
/**
 * @typedef {object} Delegate
 * @property {() => {hosts: readonly string[], cursor: string | null}} wanted asked at every opening; no hosts: all
 * @property {(phase: Phase, delay_ms?: number) => void} linkChanged
 * @property {(event: StreamEvent) => void} eventReceived
 */

/** A stream that does not open in this time is opened again, in ms: a proxy may accept the connection and stay silent. */
const OPEN_TIMEOUT_MS = 10_000
/** The events of the stream, apart from `bye`. */
const EVENTS = ['hello', 'hosts', 'system_stats', 'critical_log', 'reset']

export class Feed {
  #delegate
  /** @type {EventSource | null} */ #source = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer
  #attempt = 0
  /** Whether the server's last word was that it cannot check our access. */
  #isUnverified = false
  /** Answers for an older generation are dropped: the feed was closed or reopened in the meantime. */
  #generation = 0

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
  }

  /** Opens a new stream at once and closes the present one. */
  open() {
    this.#attempt = 0
    this.#open()
  }

  close() {
    this.#generation++
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = null
  }

  #open() {
    this.close()
    const { hosts, cursor } = this.#delegate.wanted()
    const query = new URLSearchParams(hosts.map((host) => ['host', host]))
    if (cursor !== null) query.set('after', cursor)
    const source = new EventSource(`/stream?${query}`)
    this.#source = source
    this.#delegate.linkChanged('connecting')
    this.#timer = setTimeout(() => this.#lost(), OPEN_TIMEOUT_MS)
    source.addEventListener('open', () => this.#opened())
    source.addEventListener('error', () => this.#lost())
    for (const name of EVENTS) {
      source.addEventListener(name, ({ lastEventId, data }) => this.#delegate.eventReceived({ name, id: lastEventId, data }))
    }
    source.addEventListener('bye', (event) => this.#farewell(JSON.parse(event.data).reason))
  }

  #opened() {
    clearTimeout(this.#timer)
    this.#attempt = 0
    this.#isUnverified = false
    this.#delegate.linkChanged('open')
  }

  /**
   * `rotate` asks for a new stream; nothing is lost. `replaced` means that the viewer has opened one elsewhere: if this page
   * took the place back, two browsers would fight for it, so it waits for the viewer.
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
    this.close()
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
    this.close()
    this.#delegate.linkChanged(phase)
  }
}

/** @param {Response} response @returns {Promise<string | null>} what an error says it is */
async function codeOf(response) {
  return (await response.json().catch(() => null))?.code ?? null
}
