// @ts-check
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'

import { LANGUAGES, makeTranslate } from '../../static/js/ui/i18n.js'
import { KEYS } from '../../static/js/ui/keys.js'
import { RANGES } from '../../static/js/time/ranges.js'

/** @typedef {import('../../static/js/ui/i18n.js').Catalogue} Catalogue */

const ROOT = new URL('../../', import.meta.url)
const STATIC = new URL('static/', ROOT)
const TEMPLATES = new URL('app/templates/', ROOT)
const catalogues = new Map(LANGUAGES.map((language) => [language, readCatalogue(language)]))
const portuguese = /** @type {Catalogue} */ (catalogues.get('pt-BR'))
const GROUPS = new Set(Object.keys(portuguese).map((key) => key.split('.')[0]))

/** Codes that come over the wire, and where the page looks for their words. */
const WIRE = {
  status: ['online', 'degraded', 'offline', 'stopped', 'unknown', 'disabled'],
  reason: ['refused', 'timeout', 'denied', 'slow', 'error', 'stuck', 'no_consumers', 'no_progress', 'movement_unknown', 'unfinished',
    'alarm_memory', 'alarm_disk', 'first_look', 'ping_silent', 'ask_off', 'ask_denied', 'ask_read_only',
    'ask_unsupported', 'ask_unreachable', 'ask_failed', 'nobody_listens', 'none_serves', 'answer_unreadable', 'broker_down', 'not_watched', 'no_queues',
    'certificate_name', 'certificate_authority', 'certificate_expired', 'certificate_early', 'certificate', 'failover'],
  reason_counted: ['no_consumers', 'no_progress', 'movement_unknown', 'unfinished'],
  queue_reason: ['priorities_not_counted', 'other_keyprefix'],
  scope: ['container', 'host'],
  link: ['connecting', 'live', 'delayed', 'stale', 'offline', 'unverified', 'replaced', 'signed_out', 'forbidden', 'empty', 'paused'],
  title: ['fine', 'attention', 'bad', 'unknown'],
  elsewhere: ['silent', 'clock_differs', 'two_collectors', 'container_shared',
    ...['database', 'rabbitmq', 'worker'].flatMap((service) => [`${service}_offline`, `${service}_degraded`]),
    'worker_offline_waiting', 'worker_offline_queue', 'stuck', 'stuck_queue', 'failed', 'failed_count', 'failing', 'bad', 'attention', 'unknown'],
  cause: ['line', 'alarm_memory', 'alarm_disk', 'memory_kill', 'other_queue', 'no_consumer', 'nobody_listens', 'database_refused',
    'database_timeout', 'database_slow', 'slots_held', 'slots_full', 'slots_idle', 'prefetch_low', 'worker_silent', 'workers_silent',
    'nobody_answers', 'never_answered', 'worker_clock', 'none_finishes', 'tasks_fail', 'tasks_fail_kind', 'tasks_fail_percent',
    'tasks_fail_percent_kind', 'cpu_throttled', 'nobody_publishes'],
  hosts: ['database', 'worker'],
  workers: ['events_off', 'events_unknown', 'events_denied', 'none'],
  tasks: ['none'],
  key: [...Object.values(KEYS), 'range', 'live'],
  first: ['panel', 'store', 'collector', 'ok', 'bad', 'unknown', 'waiting'],
  range: RANGES.map(({ name }) => name),
  time: ['paused', 'past', 'open', 'zoomed', 'reading', 'failed'],
  period: ['5m', '15m', '1h', '3h', '24h'],
  idle: ['queue', 'rates', 'started', 'wait'].flatMap((what) => [what, `${what}_then`]),
  mark: ['critical', 'error', 'outage_span', 'outage_since', 'outage_until', ...['burst', 'log', 'service', 'version'].map((kind) => `kind_${kind}`)],
  login: ['error_off', 'error_refused', 'error_sign_on', 'error_no_role', 'error_provider'],
  factor: ['code', 'app_code', ...['invalid', 'code', 'refused', 'throttled', 'busy', 'stale', 'changed', 'differs', 'same',
    'short', 'long', 'common'].map((code) => `error_${code}`)],
  account: [...['password', 'totp', 'recovery', 'oidc', 'jwt'].map((way) => `how_${way}`),
    ...['password', 'session', 'sessions', 'token'].map((what) => `done_${what}`)],
  audit: [...['session', 'token', 'left', 'revoked', 'unverified', 'rotate', 'shutdown', 'replaced', 'code', 'with_tokens', 'others'].map(
    (detail) => `detail_${detail}`), ...['all', 'calm', 'logins', 'refusals', 'streams', 'changes'].map((group) => `group_${group}`),
    'login_ok', 'login_step', 'login_failed', 'login_throttled', 'login_busy', 'logout', 'confirm_failed', 'refused', 'csrf_failed',
    'cross_site', 'untrusted_host', 'stream_opened', 'stream_closed', 'stream', 'user_created', 'user_disabled', 'user_enabled',
    'role_changed', 'password_changed', 'password_reset', 'session_revoked', 'session_replaced', 'token_created',
    'token_revoked', 'second_factor_on', 'second_factor_off', 'second_factor_reset', 'recovery_codes_renewed'],
  error: ['400', '403', '404', '405', '429', '500', '503'],
}
/** Codes of the page's doubts that are put together, and those that the collector's verdict sends (collector/judgement). */
const VERDICTS = [
  ...['store', 'store_full', 'store_read_only', 'store_disk', 'store_denied', 'store_old'].flatMap((cause) => [`silent_${cause}`, `empty_${cause}`]),
  'silent_collector', 'unverified', 'signed_out', 'forbidden', 'replaced',
  ...['database', 'rabbitmq', 'worker'].flatMap((service) => ['offline', 'degraded', 'unknown'].map((status) => `${service}_${status}`)),
  'rabbitmq_alarm_memory', 'rabbitmq_alarm_disk', 'rabbitmq_failover', 'first_look',
  ...['offline_waiting', 'offline_queue', 'unserved', 'silent', 'movement_unknown', 'unfinished'].map((code) => `worker_${code}`),
  'stuck', 'stuck_queue', 'still', 'still_queue', 'failed', 'failed_count', 'failing', 'recovered',
  'fine', 'waiting', 'sending', 'sending_ends', 'sending_steady', 'sending_empty', 'draining', 'growing', 'growing_lacks', 'queue_empty', 'queue_empty_since', 'queue_empty_held',
  'queue_missing', 'queue_unread', 'queue_priorities_not_counted', 'queue_other_keyprefix', 'ram_high', 'cpu_high', 'container_ram_high',
  'clock_differs', 'two_collectors', 'container_shared', 'slots_unused', 'clock_of_worker', 'arrivals_ended',
]
/** Words that are the same in every language we speak, or names. */
const NAMES = ['ZapVoice', 'Monitor', 'CPU', 'RAM', 'RabbitMQ', 'PT', 'EN', 'PT, Português', 'EN, English', '%']

