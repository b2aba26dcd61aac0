// @ts-check
/** The panel of recent critical logs, newest first, with its filters. */

import { byId, fromTemplate, partOf, setAttribute, setIcon, setText } from '../ui/dom.js'
import { NO_FILTER, hostsOf, lines, matching, newestAt, occurrences, plainText } from '../model/log_book.js'
import { renderLogRow } from './log_row.js'

/** @import { LogBook } from '../model/log_book.js' */
/** @import { View } from '../charts/view.js' */
/** @import { LogGroup } from '../model/types.js' */
/** @typedef {{around: (at: number) => void}} Delegate `around`: show the charts around an instant, epoch s */

/** How long the button says "copied", in ms. */
const COPIED_MS = 2000
/** Somebody reads the list if it is scrolled by more than this, in CSS pixels. */
const TOP_PX = 4

export class Logs {
  #delegate
  #scroll = byId('logs-scroll')
  #list = byId('logs-list')
  #query = /** @type {HTMLInputElement} */ (byId('logs-query'))
  #level = /** @type {HTMLSelectElement} */ (byId('logs-level'))
  #host = /** @type {HTMLSelectElement} */ (byId('logs-host'))
  /** @type {Map<string, HTMLElement>} */ #rows = new Map()
  /** @type {readonly string[]} ids as they stand */ #shown = []
  /** @type {Map<string, LogGroup>} */ #groups = new Map()
  /** @type {View | null} */ #view = null
  /** @type {LogBook | null} */ #book = null

