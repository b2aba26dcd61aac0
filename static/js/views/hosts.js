// @ts-check
/**
 * The panel of hosts, shown if there is more than one: each with its state and services. A press shows or forgets a host.
 * It is made for hundreds of hosts: it writes only changes, once a second, and moves rows only while nobody uses the list.
 */

import { isInTouch } from '../model/connection.js'
import { byId, fromTemplate, partOf, setAttribute, setIcon, setText } from '../ui/dom.js'
import { inOrder, problemOf } from '../model/hosts.js'
import { hostAge } from '../model/state.js'
import { brokerName } from '../model/verdict.js'

/** @import { Translate } from '../ui/i18n.js' */
/** @import { View } from '../charts/view.js' */
/** @import { HostState } from '../model/hosts.js' */
/** @import { Service } from '../model/types.js' */
/**
 * @typedef {object} Delegate
 * @property {(host: string) => void} hostChosen
 * @property {(host: string) => Promise<boolean>} hostForgotten whether the server has forgotten it
 */

/** A clock tick sooner than this after a render adds nothing, in ms. */
const PERIOD_MS = 900
/** With more hosts than this, typing finds a name faster than looking. */
const FILTER_FROM = 12
const MOVES = /** @type {Record<string, (at: number, last: number) => number>} */ ({
  ArrowDown: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
})

export class Hosts {
  #delegate
  #list = byId('hosts-list')
  #filter = /** @type {HTMLInputElement} */ (byId('hosts-filter'))
  #dialog = /** @type {HTMLDialogElement} */ (byId('forget'))
  /** @type {Map<string, HTMLElement>} */ #rows = new Map()
  #drawn_ms = -Infinity

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    this.#list.addEventListener('click', this.#clicked)
    this.#list.addEventListener('keydown', this.#keyPressed)
    this.#list.addEventListener('focusin', ({ target }) => this.#makeTabStop(rowOf(target)))
    this.#filter.addEventListener('input', () => this.#applyFilter())
    byId('forget-yes').addEventListener('click', this.#confirmed)
  }