/** The words of the panel and of the pages around it. @param {string} language @returns {Catalogue} */
function readCatalogue(language) {
  return { ...readWords(`${language}.json`), ...readWords(`account_pages/${language}.json`) }
}

/** @param {string} name @returns {Catalogue} */
function readWords(name) {
  return JSON.parse(readFileSync(new URL(`locales/${name}`, STATIC), 'utf8'))
}

/** @param {URL} folder @param {string} ending @returns {string} the text of all files */
function readAll(folder, ending) {
  const names = readdirSync(folder, { recursive: true }).map(String)
  return names.filter((name) => name.endsWith(ending)).map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n')
}

/** @param {Catalogue[string]} entry */
function parameters(entry) {
  const texts = typeof entry === 'string' ? [entry] : [entry.other]
  return texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)).sort()
}

for (const [language, catalogue] of catalogues) {
  test(`${language} says everything that Portuguese says, with the same parameters`, () => {
    assert.deepEqual(Object.keys(catalogue), Object.keys(portuguese))
    for (const key of Object.keys(portuguese)) assert.deepEqual(parameters(catalogue[key]), parameters(portuguese[key]), key)
  })

  test(`${language} leaves the sign of a percentage to the formatter`, () => {
    for (const [key, entry] of Object.entries(catalogue)) assert.doesNotMatch(JSON.stringify(entry), /%/, key)
  })

  test(`${language} has every plural form that its rules may ask for`, () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((form) => form !== 'many')
    for (const [key, entry] of Object.entries(catalogue)) {
      if (typeof entry !== 'string') for (const form of forms) assert.ok(entry[form], `${key} lacks ${form}`)
    }
  })
}

test('the panel and the pages around it find their words each in its own catalogue', () => {
  const [panel, accountPages] = [readWords('pt-BR.json'), readWords('account_pages/pt-BR.json')]
  const named = (/** @type {string} */ text) => [...text.matchAll(/data-i18n(?:-label|-placeholder)?="([\w.]+)"/g)].map(([, key]) => key)
  const shell = readFileSync(new URL('shell/sidebar.html', TEMPLATES), 'utf8') + readFileSync(new URL('shell/layout.html', TEMPLATES), 'utf8')
  const monitor = shell + readAll(new URL('monitor/', TEMPLATES), '.html') + readFileSync(new URL('monitor.html', TEMPLATES), 'utf8')
  const all = named(readAll(TEMPLATES, '.html'))
  const around = all.filter((key) => !named(monitor).includes(key))

  assert.deepEqual(Object.keys(panel).filter((key) => key in accountPages), [])
  assert.ok(around.length > 50)
  for (const key of named(monitor)) assert.ok(key in panel, key)
  for (const key of around) assert.ok(key in accountPages, key)
})

