import type { Held } from '../held.ts';

/** The launch core. */
export const LAUNCH: Held[] = [{ file: 'runbooks/launch/schedule.ts' }];