  /** Draws what depends on the clock: the ages. @param {View} view */
  update(view) {
    if (performance.now() - this.#drawn_ms >= PERIOD_MS) this.render(view)
  }

  /** Draws at once: after news from the server or an act of the viewer. @param {View} view */
  render(view) {
    const { hosts, host: shown } = view.state
    this.#drawn_ms = performance.now()
    byId('hosts').hidden = hosts.length < 2
    if (hosts.length < 2) return
    this.#fit(hosts)
    for (const host of hosts) this.#renderRow(view, host)
    this.#renderHead(view)
    this.#applyFilter()
    if (!this.#list.querySelector('[tabindex="0"]')) this.#makeTabStop(this.#rows.get(shown ?? '') ?? null)
  }

  /** @param {readonly HostState[]} hosts */
  #fit(hosts) {
    const names = new Set(hosts.map(({ host }) => host))
    for (const [name, row] of this.#rows) if (!names.has(name)) this.#remove(name, row)
    for (const { host } of hosts) if (!this.#rows.has(host)) this.#add(host)
    if (!this.#list.matches(':hover, :focus-within')) this.#sort(hosts)
  }

  /** @param {string} name */
  #add(name) {
    const row = fromTemplate('host-row')
    row.dataset.host = name
    setText(partOf(row, '.host-label'), name)
    this.#rows.set(name, row)
    this.#list.append(row)
  }

  /** @param {string} name @param {HTMLElement} row */
  #remove(name, row) {
    const hadFocus = row.contains(document.activeElement)
    row.remove()
    this.#rows.delete(name)
    if (hadFocus) this.#focusList()
  }

  /** The focused row is gone: the focus stays in the list, or near it if the panel is hidden. */
  #focusList() {
    if (byId('hosts').hidden) byId('main').focus({ preventScroll: true })
    else /** @type {HTMLElement | null} */ (this.#list.querySelector('[tabindex="0"]') ?? this.#list.querySelector('button'))?.focus()
  }

  /** @param {readonly HostState[]} hosts */
  #sort(hosts) {
    inOrder(hosts).forEach(({ host }, position) => {
      const row = /** @type {HTMLElement} */ (this.#rows.get(host))
      if (this.#list.children[position] !== row) this.#list.insertBefore(row, this.#list.children[position])
    })
  }

  /** @param {View} view @param {HostState} host */
  #renderRow({ state, connection, sample, t, format }, { host, is_fresh, services }) {
    const row = /** @type {HTMLElement} */ (this.#rows.get(host))
    const age = format.age(hostAge(state, host, performance.now()))
    row.classList.toggle('is-silent', !is_fresh)
    row.classList.toggle('is-known', is_fresh && isInTouch(connection.code))
    setAttribute(partOf(row, '.host-row'), 'aria-current', String(host === state.host))
    setIcon(partOf(row, '.host-state .icon'), is_fresh ? 'live' : 'stale')
    setText(partOf(row, '.host-state-word'), is_fresh ? t('hosts.live') : t('hosts.silent', { age }))
    setText(partOf(row, '.host-forget'), t('hosts.forget'))
    setAttribute(partOf(row, '.host-forget'), 'aria-label', t('hosts.forget_one', { host }))
    for (const cell of row.querySelectorAll('[data-service]')) {
      const service = /** @type {Service} */ (cell.getAttribute('data-service'))
      const status = services[service]
      setAttribute(cell, 'data-status', status ?? 'unknown')
      setIcon(partOf(cell, '.icon'), status ?? 'unknown')
      setText(partOf(cell, '.host-service'), serviceName(t, service, sample?.broker_kind ?? null))
      setText(partOf(cell, '.host-status'), status ? t(`status.${status}`) : t('hosts.unheard'))
    }
  }

  /** @param {View} view */
  #renderHead({ state, sample, t }) {
    const troubled = state.hosts.filter((host) => problemOf(host) !== null).length
    const count = t('hosts.count', { count: state.hosts.length })
    setText(byId('hosts-count'), troubled > 0 ? `${count} · ${t('hosts.troubled', { count: troubled })}` : count)
    byId('hosts-search').hidden = state.hosts.length <= FILTER_FROM
    if (state.hosts.length <= FILTER_FROM) this.#filter.value = ''
    setText(byId('hosts-broker'), brokerName(sample?.broker_kind ?? null))
  }

  #applyFilter() {
    const wanted = this.#filter.value.trim().toLowerCase()
    for (const [name, row] of this.#rows) row.hidden = !name.toLowerCase().includes(wanted)
    const rows = this.#visibleRows()
    byId('hosts-none').hidden = rows.length > 0
    const stop = this.#list.querySelector('[tabindex="0"]')
    if (stop?.closest('[hidden]')) this.#makeTabStop(rows[0] ?? null)
  }

  #visibleRows() {
    return /** @type {HTMLElement[]} */ ([...this.#list.children].filter((row) => !(/** @type {HTMLElement} */ (row).hidden)))
  }

  /** Tab reaches one row of the list; the arrow keys go on from there. @param {HTMLElement | null} row */
  #makeTabStop(row) {
    if (!row) return
    for (const button of this.#list.querySelectorAll('button')) button.tabIndex = row.contains(button) ? 0 : -1
  }

  #keyPressed = (/** @type {KeyboardEvent} */ event) => {
    const rows = this.#visibleRows()
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const to = MOVES[event.key]?.(at, rows.length - 1)
    if (to === undefined) return
    event.preventDefault()
    partOf(rows[to], '.host-row').focus()
  }

  #clicked = (/** @type {Event} */ { target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const host = rowOf(target)?.dataset.host
    if (!button || host === undefined) return
    if (button.classList.contains('host-forget')) this.#ask(host)
    else {
      this.#delegate.hostChosen(host)
      byId('verdict').scrollIntoView({ block: 'nearest' })
    }
  }

  /** @param {string} host */
  #ask(host) {
    this.#dialog.dataset.host = host
    setText(byId('forget-host'), host)
    byId('forget-failed').hidden = true
    this.#dialog.showModal()
  }

  #confirmed = async () => {
    const isDone = await this.#delegate.hostForgotten(this.#dialog.dataset.host ?? '')
    byId('forget-failed').hidden = isDone
    if (!isDone) return
    this.#dialog.close()
    if (!this.#list.contains(document.activeElement)) this.#focusList()
  }
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
function rowOf(target) {
  return target instanceof Element ? target.closest('[data-host]') : null
}

/** @param {Translate} t @param {Service} service @param {string | null} broker_kind */
function serviceName(t, service, broker_kind) {
  return service === 'rabbitmq' ? brokerName(broker_kind) : t(`hosts.${service}`)
}