  /** @param {Delegate} delegate */
  constructor(delegate) {
    this.#delegate = delegate
    this.#list.addEventListener('click', this.#clicked)
    byId('logs-more').addEventListener('click', () => this.#showNewest())
    for (const control of [this.#query, this.#level, this.#host]) {
      control.addEventListener('input', () => this.#showNewest())
    }
    for (const event of ['scroll', 'pointerleave', 'focusout']) {
      this.#scroll.addEventListener(event, () => requestAnimationFrame(() => this.#render()))
    }
  }

  /** @param {View} view @param {LogBook} book @param {number | null} now epoch s of the store's clock */
  update(view, book, now) {
    this.#view = view
    if (book !== this.#book) {
      this.#book = book
      this.#groups = new Map(book.groups.map((group) => [group.id, group]))
      this.#renderHosts()
    }
    this.#render()
    this.#renderAges(now)
  }

  focus() {
    byId('logs').focus()
    byId('tabs').scrollIntoView({ block: 'nearest' })
  }

  #showNewest() {
    this.#scroll.scrollTop = 0
    this.#render(false)
    if (document.activeElement === document.body) this.#scroll.focus({ preventScroll: true })
  }

  #render(isHeld = this.#isRead()) {
    if (!this.#view || !this.#book) return
    const view = this.#view
    const filter = { query: this.#query.value, level: this.#level.value, host: this.#host.value }
    const matches = matching(this.#book, filter)
    const { ids, more } = lines(this.#shown, matches, isHeld)
    this.#shown = ids
    this.#fit(ids)
    for (const id of ids) renderLogRow(view, /** @type {HTMLElement} */ (this.#rows.get(id)), /** @type {LogGroup} */ (this.#groups.get(id)))
    const pill = byId('logs-more')
    pill.hidden = more === 0
    setText(pill, more === 0 ? '' : view.t('logs.more', { count: more }))
    this.#renderState(matches, Object.values(filter).join('') === Object.values(NO_FILTER).join(''))
  }

  /** Whether somebody uses the list: then it stays as it is. */
  #isRead() {
    const hasFocus = this.#scroll.contains(document.activeElement)
    return this.#scroll.scrollTop > TOP_PX || hasFocus || this.#scroll.matches(':hover') || this.#scroll.querySelector('[aria-expanded="true"]') !== null
  }

  /** @param {readonly string[]} ids */
  #fit(ids) {
    for (const [id, row] of this.#rows) {
      if (ids.includes(id)) continue
      row.remove()
      this.#rows.delete(id)
    }
    ids.forEach((id, position) => {
      const row = this.#rows.get(id) ?? this.#add(id)
      if (this.#list.children[position] !== row) this.#list.insertBefore(row, this.#list.children[position] ?? null)
    })
  }

  /** @param {string} id */
  #add(id) {
    const row = fromTemplate('log-row')
    const more = partOf(row, '.log-more')
    row.dataset.log = id
    more.id = `log-${id}`
    setAttribute(partOf(row, '.log-row'), 'aria-controls', more.id)
    this.#rows.set(id, row)
    return row
  }

  /** @param {LogGroup[]} matches @param {boolean} isAll no filter */
  #renderState(matches, isAll) {
    const { t } = /** @type {View} */ (this.#view)
    const { checked_at, dropped } = /** @type {LogBook} */ (this.#book)
    const isUnread = checked_at === null
    byId('logs-none').hidden = matches.length > 0
    setIcon(byId('logs-none-icon'), isAll && !isUnread ? 'ok' : 'unknown')
    byId('logs-none').classList.toggle('is-calm', isAll && !isUnread)
    setText(byId('logs-none-text'), isUnread ? t('logs.unread') : isAll ? t('logs.none') : t('logs.none_match'))
    setText(byId('logs-count'), matches.length === 0 ? '' : t('logs.lines', { count: occurrences({ groups: matches }) }))
    byId('logs-tools').hidden = this.#groups.size === 0
    setText(byId('logs-dropped'), dropped > 0 ? t('logs.dropped', { count: dropped }) : '')
  }

  /** Draws what depends on the clock. @param {number | null} now */
  #renderAges(now) {
    const { t, format } = /** @type {View} */ (this.#view)
    const book = /** @type {LogBook} */ (this.#book)
    const ago = (/** @type {number} */ at) => t('link.age', { age: format.age(Math.max(0, (now ?? at) - at)) })
    const newest = newestAt(book)
    setText(byId('logs-last'), newest === null || now === null ? '' : t('logs.last', { age: format.age(Math.max(0, now - newest)) }))
    setText(byId('logs-checked'), book.checked_at === null || now === null ? '' : t('logs.checked', { age: format.age(Math.max(0, now - book.checked_at)) }))
    for (const id of this.#shown) {
      setText(partOf(/** @type {HTMLElement} */ (this.#rows.get(id)), '.log-age'), ago(this.#groups.get(id)?.last_at ?? 0))
    }
  }

  #renderHosts() {
    const hosts = hostsOf(/** @type {LogBook} */ (this.#book))
    byId('logs-host-label').hidden = hosts.length < 2
    if (!hosts.includes(this.#host.value)) this.#host.value = ''
    const known = [...this.#host.options].slice(1).map(({ value }) => value)
    if (known.join('\n') === hosts.join('\n')) return
    const chosen = this.#host.value
    this.#host.options.length = 1
    for (const host of hosts) this.#host.add(new Option(host, host, false, host === chosen))
  }

  #clicked = (/** @type {Event} */ { target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const row = /** @type {HTMLElement | null} */ (button?.closest('[data-log]') ?? null)
    const group = this.#groups.get(row?.dataset.log ?? '')
    if (!button || !row || !group) return
    if (button.classList.contains('log-row')) this.#toggle(row, group)
    else if (button.classList.contains('log-copy')) this.#copy(button, group)
    else this.#delegate.around(group.last_at)
  }

  /** Opens or closes a line. The charts go to the time of an opened one. @param {HTMLElement} row @param {LogGroup} group */
  #toggle(row, group) {
    const line = partOf(row, '.log-row')
    const isOpen = line.getAttribute('aria-expanded') !== 'true'
    setAttribute(line, 'aria-expanded', String(isOpen))
    renderLogRow(/** @type {View} */ (this.#view), row, group)
    if (!isOpen) return
    this.#delegate.around(group.last_at)
  }

  /** @param {HTMLButtonElement} button @param {LogGroup} group */
  async #copy(button, group) {
    const { t } = /** @type {View} */ (this.#view)
    const isDone = await copyText(plainText(group))
    setText(button, t(isDone ? 'logs.copied' : 'logs.copy_failed'))
    setTimeout(() => setText(button, t('logs.copy')), COPIED_MS)
  }
}

/** @param {string} text @returns {Promise<boolean>} The clipboard needs a secure page; others use the old command. */
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  return isDone
}
