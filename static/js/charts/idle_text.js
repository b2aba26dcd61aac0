// @ts-check
/** The sentence that stands for a plot of zeros: since when nothing has happened. [pure] */

import { idleSince } from '../time/idle.js'
import { column } from '../time/series.js'

/** @import { View } from './view.js' */
/** @import { Slice } from '../time/dataset.js' */
/** @import { Series } from '../time/series.js' */

/**
 * @param {View} view
 * @param {'queue' | 'rates' | 'wait'} what
 * @param {Pick<Slice, 'columns' | 'high'>} slice
 * @param {Series[]} names of the lines
 * @param {boolean} isLive whether the window ends now
 * @returns {string} empty where the newest values are not known
 */
export function idleText({ t, format, now }, what, { columns, high }, names, isLive) {
  const idle = idleSince(columns[0], names.map((name) => column(high ?? columns, name)))
  if (idle === null) return ''
  const known = names.join() === 'started_per_s' ? 'started' : what
  if (!isLive) return t(`idle.${known}_then`)
  const age = format.age(Math.max(0, now - idle.at))
  return t(`idle.${known}`, { age: idle.isBound ? t('idle.at_least', { age }) : age })
}
