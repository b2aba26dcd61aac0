// @ts-check
/** The tab of the resources: the host shown, its machine, and the containers that report to it. */

import { byId, fitChildren, fromTemplate, partOf, setText } from '../ui/dom.js'
import { isMute } from '../model/verdict.js'

/** @import { View } from '../charts/view.js' */
/** @import { Cpu, Ram, Sample } from '../model/types.js' */
/** @typedef {{name: string, age_s: number, cpu: Cpu, ram: Ram}} Resource */

/** @param {View} view */
export function renderResources(view) {
  const rows = view.sample ? resourcesOf(view, view.sample) : []
  const list = byId('resources-list')
  fitChildren(list, rows.length, () => fromTemplate('resource-row'))
  rows.forEach((row, index) => renderRow(view, list.children[index], row))
}

/** @param {View} view @param {Sample} sample @returns {Resource[]} */
function resourcesOf({ t }, { host, detail, containers = [] }) {
  const { cpu, ram, host_cpu, host_ram } = detail
  const own = { name: host, age_s: 0, cpu, ram }
  const machine = { name: t('resources.machine'), age_s: 0, cpu: host_cpu, ram: host_ram }
  return [own, ...(cpu.scope === 'container' ? [machine] : []), ...containers]
}

/** @param {View} view @param {Element} row @param {Resource} resource */
function renderRow(view, row, resource) {
  const { t, format } = view
  const { name, age_s, cpu, ram } = resource
  row.classList.toggle('is-mute', isMute(resource))
  setText(partOf(row, '.resource-name'), name)
  setText(partOf(row, '.resource-age'), isMute(resource) ? t('resources.mute', { age: format.age(age_s) }) : '')
  setText(partOf(row, '.resource-cpu'), format.percent(cpu.percent))
  setText(partOf(row, '.resource-cores'), cpu.cores === null ? '' : t('cpu.cores', { cores: cpu.cores, count: cpu.cores }))
  setText(partOf(row, '.resource-ram'), format.percent(ram.percent))
  setText(partOf(row, '.resource-used'), usedText(view, ram))
  setMeter(row, 'cpu', cpu.percent)
  setMeter(row, 'ram_percent', ram.percent)
  const warnings = warningsOf(view, resource)
  const peak = ram.peak_bytes === null ? '' : t('ram.peak', { peak: format.size(ram.peak_bytes) })
  const note = partOf(row, '.resource-note')
  setText(note, warnings.join(' · ') || peak)
  note.classList.toggle('is-warning', warnings.length > 0)
}

/** @param {View} view @param {Ram} ram */
function usedText({ t, format }, { used_bytes, limit_bytes }) {
  if (used_bytes === null) return t('ram.unknown')
  const params = { used: format.size(used_bytes), limit: format.size(limit_bytes) }
  return limit_bytes === null ? t('ram.used_only', params) : t('ram.used', params)
}

/** @param {View} view @param {Resource} resource @returns {string[]} */
function warningsOf({ t, format }, { cpu, ram }) {
  const percent = cpu.throttled_percent ?? 0
  const count = ram.oom_kills ?? 0
  return [...(percent > 0 ? [t('cpu.throttled', { percent: format.share(percent) })] : []), ...(count > 0 ? [t('ram.oom', { count })] : [])]
}

/** @param {Element} row @param {string} series @param {number | null} share 0 to 100 */
function setMeter(row, series, share) {
  partOf(row, `[data-series="${series}"] .meter-fill`).style.transform = `scaleX(${Math.min(100, share ?? 0) / 100})`
}
