// @ts-check
/** The card that says how each service is: a shape, a word, and why. */

import { byId, setAttribute, setIcon, setText } from '../dom.js'
import { brokerName } from '../verdict.js'

/** @typedef {import('../main.js').View} View */
/** @typedef {import('../types.js').Service} Service */
/** @typedef {import('../types.js').Check} Check */

/** @param {View} view */
export function renderServices(view) {
  const { sample } = view
  const root = byId('card-services')
  root.classList.toggle('is-empty', sample === null)
  if (!sample) return
  for (const row of root.querySelectorAll('[data-service]')) {
    const service = /** @type {Service} */ (row.getAttribute('data-service'))
    if (service === 'rabbitmq') setText(part(row, '.service-name'), brokerName(sample.broker_kind))
    renderService(view, row, sample.checks[service])
  }
}

/** @param {View} view @param {Element} row @param {Check | undefined} check */
function renderService({ t, format }, row, check) {
  const { status, reason, latency_ms } = check ?? { status: 'unknown', reason: null, latency_ms: null }
  setAttribute(row, 'data-status', status)
  setIcon(part(row, '.icon'), status)
  setText(part(row, '.service-status'), t(`status.${status}`))
  setText(part(row, '.service-reason'), reason === null ? '' : t(`reason.${reason}`))
  setText(part(row, '.service-latency'), latency_ms === null ? '' : format.latency(latency_ms))
}

/** @param {Element} row @param {string} selector */
function part(row, selector) {
  return /** @type {Element} */ (row.querySelector(selector))
}
