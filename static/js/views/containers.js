// @ts-check
/** The panel of the other containers that report to the host shown: what each uses of its limits. */

import { byId, fitChildren, fromTemplate, partOf, setText } from '../ui/dom.js'
import { isMute } from '../model/verdict.js'

/** @import { View } from '../charts/view.js' */
/** @import { Container, Ram } from '../model/types.js' */

/** @param {View} view */
export function renderContainers(view) {
  const containers = view.sample?.containers ?? []
  byId('containers').hidden = containers.length === 0
  const list = byId('containers-list')
  fitChildren(list, containers.length, () => fromTemplate('container-row'))
  containers.forEach((container, index) => renderContainer(view, list.children[index], container))
}

/** @param {View} view @param {Element} row @param {Container} container */
function renderContainer(view, row, container) {
  const { t, format } = view
  const { name, age_s, cpu, ram } = container
  row.classList.toggle('is-mute', isMute(container))
  setText(partOf(row, '.container-name'), name)
  setText(partOf(row, '.container-age'), isMute(container) ? t('containers.mute', { age: format.age(age_s) }) : '')
  setText(partOf(row, '.container-cpu'), format.percent(cpu.percent))
  setText(partOf(row, '.container-cores'), cpu.cores === null ? '' : t('cpu.cores', { cores: cpu.cores, count: cpu.cores }))
  setText(partOf(row, '.container-ram'), format.percent(ram.percent))
  setText(partOf(row, '.container-used'), usedText(view, ram))
  setMeter(row, 'cpu', cpu.percent)
  setMeter(row, 'ram_percent', ram.percent)
  setText(partOf(row, '.container-warning'), warnings(view, container).join(' · '))
}

/** @param {View} view @param {Ram} ram */
function usedText({ t, format }, { used_bytes, limit_bytes }) {
  if (used_bytes === null) return t('ram.unknown')
  const params = { used: format.size(used_bytes), limit: format.size(limit_bytes) }
  return limit_bytes === null ? t('ram.used_only', params) : t('ram.used', params)
}

/** @param {View} view @param {Container} container @returns {string[]} */
function warnings({ t }, { cpu, ram }) {
  const percent = cpu.throttled_percent ?? 0
  const count = ram.oom_kills ?? 0
  return [...(percent > 0 ? [t('cpu.throttled', { percent })] : []), ...(count > 0 ? [t('ram.oom', { count })] : [])]
}

/** @param {Element} row @param {string} series @param {number | null} share 0 to 100 */
function setMeter(row, series, share) {
  partOf(row, `[data-series="${series}"] .meter-fill`).style.transform = `scaleX(${Math.min(100, share ?? 0) / 100})`
}
