// @ts-check
/** From where on a percentage is high: the verdict warns there, the charts draw a line. [pure] */

export const HIGH_CPU_PERCENT = 90
export const HIGH_RAM_PERCENT = 90
