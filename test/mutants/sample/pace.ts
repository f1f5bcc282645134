/** A small file for the tool's own test: its test holds the first two rules, looks away from the third and never asks for the fourth. */
const FASTEST_PER_SECOND = [100, 150, 200].at(-1) ?? 0;

export const isTooFast = (perSecond: number): boolean => perSecond > FASTEST_PER_SECOND;

export const waitMs = (perSecond: number): number => 1000 / perSecond;

export const isSlow = (perSecond: number): boolean => perSecond < 10;

export const isStill = (perSecond: number): boolean => perSecond === 0;
