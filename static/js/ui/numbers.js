// @ts-check
/** Writes numbers as a language does, with a true minus sign: Intl writes a hyphen, which is shorter than a digit. [pure] */

const HYPHEN = /^-/
const MINUS = '\u2212'

/** @param {string} language @param {Intl.NumberFormatOptions} options @returns {(value: number) => string} */
export function numbersOf(language, options) {
  const format = new Intl.NumberFormat(language, options)
  return (value) => format.format(value).replace(HYPHEN, MINUS)
}
