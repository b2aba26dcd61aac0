// @ts-check
/** The page's access to the document. It writes text, never HTML. */

/** The sprite's shape for each state: one shape, one meaning, everywhere. */
const SHAPES = /** @type {Record<string, string>} */ ({
  ok: 'ok', fine: 'ok', online: 'ok', live: 'ok',
  attention: 'warn', degraded: 'warn', delayed: 'warn',
  bad: 'bad', offline: 'bad',
  stale: 'clock', paused: 'pause', signed_out: 'lock', forbidden: 'lock', unverified: 'lock', disabled: 'dash',
  replaced: 'dash',
})

/**
 * The element with this id. Raises an error if there is none: templates and scripts belong together.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id)
  if (!node) throw new Error(`no element #${id}`)
  return node
}

/**
 * Writes text only if it changed: an unchanged node costs no layout and keeps the selection.
 *
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

/** @param {Element} node @param {string} name @param {string} value */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/** @param {string} tag @param {string} [className] @param {string} [text] */
export function el(tag, className = '', text = '') {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

/** @param {string} id of a template with one element @returns {HTMLElement} a copy of that element */
export function fromTemplate(id) {
  const { content } = /** @type {HTMLTemplateElement} */ (byId(id))
  return /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true))
}

/** @param {Element} root @param {string} selector @returns {HTMLElement} */
export function partOf(root, selector) {
  return /** @type {HTMLElement} */ (root.querySelector(selector))
}

/** @param {Element} node an icon of monitor/sprite.html @param {string} state */
export function setIcon(node, state) {
  setAttribute(/** @type {Element} */ (node.firstElementChild), 'href', `#icon-${SHAPES[state] ?? 'unknown'}`)
}

/**
 * Makes `parent` hold exactly `count` children, adding by `make` and removing from the end.
 *
 * @param {Element} parent
 * @param {number} count
 * @param {() => Element} make
 */
export function fitChildren(parent, count, make) {
  while (parent.childElementCount > count) parent.lastElementChild?.remove()
  while (parent.childElementCount < count) parent.append(make())
}
