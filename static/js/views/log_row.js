// @ts-check
/** One row of the critical logs: a line that opens. The text of a service is written as text, never as HTML. */

import { partOf, setAttribute, setIcon, setText } from '../ui/dom.js'

/** @import { View } from '../charts/view.js' */
/** @import { LogGroup } from '../model/types.js' */

const ICONS = { critical: 'bad', error: 'attention' }

/** @param {View} view @param {HTMLElement} row @param {LogGroup} group */
export function renderLogRow(view, row, group) {
  const { t, format } = view
  const { level, service, host, message, count, last_at } = group
  setAttribute(row, 'data-level', level)
  setIcon(partOf(row, '.icon'), ICONS[level] ?? 'unknown')
  setText(partOf(row, '.log-level'), t(level === 'critical' ? 'logs.critical' : 'logs.error'))
  setText(partOf(row, '.log-time'), format.instant(last_at))
  setAttribute(partOf(row, '.log-time'), 'datetime', new Date(last_at * 1000).toISOString())
  setText(partOf(row, '.log-service'), service)
  setText(partOf(row, '.log-host'), host)
  setText(partOf(row, '.log-message'), message)
  setText(partOf(row, '.log-count'), count > 1 ? t('logs.count', { count }) : '')
  const isOpen = partOf(row, '.log-row').getAttribute('aria-expanded') === 'true'
  partOf(row, '.log-more').hidden = !isOpen
  if (isOpen) renderMore(view, row, group)
}

/** Draws the part that only an open line shows. @param {View} view @param {HTMLElement} row @param {LogGroup} group */
function renderMore(view, row, group) {
  const { t } = view
  const { message, traceback, logger, task } = group
  setText(partOf(row, '.log-text'), message)
  setText(partOf(row, '.log-traceback'), traceback ?? '')
  partOf(row, '.log-traceback').hidden = !traceback
  setText(partOf(row, '.log-logger'), logger)
  partOf(row, '.log-fact-logger').hidden = !logger
  setText(partOf(row, '.log-task'), task ?? '')
  partOf(row, '.log-fact-task').hidden = !task
  setText(partOf(row, '.log-repeats'), repeatsText(view, group))
  for (const label of row.querySelectorAll('[data-i18n]')) setText(label, t(label.getAttribute('data-i18n') ?? ''))
  setAttribute(partOf(row, '.log-traceback'), 'aria-label', t('logs.traceback'))
}

/** How often a line came, and when. @param {Pick<View, 't' | 'format'>} view @param {LogGroup} group @returns {string} */
export function repeatsText({ t, format }, { count, first_at, last_at }) {
  if (count <= 1) return ''
  const [first, last] = [first_at, last_at].map(format.instant)
  return first === last ? t('logs.repeats_at', { count, at: last }) : t('logs.repeats', { count, first, last })
}