/** Every key that a script or a template names, or that is put together from a code. */
function namedKeys() {
  const scripts = readAll(new URL('js/', STATIC), '.js')
  const templates = readAll(TEMPLATES, '.html')
  const quoted = (/** @type {string} */ text, /** @type {RegExp} */ pattern) => [...text.matchAll(pattern)].map(([, found]) => found)
  return [
    ...quoted(scripts, /['"`]([a-z]+\.[a-z_0-9]+)['"`]/g).filter((key) => GROUPS.has(key.split('.')[0])),
    ...quoted(scripts, /finding\('\w+', (?:cause \? [^:]+: )?'(\w+)'/g).map((code) => `verdict.${code}`),
    ...quoted(scripts, /: finding\('\w+', '(\w+)'/g).map((code) => `verdict.${code}`),
    ...quoted(templates, /data-i18n(?:-label|-placeholder)?="([\w.]+)"/g),
    ...quoted(templates, /"([a-z]+\.[a-z_0-9]+)"/g).filter((key) => GROUPS.has(key.split('.')[0])),
    ...quoted(templates, /"(login\.error_)/g).flatMap(() => ['invalid', 'throttled', 'busy', 'csrf', 'unavailable'].map((code) => `login.error_${code}`)),
    ...Object.entries(WIRE).flatMap(([group, codes]) => codes.map((code) => `${group}.${code}`)),
    ...VERDICTS.map((code) => `verdict.${code}`),
  ]
}

test('every key that scripts and templates name exists, and every key that exists is named', () => {
  const named = namedKeys()

  assert.ok(named.length > 150)
  for (const key of named) assert.ok(key in portuguese, `${key} is named and does not exist`)
  assert.deepEqual(Object.keys(portuguese).filter((key) => !named.includes(key)), [], 'exist and are not named')
})

test('no word of the page stands outside the catalogue', () => {
  const templates = readAll(new URL('monitor/', TEMPLATES), '.html')
  const markup = templates.replace(/\{[{%#][\s\S]*?[%}#]\}/g, '').replace(/<pre class="commands"[\s\S]*?<\/pre>/g, '')
  const bare = [...markup.matchAll(/<(?!\/)([^<>]*)>([^<>]*\p{L}[^<>]*)</gu)].filter(([, tag]) => !tag.includes('data-i18n'))
  const words = bare.map(([, , text]) => text.trim()).filter((text) => !NAMES.includes(text))

  assert.deepEqual(words, [])
  for (const [, tag] of markup.matchAll(/<([^<>]*\b(?:aria-label|placeholder)="[^"]*\p{L}[^<>]*)>/gu)) {
    const isNamed = tag.includes('data-i18n-') || NAMES.some((name) => tag.includes(`aria-label="${name}"`))
    assert.ok(isNamed, tag)
  }
})

test('no script writes words of its own', () => {
  const scripts = readAll(new URL('js/', STATIC), '.js')
  const written = [...scripts.matchAll(/setText\(.*, '[^']*\p{L}[^']*'\)$|textContent = '[^']*\p{L}[^']*'/gmu)]

  assert.deepEqual(written.map(([whole]) => whole), [])
})

test('the Portuguese in the templates is the Portuguese of the catalogue', () => {
  const templates = readAll(TEMPLATES, '.html')
  const texts = [...templates.matchAll(/data-i18n="([\w.]+)"[^>]*>([^<{]+)</g)].map(([, key, text]) => [key, text])
  const labels = [...templates.matchAll(/aria-label="([^"{]+)" data-i18n-label="([\w.]+)"/g)].map(([, text, key]) => [key, text])

  assert.ok(texts.length > 15 && labels.length > 5)
  for (const [key, text] of [...texts, ...labels]) assert.equal(text, portuguese[key], key)
})

test('parameters are filled in, numbers as the language writes them', () => {
  const t = makeTranslate(portuguese, 'pt-BR')

  assert.equal(t('verdict.waiting', { waiting: 1250 }), 'Tudo certo: 1.250 na fila')
})

test('plurals follow the language, and zero may have its own words', () => {
  const t = makeTranslate(portuguese, 'pt-BR')

  assert.equal(t('queue.consumers', { count: 0 }), 'sem consumidores')
  assert.equal(t('queue.consumers', { count: 1 }), '1 consumidor')
  assert.equal(t('queue.consumers', { count: 2 }), '2 consumidores')
  assert.equal(t('cpu.cores', { cores: 0.5, count: 0.5 }), 'de 0,5 núcleo')
})

test('a code that the catalogue does not know is told by a plain sentence, the code beside it', () => {
  for (const [language, catalogue] of catalogues) {
    const t = makeTranslate(catalogue, language)
    for (const group of ['reason', 'verdict', 'cause']) {
      const text = t([`${group}.brand_new`, `unknown.${group}`], { code: 'brand_new', host: 'web-1' })
      assert.match(text, / .*\(brand_new\)$/)
      assert.doesNotMatch(text, /\./)
    }
    assert.equal(t(['reason.timeout', 'unknown.reason'], { code: 'timeout' }), catalogue['reason.timeout'])
  }
})

test('a key that is missing shows itself instead of failing', () => {
  assert.equal(makeTranslate({}, 'en')('no.such.key'), 'no.such.key')
})
