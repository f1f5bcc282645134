import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { ItemPlace } from './entries.ts';

/** Whether there can be such an item of the channel's chain. What it holds the chain alone knows. */
export const isPlace = ({ seq, hash }: ItemPlace): boolean =>
  Number.isSafeInteger(seq) && seq > 0 && /^[0-9a-f]{64}$/.test(hash);

export const noPlace = ({ seq, hash }: ItemPlace): Refusal =>
  refuse('VALUE_INVALID', `Found item ${seq} (“${hash.slice(0, 64)}”), expected one of the channel's chain.`);
