import type { Rule } from './rule.ts';

/** What is taken over goes elsewhere. */
export const twoRegions: Rule = ({ regions }) =>
  regions === undefined || regions.standby !== regions.home
    ? []
    : [{ path: ['regions', 'standby'], found: JSON.stringify(regions.standby), expected: 'another region than home' }];
