// @ts-check
/** Where the words on a chart stand, so that none covers another. [pure] */

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box */
/** @typedef {{text: string, color: string, y: number}} Name `y`: where it would stand best */

/**
 * Each name with the height of its text: the best one where there is room, else just above the name below it, or, at the
 * top of the plot, just below the name above it.
 *
 * @param {Name[]} names
 * @param {number} distance between two names
 * @param {{top: number, bottom: number}} edges
 * @returns {(Name & {text_y: number})[]} lowest first
 */
export function apart(names, distance, { top, bottom }) {
  let above = bottom + distance / 2
  const placed = [...names].sort((a, b) => b.y - a.y).map((name) => {
    above = Math.min(name.y, above - distance)
    return { ...name, text_y: above }
  })
  let below = top - distance
  for (const name of [...placed].reverse()) name.text_y = below = Math.max(name.text_y, below + distance)
  return placed
}

/**
 * A place for a label beside its point: above it if that is free, else at its sides, else below it.
 *
 * @param {{x: number, y: number}} point
 * @param {{width: number, height: number, gap: number}} label
 * @param {readonly Box[]} taken
 * @param {Box} area
 * @returns {Box | null} null where every place is taken
 */
export function freePlace({ x, y }, { width, height, gap }, taken, area) {
  const [left, middle, right] = [x - gap - width, x - width / 2, x + gap]
  const [above, beside, below] = [y - gap - height, y - height / 2, y + gap]
  const places = [[middle, above], [right, above], [left, above], [right, beside], [left, beside], [right, below], [left, below], [middle, below]]
  const boxes = places.map(([from, top]) => ({ left: from, top, right: from + width, bottom: top + height }))
  return boxes.find((box) => isInside(box, area) && !taken.some((other) => overlaps(box, other))) ?? null
}

/** @param {Box} box @param {Box} area */
function isInside(box, area) {
  return box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom
}

/** @param {Box} a @param {Box} b */
function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
