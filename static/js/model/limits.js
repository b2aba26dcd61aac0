// @ts-check
/** Percentages from which on the verdict warns and the charts draw a line. [pure] */

export const HIGH_CPU_PERCENT = 90
export const HIGH_RAM_PERCENT = 90
