// @ts-check
/** What the shapes of the marks mean: those that are in the window. */

import { byId, el, fitChildren, setAttribute, setText } from '../ui/dom.js'
import { clustersIn, lookOf } from '../time/marks.js'

/** @import { View } from './view.js' */
/** @import { Cluster } from '../time/marks.js' */
/** @import { Window } from '../time/timeframe.js' */

/** In this order. */
const KINDS = /** @type {const} */ (['burst', 'log', 'service', 'version'])

/** @param {View} view @param {readonly Cluster[]} clusters @param {Window} window */
export function renderMarkLegend({ t }, clusters, window) {
  const marks = clustersIn(clusters, window).flatMap((cluster) => cluster.marks)
  const known = KINDS.flatMap((kind) => marks.find((mark) => mark.kind === kind) ?? [])
  const list = byId('mark-legend')
  fitChildren(list, known.length, () => el('li'))
  known.forEach((mark, index) => {
    const { shape, tone } = lookOf(mark)
    setAttribute(list.children[index], 'data-shape', shape)
    setAttribute(list.children[index], 'data-tone', tone)
    setText(list.children[index], t(`mark.kind_${mark.kind}`))
  })
}
