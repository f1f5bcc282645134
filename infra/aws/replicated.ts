/**
 * What lies in both regions of a launch that has two: all that workers load. Frozen sets are of a shot, and a launch that has one
 * stays where it is.
 */
export const REPLICATED = ['audiences/', 'skip-lists/', 'launches/'] as const;
