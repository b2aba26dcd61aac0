// @ts-check
/** The tabs of the workers and of the tasks: the tables, and in words what is not known and why. */

import { WorkloadFeed } from '../net/workload_feed.js'
import { tasksByTrouble, workersByTrouble } from '../model/workload.js'
import { byId, setText } from '../ui/dom.js'
import { isTv } from '../ui/tv.js'
import { RowTable } from './row_table.js'
import { TASK_COLUMNS, WORKER_COLUMNS } from './workload_columns.js'

/** @import { View } from '../charts/view.js' */
/** @import { Workload, WorkloadAnswer } from '../model/types.js' */
/** @import { TabName } from './tabs.js' */

/** Tables older than this are told to be, in s: the collector writes them every 9 s, and the page asks every 5 s. */
const STALE_S = 20

export class WorkloadTabs {
  #workers = new RowTable('workers-table', WORKER_COLUMNS)
  #tasks = new RowTable('tasks-table', TASK_COLUMNS)
  #feed = new WorkloadFeed({ host: () => this.#host, answered: (answer) => this.#answered(answer) })
  /** @type {string | null} */ #host = null
  /** @type {View | null} */ #view = null
  /** @type {{workload: Workload | null, written_ms: number} | null} the last answer about the host shown; by the page's clock */ #last = null
  #hasFailed = false
  /** @type {TabName | null} */ #open = null

  /** @param {TabName} name of the open tab */
  opened(name) {
    this.#open = name
    this.#ask()
  }

  /** @returns {number | null} how many names of tasks there are; null: that is not known */
  get tasks() {
    return this.#last?.workload?.tasks_total ?? null
  }

  /** Draws what depends on the clock and on the words. @param {View} view */
  update(view) {
    const isOtherLanguage = this.#view?.t !== view.t
    this.#view = view
    this.#ask()
    if (isOtherLanguage) this.#renderTables()
    if (view.state.host !== this.#host) {
      this.#host = view.state.host
      this.#last = null
      this.#hasFailed = false
      this.#feed.restart()
      this.#renderTables()
    }
    this.#renderState('workers')
    this.#renderState('tasks')
  }

  /** A wall has no tabs. */
  #ask() {
    this.#feed.want((this.#open === 'workers' || this.#open === 'tasks') && !isTv())
  }

  /** @param {WorkloadAnswer | null} answer */
  #answered(answer) {
    this.#hasFailed = answer === null
    if (answer) this.#last = { workload: answer.workload, written_ms: performance.now() - (answer.age_s ?? 0) * 1000 }
    this.#renderTables()
    if (this.#view) this.update(this.#view)
  }

  #renderTables() {
    if (!this.#view) return
    this.#workers.render(this.#view, workersByTrouble(this.#last?.workload?.workers ?? []))
    this.#tasks.render(this.#view, tasksByTrouble(this.#last?.workload?.tasks ?? []))
  }

  /** @param {'workers' | 'tasks'} name */
  #renderState(name) {
    const { t, format } = /** @type {View} */ (this.#view)
    const workload = this.#last?.workload ?? null
    const shown = workload?.[name].length ?? 0
    const total = workload?.[`${name}_total`] ?? 0
    setText(byId(`${name}-count`), total > shown ? t('workers.first', { shown, total }) : '')
    const age_s = workload && this.#last ? (performance.now() - this.#last.written_ms) / 1000 : 0
    const age = byId(`${name}-age`)
    setText(age, age_s > STALE_S ? t('workers.stale', { age: format.age(age_s) }) : '')
    age.classList.toggle('is-warning', this.#hasFailed)
    const notes = workload ? notesOf(t, workload) : []
    byId(`${name}-note`).hidden = notes.length === 0
    setText(byId(`${name}-note`), notes.join(' '))
    byId(`${name}-none`).hidden = shown > 0
    setText(byId(`${name}-none`), this.#whyNone(t, name))
  }

  /** @param {View['t']} t @param {'workers' | 'tasks'} name */
  #whyNone(t, name) {
    if (this.#last?.workload) return t(`${name}.none`)
    if (this.#hasFailed) return t('workers.failed_to_read')
    return t(this.#last ? 'workers.unwritten' : 'workers.reading')
  }
}

/** What the numbers do not tell, and why. @param {View['t']} t @param {Workload} workload @returns {string[]} */
function notesOf(t, { events, lost }) {
  const told = events === 'on' ? [] : [t([`workers.events_${events}`, 'workers.events_unknown'])]
  return lost > 0 ? [...told, t('workers.lost', { count: lost })] : told
}
