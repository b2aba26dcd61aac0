// @ts-check
/** Draws all regions around the charts: those that depend on the data, and those that depend on the clock. */

import { newestCritical } from '../model/log_book.js'
import { storeTime } from '../model/state.js'
import { announceTransition } from './announcer.js'
import { renderCards } from './cards.js'
import { renderContainers } from './containers.js'
import { renderFirstRun } from './first_run.js'
import { renderHeader } from './header.js'
import { Hosts } from './hosts.js'
import { Logs } from './logs.js'
import { renderServices } from './services.js'
import { renderTab } from './tab.js'

/** @import { LogBook } from '../model/log_book.js' */
/** @import { View } from '../charts/view.js' */
/** @import { Delegate as HostsDelegate } from './hosts.js' */
/** @import { Delegate as LogsDelegate } from './logs.js' */

export class Page {
  #hosts
  #logs

  /** @param {HostsDelegate & LogsDelegate} delegate */
  constructor(delegate) {
    this.#hosts = new Hosts(delegate)
    this.#logs = new Logs(delegate)
  }

  /** Draws what depends on the data. @param {View} view */
  renderData(view) {
    renderCards(view)
    renderServices(view)
    renderContainers(view)
  }

  /** Draws what depends on the clock too: states and ages. @param {View} view @param {LogBook} book */
  renderNow(view, book) {
    renderHeader(view)
    renderTab(view)
    renderFirstRun(view)
    announceTransition(view, newestCritical(book))
    this.#hosts.update(view)
    this.#logs.update(view, book, storeTime(view.state, performance.now()))
  }

  /** Draws the hosts at once. @param {View} view */
  renderHosts(view) {
    this.#hosts.render(view)
  }

  focusLogs() {
    this.#logs.focus()
  }
}
