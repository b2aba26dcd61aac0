// @ts-check
/** The page's requests, apart from the stream. Each has a deadline; a failure is a return value, not an exception. */

import { parse } from '../model/wire.js'

/** @import { History, Host, LogsAnswer, WorkloadAnswer } from '../model/types.js' */

const ASK_TIMEOUT_MS = 4000

/** @param {string} url @param {RequestInit} [options] @returns {Promise<Response | null>} null when there was no answer in time */
export async function ask(url, options = {}) {
  return fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(ASK_TIMEOUT_MS), ...options }).catch(() => null)
}

/**
 * @param {string | null} host null: the first by name
 * @param {{since: number, until: number | null}} window epoch s; null: up to now
 * @returns {Promise<History | null>}
 */
export async function askHistory(host, { since, until }) {
  const query = new URLSearchParams({ since: since.toFixed(3) })
  if (until !== null) query.set('until', until.toFixed(3))
  if (host !== null) query.set('host', host)
  return bodyOf(await ask(`/api/history?${query}`))
}

/** @param {string | null} host null: the first by name @returns {Promise<WorkloadAnswer | null>} */
export async function askWorkload(host) {
  return bodyOf(await ask(`/api/workload${host === null ? '' : `?${new URLSearchParams({ host })}`}`))
}

/** @returns {Promise<LogsAnswer | null>} */
export async function askLogs() {
  return bodyOf(await ask('/api/logs'))
}

/**
 * Finds out why an open stream brings nothing. The connection: the server does not answer, or has newer samples of the host
 * than `newest_at`. The store: the server says that its store does not answer. Else the collector: it writes nothing.
 *
 * @param {string | null} name
 * @param {number} newest_at epoch s
 * @returns {Promise<'connection' | 'store' | 'collector'>}
 */
export async function findBlame(name, newest_at) {
  const response = await ask('/api/hosts')
  const answer = await response?.json().catch(() => null)
  if (answer?.code === 'store_unavailable') return 'store'
  if (!response?.ok || !answer) return 'connection'
  /** @type {Host[]} */
  const hosts = answer.hosts
  const isNews = hosts.some(({ host, last_at }) => (name === null || host === name) && last_at > newest_at + 1)
  return isNews ? 'connection' : 'collector'
}

/** @param {string} host @returns {Promise<boolean>} whether the server no longer knows it */
export async function forgetHost(host) {
  const token = /** @type {HTMLInputElement} */ (document.querySelector('[name=csrf_token]')).value
  const options = { method: 'DELETE', headers: { 'X-CSRFToken': token } }
  const response = await ask(`/api/hosts/${encodeURIComponent(host)}`, options)
  return response !== null && (response.ok || response.status === 404)
}

/** @param {Response | null} response */
async function bodyOf(response) {
  return response?.ok ? response.text().then(parse).catch(() => null) : null
}
