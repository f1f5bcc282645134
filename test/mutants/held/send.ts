import type { Held } from '../held.ts';

/** What sends, closes and writes the record. */
export const SEND: Held[] = [];
