// @ts-check
/** Draws all regions around the charts: those that depend on the data, and those that depend on the clock. */

import { byId, setText } from '../ui/dom.js'
import { newestCritical, occurrences } from '../model/log_book.js'
import { storeTime } from '../model/state.js'
import { announceTransition } from './announcer.js'
import { renderFailureCard, renderMessageCards } from './cards.js'
import { renderFirstRun } from './first_run.js'
import { renderHeader } from './header.js'
import { Hosts } from './hosts.js'
import { Logs } from './logs.js'
import { renderResourceCards } from './resource_cards.js'
import { renderResources } from './resources.js'
import { wireSegments } from './segments.js'
import { renderServices } from './services.js'
import { renderTab } from './tab.js'
import { Tabs } from './tabs.js'
import { renderWall } from './wall.js'
import { WorkloadTabs } from './workload.js'

/** @import { LogBook } from '../model/log_book.js' */
/** @import { View } from '../charts/view.js' */
/** @import { Delegate as HostsDelegate } from './hosts.js' */
/** @import { Delegate as LogsDelegate } from './logs.js' */

export class Page {
  #hosts
  #logs
  #workload = new WorkloadTabs()
  #tabs = new Tabs({ tabChosen: (name) => this.#workload.opened(name) })
  /** @type {number | null} time of the sample that a pause holds, epoch s */ #held_at = null

  /** @param {HostsDelegate & LogsDelegate} delegate */
  constructor(delegate) {
    this.#hosts = new Hosts(delegate)
    this.#logs = new Logs(delegate)
    byId('failure-open').addEventListener('click', () => this.focusLogs())
    wireSegments()
  }

  /** Draws what depends on the data. @param {View} view */
  renderData(view) {
    renderMessageCards(view)
    renderResourceCards(view)
    renderServices(view)
    renderResources(view)
  }

  /** Draws what depends on the clock too: states and ages. @param {View} view @param {LogBook} book */
  renderNow(view, book) {
    renderHeader(view)
    renderTab(view)
    renderFirstRun(view)
    renderFailureCard(view)
    renderWall(view)
    announceTransition(view, newestCritical(book))
    this.#stampCards(view)
    this.#hosts.update(view)
    this.#logs.update(view, book, storeTime(view.state, performance.now()))
    this.#workload.update(view)
    const counts = { logs: occurrences(book), workers: view.sample?.crew?.workers, tasks: this.#workload.tasks, resources: view.sample?.containers?.length }
    this.#tabs.count(counts, view.format.compact)
  }

  /** Draws the hosts at once. @param {View} view */
  renderHosts(view) {
    this.#hosts.render(view)
  }

  focusLogs() {
    this.#tabs.choose('logs')
    this.#logs.focus()
  }

  /** A pause holds the cards while the verdict goes on: each then says of when it is. @param {View} view */
  #stampCards({ pause, sample, t, format }) {
    this.#held_at = pause ? this.#held_at ?? sample?.at ?? null : null
    const text = this.#held_at === null ? '' : t('card.held', { time: format.clock(this.#held_at) })
    byId('cards').classList.toggle('is-held', this.#held_at !== null)
    for (const stamp of byId('cards').querySelectorAll('.stamp')) setText(stamp, text)
  }
}
