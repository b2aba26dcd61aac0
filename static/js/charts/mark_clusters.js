// @ts-check
/** The marks as the charts draw them: clusters, grouped anew only when the marks or the scale have changed. */

import { clustersOf } from '../time/marks.js'

/** @import { Cluster, Mark } from '../time/marks.js' */

/** Marks nearer to each other than this are drawn as one. */
const MARK_PX = 12

export class MarkClusters {
  /** @type {readonly Mark[]} */ #marks = []
  #distance_s = 0
  /** @type {Cluster[]} */ #clusters = []

  /** @param {readonly Mark[]} marks in the order of time @param {number} distance_s of two marks that are drawn apart */
  of(marks, distance_s) {
    if (this.#marks === marks && this.#distance_s === distance_s) return this.#clusters
    this.#marks = marks
    this.#distance_s = distance_s
    this.#clusters = clustersOf(marks, distance_s)
    return this.#clusters
  }
}

/** @param {number} span_s of the window @param {number} width_px of the plot @returns {number} s */
export function markDistance(span_s, width_px) {
  return (span_s * MARK_PX) / Math.max(1, width_px)
}
