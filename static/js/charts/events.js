// @ts-check
/** What happened, as the charts draw it: clusters of marks and spans of outages, made anew only when marks or scale have changed. */

import { clustersOf, isDrawn, outagesOf } from '../time/marks.js'

/** @import { Cluster, Mark, Outage } from '../time/marks.js' */

/** Marks nearer to each other than this are drawn as one. */
const MARK_PX = 12

export class Events {
  /** @type {readonly Mark[]} */ #marks = []
  #distance_s = 0
  /** @type {Cluster[]} */ clusters = []
  /** @type {Outage[]} */ outages = []

  /** @param {readonly Mark[]} marks in the order of time @param {number} distance_s of two marks that are drawn apart */
  update(marks, distance_s) {
    if (this.#marks === marks && this.#distance_s === distance_s) return
    this.#marks = marks
    this.#distance_s = distance_s
    this.clusters = clustersOf(marks.filter(isDrawn), distance_s)
    this.outages = outagesOf(marks)
  }

  /** What happened near an instant. The marks of an outage that reaches there are told by it. @param {number} at @returns {(Mark | Outage)[]} */
  near(at) {
    const outages = this.outages.filter((outage) => at >= outage.at - this.#distance_s && at <= outage.until + this.#distance_s)
    const near = this.clusters.find((cluster) => Math.abs(cluster.at - at) <= this.#distance_s)
    const marks = near?.marks.filter((mark) => mark.kind !== 'service' || !outages.some((outage) => outage.name === mark.name)) ?? []
    return [...outages, ...marks]
  }
}

/** @param {number} span_s of the window @param {number} width_px of the plot @returns {number} s */
export function markDistance(span_s, width_px) {
  return (span_s * MARK_PX) / Math.max(1, width_px)
}
