// @ts-check
/** The strip at the bottom of a wall: the hosts, the last outage, the time of day. */

import { isInTouch } from '../model/connection.js'
import { byId, fitChildren, fromTemplate, partOf, setAttribute, setIcon, setText } from '../ui/dom.js'
import { inOrder, problemOf } from '../model/hosts.js'
import { isTv } from '../ui/tv.js'
import { outageText } from './header.js'

/** @import { View } from '../charts/view.js' */

/** So many hosts have room beside each other; those with a problem come first. */
const MOST_HOSTS = 6

/** @param {View} view */
export function renderWall(view) {
  const isOn = isTv()
  byId('wall').hidden = !isOn
  if (!isOn) return
  renderHosts(view)
  setText(byId('wall-outage'), outageText(view))
  setText(byId('wall-clock'), view.format.clock(Date.now() / 1000))
}

/** @param {View} view */
function renderHosts({ state, connection, t }) {
  const hosts = inOrder(state.hosts)
  const rest = hosts.length - MOST_HOSTS
  const list = byId('wall-hosts')
  fitChildren(list, Math.min(hosts.length, MOST_HOSTS) + (rest > 0 ? 1 : 0), () => fromTemplate('wall-host'))
  hosts.slice(0, MOST_HOSTS).forEach((host, index) => {
    const problem = isInTouch(connection.code) ? problemOf(host) : { level: 'unknown', code: '' }
    const level = problem?.level ?? 'fine'
    renderHost(list.children[index], host.host, level, problem?.code === 'silent' ? 'stale' : level)
  })
  if (rest > 0) renderHost(list.children[MOST_HOSTS], t('wall.more', { count: rest }), 'unknown', 'unknown')
}

/** @param {Element} item @param {string} name @param {string} level @param {string} shape */
function renderHost(item, name, level, shape) {
  setAttribute(item, 'data-level', level)
  setIcon(partOf(item, '.icon'), shape)
  setText(partOf(item, '.wall-host-name'), name)
}
