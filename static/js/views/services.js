// @ts-check
/** The card of the services: a shape, a word and a reason for each. */

import { byId, partOf, setAttribute, setIcon, setText } from '../ui/dom.js'
import { countedBy } from '../model/reasons.js'
import { brokerName } from '../model/verdict.js'

/** @import { View } from '../charts/view.js' */
/** @import { Service, Check } from '../model/types.js' */

/** @type {Check} */
const UNANSWERED = { status: 'unknown', reason: null, latency_ms: null }

/** @param {View} view */
export function renderServices(view) {
  const { sample } = view
  const root = byId('card-services')
  root.classList.toggle('is-empty', sample === null)
  if (!sample) return
  for (const row of root.querySelectorAll('[data-service]')) {
    const service = /** @type {Service} */ (row.getAttribute('data-service'))
    if (service === 'rabbitmq') setText(partOf(row, '.service-name'), brokerName(sample.broker_kind))
    renderService(view, row, service, sample.checks[service])
  }
}

/** @param {View} view @param {Element} row @param {Service} service @param {Check | undefined} check */
function renderService(view, row, service, check) {
  const { t, format } = view
  const { status, reason, latency_ms, facts } = check ?? UNANSWERED
  setAttribute(row, 'data-status', status)
  setIcon(partOf(row, '.icon'), status)
  setText(partOf(row, '.service-status'), t(reason === 'no_progress' ? 'status.stopped' : `status.${status}`))
  const latency = latency_ms === null ? '' : format.latency(latency_ms)
  const answers = latency && t('service.answers', { latency })
  const calm = facts?.ask ? reasonText(view, String(facts.ask)) : (service === 'worker' && busyText(view)) || answers
  setText(partOf(row, '.service-reason'), reason === null ? calm : reasonText(view, reason, facts))
  setText(partOf(row, '.service-latency'), reason === null ? '' : latency)
}

/** How many of the workers' processes run a task; empty where that is unknown. @param {View} view */
function busyText({ t, sample }) {
  const { busy, slots } = sample?.crew ?? {}
  return typeof busy === 'number' && slots ? t('service.busy', { busy, slots }) : ''
}

/** @param {View} view @param {string} reason @param {Check['facts']} facts */
function reasonText({ t, format }, reason, facts = {}) {
  const counted = countedBy(reason, facts)
  return counted ? t(`reason_counted.${reason}`, format.params(counted)) : t([`reason.${reason}`, 'unknown.reason'], { code: reason })
}
