// @ts-check
/**
 * The shapes on the wire: they mirror store/samples/model.py and the HTTP answers. Types only, nothing runs here.
 *
 * @typedef {'online' | 'degraded' | 'offline' | 'unknown' | 'disabled'} Status
 * @typedef {'database' | 'worker' | 'rabbitmq'} Service
 * @typedef {{status: Status, reason: string | null, latency_ms: number | null, facts?: Facts}} Check
 * @typedef {Record<string, number | string>} Facts the numbers in a reason's sentence
 * @typedef {{name: string, state: 'ok' | 'missing' | 'unknown', reason?: string | null, ready: number | null, peak: number | null,
 *   consumers: number | null, unacked?: number | null, in_per_s?: number | null, out_per_s?: number | null,
 *   wait_s?: number | null, wait_is_bound?: boolean, basis?: 'management' | 'head' | 'depth' | null}} Queue
 * @typedef {{count: number, oldest_s: number | null, visibility_timeout_s: number | null}} Reserved on a watched Redis
 * @typedef {{workers: number, silent: number, slots: number | null, usable: number | null, busy: number | null, oldest_s: number | null,
 *   started_per_s: number | null, failed_per_min: number | null}} Crew Celery's workers together
 * @typedef {'fine' | 'unknown' | 'attention' | 'bad'} Level
 * @typedef {{level: Level, code: string, facts: Facts}} Finding
 * @typedef {Finding & {also: Finding[], cause: Finding | null}} Verdict the judgement of a sample, made by the collector
 * @typedef {{name: string, age_s: number | null, slots: number | null, busy: number | null, oldest_s: number | null, prefetch: number | null,
 *   queues: string[] | null, skew_s: number | null, started_per_min: number | null, succeeded_per_min: number | null,
 *   failed_per_min: number | null, retried_per_min: number | null}} Worker
 * @typedef {{name: string, started_per_min: number | null, succeeded_per_min: number | null, failed_per_min: number | null,
 *   retried_per_min: number | null, runtime_p50_s: number | null, runtime_p95_s: number | null, wait_p50_s: number | null,
 *   wait_p95_s: number | null, last_failure: {kind: string, age_s: number} | null}} Task
 * @typedef {{events: 'on' | 'off' | 'unknown' | 'denied', lost: number, workers: Worker[], tasks: Task[], workers_total: number,
 *   tasks_total: number}} Workload
 * @typedef {{now: number, age_s: number | null, workload: Workload | null}} WorkloadAnswer What /api/workload answers; null: nothing was written lately
 * @typedef {{scope: 'container' | 'host', percent: number | null, cores: number | null,
 *   throttled_percent: number | null, pressure_percent: number | null}} Cpu
 * @typedef {{scope: 'container' | 'host', used_bytes: number | null, limit_bytes: number | null,
 *   percent: number | null, peak_bytes: number | null, oom_kills: number | null,
 *   pressure_percent: number | null}} Ram
 * @typedef {'clock_differs' | 'two_collectors' | 'container_shared'} TroubleCode
 * @typedef {{code: string, facts?: Facts}} Trouble `code`: a TroubleCode, as far as we know
 * @typedef {'store_full' | 'store_read_only' | 'store_disk' | 'store_denied' | 'store_old'} Refusal why a Redis that answers refuses writes
 * @typedef {{name: string, age_s: number, cpu: Cpu, ram: Ram, sources?: number}} Container `age_s`: of the report, when the sample was taken
 *
 * @typedef {object} Sample One host's tick; `at` is epoch seconds by the collector's clock, null is not known.
 * @property {string} host
 * @property {number} at
 * @property {number} took_ms
 * @property {number | null} cpu
 * @property {number | null} ram MiB
 * @property {number | null} ram_percent
 * @property {number | null} queue_size
 * @property {number | null} queue_peak
 * @property {Partial<Record<Service, Check>>} checks
 * @property {Queue[]} queues
 * @property {Container[]} [containers]
 * @property {'amqp' | 'redis' | null} broker_kind
 * @property {string} version
 * @property {Trouble[]} [troubles] problems of the monitoring itself on this host
 * @property {Reserved | null} [reserved]
 * @property {Crew | null} [crew]
 * @property {Verdict | null} [verdict]
 * @property {Mark[]} [marks] what happened since the previous sample; without `at`, which is the sample's
 * @property {{cpu: Cpu, ram: Ram, host_cpu: Cpu, host_ram: Ram}} detail
 *
 * @typedef {{kind: 'service', name: Service, before: Status, after: Status, at?: number}
 *   | {kind: 'version', before: string, after: string, at?: number}
 *   | {kind: 'burst', peak: number | null, at?: number}} Mark `at`: epoch seconds
 *
 * @typedef {object} History What /api/history answers: `columns` in the order of `series`, null = not known.
 * @property {string | null} host
 * @property {number} interval_s
 * @property {number} now
 * @property {number | null} age_s
 * @property {string | null} last_id
 * @property {number} step_s between two rows; interval_s where they are samples
 * @property {string[]} series
 * @property {(number | null)[][]} columns samples, or the averages of each step
 * @property {(number | null)[][] | null} low of each step; null where the rows are samples
 * @property {(number | null)[][] | null} high of each step; null where the rows are samples
 * @property {Mark[]} marks
 * @property {number | null} oldest_at time of this host's oldest data
 *
 * @typedef {{host: string, last_at: number, age_s: number}} Host
 * @typedef {Partial<Record<Service, Status>>} Services
 * @typedef {{host: string, age_s: number, is_fresh: boolean, services: Services, level: Level, code: string}} HostNews
 *   One of the event `hosts`; level and code are those of its collector's verdict
 * @typedef {{version: string, interval_s: number, now: number, age_s: number | null}} Hello
 *
 * @typedef {object} LogGroup A critical line of a service's log, with its repeats.
 * @property {string} id
 * @property {string} host
 * @property {string} service
 * @property {'error' | 'critical'} level
 * @property {string} logger
 * @property {string} message
 * @property {string | null} traceback
 * @property {string | null} task
 * @property {number} first_at epoch s of the store's clock
 * @property {number} last_at
 * @property {number} count
 * @property {number[]} [began_at] when it came after a silence of a minute, epoch s ascending; the newest of these instants
 *
 * @typedef {{now: number, dropped: number, logs: LogGroup[]}} LogsAnswer What /api/logs answers, newest first.
 *
 * @typedef {object} Snapshot What the page carries for its first paint; without the store, history is null.
 * @property {History | null} history
 * @property {{id: string, sample: Sample} | null} latest
 * @property {Host[]} hosts
 * @property {LogsAnswer | null} [logs]
 * @property {string} version
 * @property {number} interval_s
 */

export {}
