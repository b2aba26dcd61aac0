// @ts-check
/**
 * The live stream of one tab. The leading tab holds the stream and passes events on to the others (tabs.js).
 *
 * A Web Lock decides which tab leads; when that tab closes, the browser hands the lock on. A leader that the browser froze
 * keeps its lock but stays silent: a visible tab then steals the lock. Without Web Locks (plain HTTP, except on localhost)
 * each tab has its own stream.
 */

import { Feed } from './feed.js'
import { NOTHING_RECENT, PULSE_MS, SILENT_MS, agedHello, agedHosts, brings, remember, served, since, streamFor, withWant, withoutTab } from './tabs.js'

/** @import { Phase } from '../model/link.js' */
/** @import { Message, StreamEvent, Want, Wants } from './tabs.js' */
/**
 * @typedef {object} Delegate
 * @property {() => Want} wanted
 * @property {(phase: Phase, delay_ms?: number) => void} linkChanged
 * @property {(event: StreamEvent) => void} eventReceived
 */

/** The name of the lock and of the channel. */
const NAME = 'monitor-stream'
/** How long a new leader collects the other tabs' wishes before it opens the stream, in ms. */
const LISTEN_MS = 60
/** How long a new tab waits for the leader's first message, in ms. */
const FIRST_WORD_MS = 3000

