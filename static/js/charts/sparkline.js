// @ts-check
/** The last minutes of a reading in one small line. */

import { setAttribute } from '../ui/dom.js'
import { indexFrom } from '../time/series.js'

const WIDTH = 100
const HEIGHT = 30

/**
 * @param {Element} svg with two paths, area and line, in a box of 100 × 30
 * @param {readonly number[]} instants
 * @param {readonly (number | null)[]} values
 * @param {{over_s: number, limit: number | null}} options null: as high as the highest value
 */
export function renderSparkline(svg, instants, values, { over_s, limit }) {
  const newest = instants.at(-1) ?? 0
  const from = indexFrom(instants, newest - over_s)
  const top = limit ?? Math.max(1, ...values.slice(from).map((value) => value ?? 0))
  /** @type {[number, number][][]} */ const runs = [[]]
  for (let index = from; index < instants.length; index++) {
    const value = values[index]
    if (value === null) runs.push([])
    else runs[runs.length - 1].push([WIDTH - ((newest - instants[index]) / over_s) * WIDTH, HEIGHT - (value / top) * (HEIGHT - 2) - 1])
  }
  const known = runs.filter((run) => run.length > 1)
  const lines = known.map((run) => `M${run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`)
  const areas = known.map((run, index) => `${lines[index]}L${run[run.length - 1][0].toFixed(1)} ${HEIGHT}L${run[0][0].toFixed(1)} ${HEIGHT}Z`)
  setAttribute(svg.children[0], 'd', areas.join(''))
  setAttribute(svg.children[1], 'd', lines.join(''))
}
