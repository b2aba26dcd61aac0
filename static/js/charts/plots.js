// @ts-check
/** The charts of the page: their lines, axes and texts. */

import { HIGH_CPU_PERCENT } from '../model/limits.js'
import { EasedAxis, PERCENT_AXIS, countScale, durationScale, rateScale } from './scale.js'
import { brokerName } from '../model/verdict.js'
import { isAlike, isCovered } from '../time/series.js'

/** @import { Line } from './chart.js' */
/** @import { View } from './view.js' */
/** @import { Columns, Series } from '../time/series.js' */
/** @import { Window } from '../time/timeframe.js' */
/**
 * @typedef {object} PlotSpec
 * @property {string} id of the figure
 * @property {Partial<Record<Series, Omit<Line, 'legend' | 'short'> & {short: (view: View) => string,
 *   name?: (view: View) => string}>>} lines drawn in this order, the last on top; `name` where the template has not it
 * @property {EasedAxis | typeof PERCENT_AXIS} axis
 * @property {'queue' | 'rates' | 'wait'} [idle] names the sentence that stands for the plot while all of it is zero
 * @property {number} [threshold]
 * @property {(view: View, value: number | null) => string} text
 * @property {(view: View, value: number) => string} [endText] a value between two samples; else as `text`
 * @property {(view: View, value: number) => string} axisText
 */

/** A container's figures and its machine's that differ by no more than this are one line, in percentage points. */
const ALIKE_PERCENT = 1.5

/** @returns {PlotSpec[]} */
export function plotSpecs() {
  return [queue(), rates(), wait(), resources(), latencies()]
}

/** Lines that tell nothing new: the machine's where they are also the container's, and started tasks where what leaves the queues is known. @param {View} view @param {Columns} columns @param {Window} window @returns {Series[]} */
export function repeatedSeries({ sample }, columns, window) {
  const isContainer = sample?.detail.cpu.scope === 'container'
  const pairs = /** @type {[Series, Series][]} */ ([['cpu', 'host_cpu'], ['ram_percent', 'host_ram_percent']])
  const repeated = pairs.flatMap(([own, host]) => (!isContainer || isAlike(columns, own, host, window, ALIKE_PERCENT) ? [host] : []))
  return isCovered(columns, 'out_per_s', 'started_per_s', window) ? [...repeated, 'started_per_s'] : repeated
}

/** @returns {PlotSpec} */
function resources() {
  return {
    id: 'chart-resources',
    lines: {
      host_ram_percent: { short: ({ t }) => t('chart.short_host_ram'), width: 1.25, dash: [6, 3, 2, 3] },
      host_cpu: { short: ({ t }) => t('chart.short_host_cpu'), width: 1.25, dash: [2, 3] },
      ram_percent: { short: ({ t }) => t('chart.ram'), width: 2, dash: [8, 3] },
      cpu: { short: ({ t }) => t('chart.cpu'), width: 2, fill: 0.1, isPeakTold: true },
    },
    axis: PERCENT_AXIS,
    threshold: HIGH_CPU_PERCENT, // RAM's is the same.
    text: ({ format }, value) => format.percent(value),
    endText: ({ format }, value) => format.share(value),
    axisText: (_, value) => `${value}%`,
  }
}

/** @returns {PlotSpec} */
function queue() {
  return {
    id: 'chart-queue',
    lines: {
      queue_peak: { short: ({ t }) => t('chart.short_peak'), width: 1.25, band: 0.22, isStepped: true, isPeakTold: true, isEndQuiet: true },
      queue_size: { short: ({ t }) => t('chart.short_ready'), width: 2, fill: 0.1 },
    },
    idle: 'queue',
    axis: new EasedAxis(countScale),
    text: ({ format }, value) => format.integer(value),
    axisText: ({ format }, value) => format.compact(value),
  }
}

/** @returns {PlotSpec} */
function rates() {
  return {
    id: 'chart-rates',
    lines: {
      started_per_s: { short: ({ t }) => t('chart.short_started'), width: 1.5, dash: [2, 3] },
      in_per_s: { short: ({ t }) => t('chart.short_in'), width: 2 },
      out_per_s: { short: ({ t }) => t('chart.short_out'), width: 2, dash: [6, 3], isPeakTold: true },
    },
    idle: 'rates',
    axis: new EasedAxis(rateScale),
    text: ({ format }, value) => format.rate(value),
    axisText: ({ format }, value) => (value < 10 ? format.rate(value) : `${format.compact(value)}/s`),
  }
}

/** @returns {PlotSpec} */
function wait() {
  return {
    id: 'chart-wait',
    lines: { wait_s: { short: ({ t }) => t('chart.short_wait'), width: 2, fill: 0.1, isPeakTold: true } },
    idle: 'wait',
    axis: new EasedAxis(durationScale),
    text: ({ format }, value) => format.wait(value),
    axisText: ({ format }, value) => format.age(value),
  }
}

/** @returns {PlotSpec} */
function latencies() {
  return {
    id: 'chart-latencies',
    lines: {
      rabbitmq_ms: { short: broker, name: broker, width: 1.75, dash: [2, 3] },
      worker_ms: { short: ({ t }) => t('service.worker'), width: 1.75, dash: [8, 3] },
      database_ms: { short: ({ t }) => t('chart.short_database'), width: 1.75 },
    },
    axis: new EasedAxis(countScale),
    text: ({ format }, value) => format.latency(value),
    axisText: ({ format }, value) => `${format.compact(value)} ms`,
  }
}

/** @param {View} view */
function broker({ sample }) {
  return brokerName(sample?.broker_kind ?? null)
}
