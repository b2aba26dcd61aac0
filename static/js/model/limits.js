// @ts-check
/** The percentage from which on the charts draw a line; the collector warns from the same on (judgement/resources.py). [pure] */

export const HIGH_CPU_PERCENT = 90
