// @ts-check
/** The small cards of CPU and RAM. The tab of the resources has the rest. */

import { highestText, renderCard } from './card.js'

/** @import { View } from '../charts/view.js' */
/** @import { Sample } from '../model/types.js' */
/** @import { Card } from './card.js' */

/** @param {View} view */
export function renderResourceCards(view) {
  const { sample } = view
  renderCard(view, 'card-cpu', sample ? cpuCard(view, sample) : null)
  renderCard(view, 'card-ram', sample ? ramCard(view, sample) : null)
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function cpuCard(view, { cpu, detail }) {
  const { t, format } = view
  const { scope, throttled_percent } = detail.cpu
  const isThrottled = (throttled_percent ?? 0) > 0
  const calm = cpu === null ? t('cpu.unknown') : highestText(view, 'cpu', format.share)
  return {
    value: format.decimal(cpu),
    series: 'cpu',
    limit: 100,
    scope: t(`scope.${scope}`),
    line: '',
    note: isThrottled ? t('cpu.throttled', { percent: format.share(throttled_percent) }) : calm,
    isWarning: isThrottled,
  }
}

/** @param {View} view @param {Sample} sample @returns {Card} */
function ramCard({ t, format }, { ram_percent, detail }) {
  const { scope, used_bytes, limit_bytes, oom_kills } = detail.ram
  const params = { used: format.size(used_bytes), limit: format.size(limit_bytes) }
  const used = limit_bytes === null ? t('ram.used_only', params) : t('ram.used', params)
  const isKilling = (oom_kills ?? 0) > 0
  const calm = used_bytes === null ? t('ram.unknown') : used
  return {
    value: format.decimal(ram_percent),
    series: 'ram_percent',
    limit: 100,
    scope: t(`scope.${scope}`),
    line: '',
    note: isKilling ? t('ram.oom', { count: oom_kills ?? 0 }) : calm,
    isWarning: isKilling,
  }
}
