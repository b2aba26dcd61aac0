// @ts-check
/** The reader's own time before each instant that a page shows in UTC. */

/**
 * @param {ParentNode} root
 * @param {string} language
 */
export function showOwnTime(root, language) {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' })
  for (const node of root.querySelectorAll('time[datetime]')) {
    const own = node.querySelector('.instant-local')
    const at = Date.parse(node.getAttribute('datetime') ?? '')
    if (!(own instanceof HTMLElement) || Number.isNaN(at)) continue
    own.textContent = format.format(at)
    own.hidden = false
  }
}
