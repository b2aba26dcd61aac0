// @ts-check
/** Puts the reader's local time in the place of each UTC time of a page, which its title still tells. */

/**
 * @param {ParentNode} root
 * @param {string} language
 */
export function showLocalTimes(root, language) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' })
  for (const node of root.querySelectorAll('time[datetime]')) {
    const own = node.querySelector('.instant-local')
    const at = Date.parse(node.getAttribute('datetime') ?? '')
    if (!(own instanceof HTMLElement) || Number.isNaN(at)) continue
    own.textContent = format.format(at)
    own.hidden = false
  }
}
