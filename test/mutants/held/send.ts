import type { Held } from './held-file.ts';

/** What sends, closes and writes the record. */
export const SEND: Held[] = [];
