// @ts-check
/** The title and icon of the browser's tab: they tell the worst state of all hosts at a glance. */

import { byId, setAttribute } from '../ui/dom.js'
import { isPast } from '../model/connection.js'

/** @import { View } from '../charts/view.js' */

const SHAPES = { fine: '●', attention: '▲', bad: '(!)', unknown: '○' }
let shown = ''

/** @param {View} view */
export function renderTab(view) {
  const { verdict, elsewhere, connection, t } = view
  const level = elsewhere?.level ?? verdict.level
  const failures = failuresOf(view)
  const word = isPast(connection.code) ? t(`link.${connection.code}`) : t(`title.${level}`, { count: failures })
  const title = `${SHAPES[level]} ${word} · ZapVoice Monitor`
  if (title === shown) return
  shown = title
  document.title = title
  const link = byId('favicon')
  setAttribute(link, 'href', link.getAttribute(`data-${level}`) ?? '')
  setBadge(failures)
}

/** Counts the failures of the host shown, and the other hosts that have failures. @param {View} view */
function failuresOf({ verdict, elsewhere }) {
  const here = [verdict, ...verdict.also].filter(({ level }) => level === 'bad').length
  return here + (elsewhere?.level === 'bad' ? 1 + elsewhere.more : 0)
}

/** On the icon of an installed page. @param {number} count */
function setBadge(count) {
  const change = count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.()
  change?.catch(() => {}) // Some browsers refuse; the badge is optional.
}
