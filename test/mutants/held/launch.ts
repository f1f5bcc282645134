import type { Held } from './held-file.ts';

/** The launch core. */
export const LAUNCH: Held[] = [{ file: 'runbooks/launch/effects.ts' }];
