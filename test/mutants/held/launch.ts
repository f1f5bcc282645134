import type { Held } from './held-file.ts';

/** The launch core. */
export const LAUNCH: Held[] = [
  { file: 'runbooks/launch/effects.ts' },
  { file: 'runbooks/launch/authority.ts' },
  { file: 'runbooks/launch/signers.ts' },
];
