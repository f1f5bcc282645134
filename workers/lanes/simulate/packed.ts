import type { Fate } from './provider.ts';

/** An answer under way is one small integer, since there are as many as devices: batch (17 bits), connection (9), fate (3). */
const FATE_BITS = 3;
const CONNECTION_BITS = 9;

export const pack = (batch: number, connection: number, fate: Fate): number =>
  (batch << (FATE_BITS + CONNECTION_BITS)) | (connection << FATE_BITS) | fate;
export const batchOf = (answer: number): number => answer >> (FATE_BITS + CONNECTION_BITS);
export const connectionOf = (answer: number): number => (answer >> FATE_BITS) & ((1 << CONNECTION_BITS) - 1);
export const fateOf = (answer: number): number => answer & ((1 << FATE_BITS) - 1);
