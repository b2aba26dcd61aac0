// @ts-check
/** A valid sample and history to start from; a test says only what it is about. */

/** @typedef {import('../../static/js/model/types.js').Sample} Sample */
/** @typedef {import('../../static/js/model/types.js').History} History */

export const NOW = 1_763_877_303

/** @param {Partial<Sample>} [changes] @returns {Sample} */
export function makeSample(changes = {}) {
  const cpu = /** @type {const} */ ({ scope: 'container', percent: 24.5, cores: 0.5, throttled_percent: 0, pressure_percent: null })
  const ram = /** @type {const} */ ({
    scope: 'container', used_bytes: 2 ** 29, limit_bytes: 2 ** 30, percent: 50, peak_bytes: null, oom_kills: 0, pressure_percent: null,
  })
  return {
    host: 'web-1',
    at: NOW,
    took_ms: 12,
    cpu: 24.5,
    ram: 512,
    ram_percent: 50,
    queue_size: 0,
    queue_peak: 0,
    checks: { database: online(), worker: online(), rabbitmq: online() },
    queues: [{ name: 'dispatch', state: 'ok', ready: 0, peak: 0, consumers: 2 }],
    broker_kind: 'amqp',
    version: '1.8.0',
    verdict: makeVerdict('fine', 'queue_empty'),
    detail: { cpu, ram, host_cpu: { ...cpu, scope: 'host', percent: 40 }, host_ram: { ...ram, scope: 'host' } },
    ...changes,
  }
}

/** @param {number[]} instants @param {Partial<History>} [changes] @returns {History} */
export function makeHistory(instants, changes = {}) {
  const series = ['at', 'cpu', 'ram_percent', 'ram', 'queue_size', 'queue_peak', 'host_cpu', 'host_ram_percent',
    'in_per_s', 'out_per_s', 'database_ms', 'worker_ms', 'rabbitmq_ms', 'started_per_s', 'wait_s']
  const columns = series.map((name) => instants.map((at, index) => (name === 'at' ? at : index)))
  return {
    host: 'web-1', interval_s: 3, now: NOW, age_s: 1, last_id: `${NOW}000-0`, step_s: 3,
    series, columns, low: null, high: null, marks: [], oldest_at: instants[0] ?? null, ...changes,
  }
}

/** @param {import('../../static/js/model/types.js').Level} level @param {string} code @param {import('../../static/js/model/types.js').Facts} [facts] */
export function makeVerdict(level, code, facts = {}) {
  return { level, code, facts, also: [], cause: null }
}

function online() {
  return { status: /** @type {const} */ ('online'), reason: null, latency_ms: 1 }
}