export class SharedFeed {
  #delegate
  #feed
  #tab = Math.random().toString(36).slice(2)
  #isStarted = false
  #isLeading = false
  /** @type {BroadcastChannel | null} */ #channel = null
  /** @type {AbortController | null} gives up queueing for the lock */ #queue = null
  /** @type {(() => void) | null} */ #release = null
  /** @type {ReturnType<typeof setInterval> | undefined} */ #pulse
  #heard_ms = 0
  /** Of the leader's link; of our own while we lead. @type {Phase} */ #phase = 'connecting'
  /** From here on only the leader uses the fields. @type {Wants} */ #wants = {}
  /** @type {readonly string[]} */ #hosts = []
  #recent = NOTHING_RECENT
  /** The newest of `hello` and of `hosts`. @type {Record<string, {event: StreamEvent, mono_ms: number}>} */ #told = {}

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    this.#feed = new Feed({
      wanted: () => this.#begin(),
      linkChanged: (phase, delay_ms) => this.#linkChanged(phase, delay_ms),
      eventReceived: (event) => this.#eventReceived(event),
    })
  }

  start() {
    if (this.#isStarted) return
    this.#isStarted = true
    if (!navigator.locks || !('BroadcastChannel' in globalThis)) {
      this.#isLeading = true
      this.#feed.open()
      return
    }
    this.#heard_ms = performance.now() - SILENT_MS + FIRST_WORD_MS
    this.#channel = new BroadcastChannel(NAME)
    this.#channel.addEventListener('message', ({ data }) => this.#heard(data))
    this.#pulse = setInterval(() => this.#beat(), PULSE_MS)
    this.#phase = 'connecting'
    this.#say({ type: 'want', tab: this.#tab, ...this.#delegate.wanted() })
    this.#queueForLead()
  }

  stop() {
    if (!this.#isStarted) return
    this.#isStarted = false
    clearInterval(this.#pulse)
    this.#say({ type: 'leave', tab: this.#tab })
    this.#follow()
    this.#queue?.abort()
    this.#channel?.close()
    this.#channel = null
  }

  /** Opens a new stream at once. */
  retryNow() {
    if (!this.#isStarted) return
    if (this.#isLeading) this.#feed.open()
    else this.#say({ type: 'retry', tab: this.#tab })
  }

  /** Another host is shown. */
  wantChanged() {
    if (!this.#isStarted) return
    const want = this.#delegate.wanted()
    if (this.#isLeading) this.#serve(this.#tab, want)
    else this.#say({ type: 'want', tab: this.#tab, ...want })
  }

  /** The page became visible, or the network is back: a waiting try happens now. */
  wake() {
    if (this.#phase !== 'open') this.retryNow()
    this.#takeFromSilent()
  }

  /** @param {boolean} [steal] from a leader that says nothing */
  #queueForLead(steal = false) {
    this.#queue?.abort()
    const queue = new AbortController()
    this.#queue = queue
    const options = steal ? { steal } : { signal: queue.signal }
    const isFirst = !steal && this.#phase === 'connecting'
    navigator.locks.request(NAME, options, () => {
      if (queue.signal.aborted || !this.#isStarted) return
      this.#lead(isFirst ? 0 : LISTEN_MS)
      return new Promise((resolve) => this.#release = () => resolve(undefined))
    }).catch(() => {
      if (!this.#isLeading || this.#queue !== queue) return // We left the queue ourselves.
      this.#follow() // The lock was taken from us.
      this.#queueForLead()
    })
  }

  /** @param {number} listen_ms */
  #lead(listen_ms) {
    this.#isLeading = true
    this.#wants = {}
    this.#say({ type: 'lead', tab: this.#tab })
    setTimeout(() => {
      if (this.#isLeading) this.#feed.open()
    }, listen_ms)
  }

  #follow() {
    this.#isLeading = false
    this.#release?.()
    this.#release = null
    this.#feed.close()
  }

  /** What the stream is opened with. */
  #begin() {
    const own = this.#delegate.wanted()
    const { hosts, cursor } = streamFor(withWant(this.#wants, this.#tab, own), own.cursor)
    this.#hosts = hosts
    this.#recent = { ...NOTHING_RECENT, floor: cursor }
    return { hosts, cursor }
  }

  /** @param {Phase} phase @param {number} [delay_ms] */
  #linkChanged(phase, delay_ms) {
    this.#phase = phase
    if (phase === 'open') this.#wants = served(this.#wants)
    this.#say({ type: 'link', phase, delay_ms })
    this.#delegate.linkChanged(phase, delay_ms)
  }

  /** @param {StreamEvent} event */
  #eventReceived(event) {
    if (event.name === 'system_stats') this.#recent = remember(this.#recent, event)
    if (event.name === 'hello' || event.name === 'hosts') this.#told[event.name] = { event, mono_ms: performance.now() }
    if (event.name === 'reset' && this.#told.hello) { // The store's clock may have changed.
      const data = JSON.stringify({ ...JSON.parse(this.#told.hello.event.data), ...JSON.parse(event.data) })
      this.#told.hello = { event: { ...this.#told.hello.event, data }, mono_ms: performance.now() }
    }
    this.#say({ type: 'event', event })
    this.#delegate.eventReceived(event)
  }

  /** @param {Message} message */
  #heard(message) {
    if (!this.#isStarted || ('to' in message && message.to !== undefined && message.to !== this.#tab)) return
    if (message.type === 'link' || message.type === 'event' || message.type === 'lead') this.#heard_ms = performance.now()
    if (this.#isLeading) this.#answer(message)
    else if (message.type === 'lead') this.wantChanged()
    else if (message.type === 'event') this.#delegate.eventReceived(message.event)
    else if (message.type === 'link') this.#linkHeard(message.phase, message.delay_ms)
  }

  /** @param {Phase} phase @param {number} [delay_ms] */
  #linkHeard(phase, delay_ms) {
    if (phase === this.#phase && delay_ms === undefined) return // A pulse.
    this.#phase = phase
    this.#delegate.linkChanged(phase, delay_ms)
  }

  /** As leader. @param {Message} message */
  #answer(message) {
    if (message.type === 'want') this.#serve(message.tab, message)
    else if (message.type === 'leave') this.#wants = withoutTab(this.#wants, message.tab)
    else if (message.type === 'retry' && this.#phase !== 'connecting') this.#feed.open()
  }

  /**
   * Gives a tab the events since its cursor. If the stream does not bring that host, or the events are no longer kept, the
   * stream is opened again for all tabs.
   *
   * @param {string} tab
   * @param {Want} want
   */
  #serve(tab, want) {
    if (tab !== this.#tab) this.#wants = withWant(this.#wants, tab, want)
    const missed = since(this.#recent, want.cursor)
    if (this.#phase !== 'open') {
      if (tab !== this.#tab) this.#say({ type: 'link', phase: this.#phase, to: tab })
      if (this.#phase !== 'connecting') this.#feed.open()
    } else if (missed === null || !brings(this.#hosts, want.host)) this.#feed.open()
    else if (tab === this.#tab) for (const event of missed) this.#delegate.eventReceived(event)
    else this.#welcome(tab, missed)
  }

  /** @param {string} tab @param {StreamEvent[]} missed */
  #welcome(tab, missed) {
    this.#wants = withWant(this.#wants, tab, { ...this.#wants[tab], cursor: null })
    this.#say({ type: 'link', phase: 'open', to: tab })
    for (const event of [...this.#retold(), ...missed]) this.#say({ type: 'event', event, to: tab })
  }

  /** The first events of the stream, with their times as of now. @returns {StreamEvent[]} */
  #retold() {
    return Object.values(this.#told).map(({ event, mono_ms }) => {
      const elapsed_s = (performance.now() - mono_ms) / 1000
      const told = JSON.parse(event.data)
      const now = event.name === 'hello' ? agedHello(told, elapsed_s) : { ...told, hosts: agedHosts(told.hosts, elapsed_s) }
      return { ...event, data: JSON.stringify(now) }
    })
  }

  #beat() {
    if (this.#isLeading) this.#say({ type: 'link', phase: this.#phase })
    else this.#takeFromSilent()
  }

  #takeFromSilent() {
    const isSilent = performance.now() - this.#heard_ms > SILENT_MS
    if (this.#channel && !this.#isLeading && isSilent && document.visibilityState === 'visible') this.#queueForLead(true)
  }

  /** @param {Message} message */
  #say(message) {
    this.#channel?.postMessage(message)
  }
}
