// @ts-check
/** Announces changes of state to screen readers, in one polite and one urgent live region. */

import { NOTHING_SAID, announce } from '../model/announcement.js'
import { isPast } from '../model/connection.js'
import { byId, setText } from '../ui/dom.js'
import { elsewhereText, verdictText } from './header.js'

/** @import { LogGroup } from '../model/types.js' */
/** @import { View } from '../charts/view.js' */

let announced = NOTHING_SAID
/** @type {string | null} the critical line that was last there */
let line = null

/** @param {View} view @param {LogGroup | null} critical the newest line of that severity */
export function announceTransition(view, critical) {
  const { verdict, elsewhere, connection } = view
  // While all is fine the headline follows the queue: nobody wants to hear each of its turns.
  const code = [verdict.level === 'fine' ? 'fine' : verdict.code, elsewhere?.host, elsewhere?.code, critical?.id].join()
  const isNewLine = critical !== null && critical.id !== line
  const isUrgent = isPast(connection.code) || verdict.level === 'bad' || isNewLine
  const result = announce(announced, code, isUrgent ? 'urgent' : 'polite', performance.now())
  if (announced.code === null) line = critical?.id ?? null
  announced = result.announced
  if (!result.isDue) return
  setText(byId(isUrgent ? 'alarm' : 'announcement'), sentences(view, isNewLine ? critical : null).join('. '))
  line = critical?.id ?? null
}

/** @param {View} view @param {LogGroup | null} critical a line that is new @returns {string[]} the new line first */
function sentences(view, critical) {
  const { verdict, elsewhere, t } = view
  const news = critical ? [t('logs.announcement', { service: critical.service })] : []
  return [...news, verdictText(view, verdict), ...(elsewhere ? [elsewhereText(view, elsewhere)] : [])]
}
