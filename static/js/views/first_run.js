// @ts-check
/** Shown until the first sample ever: what runs already, what is missing, and the commands that start it. */

import { needsViewer } from '../model/connection.js'
import { byId, partOf, setIcon, setText } from '../ui/dom.js'

/** @import { View } from '../charts/view.js' */

const opened_ms = performance.now()

/** @param {View} view */
export function renderFirstRun(view) {
  const { state, connection, sample } = view
  const isFirst = sample === null && state.hosts.length === 0 && state.newest === null && !needsViewer(connection.code)
  byId('first-run').hidden = !isFirst
  if (!isFirst) return
  const isStoreLost = connection.cause === 'store'
  renderStep(view, 'panel', state.link.phase === 'open' ? 'ok' : 'unknown')
  renderStep(view, 'store', isStoreLost ? 'bad' : state.clock_offset_s === null ? 'unknown' : 'ok')
  renderStep(view, 'collector', 'waiting')
}

/** @param {View} view @param {string} name @param {'ok' | 'bad' | 'unknown' | 'waiting'} state */
function renderStep({ t, format }, name, state) {
  const row = partOf(byId('first-run'), `[data-step="${name}"]`)
  const age = format.age((performance.now() - opened_ms) / 1000)
  row.dataset.state = state
  setIcon(partOf(row, '.icon'), state === 'waiting' ? 'stale' : state)
  setText(partOf(row, '.step-state'), t(`first.${state}`, { age }))
}
