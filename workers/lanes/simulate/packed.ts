import type { Fate } from './provider.ts';

/*
 * An answer under way as one small integer, since there are as many as devices: batch (17 bits), connection (9), fate (3).
 */
export const BATCHES_AT_MOST = 2 ** 17;
export const CONNECTIONS_AT_MOST = 2 ** 9;
const FATE_BITS = 3;
const CONNECTION_BITS = 9;

export const pack = (batch: number, connection: number, fate: Fate): number =>
  (batch << (FATE_BITS + CONNECTION_BITS)) | (connection << FATE_BITS) | fate;
export const batchOf = (answer: number): number => answer >> (FATE_BITS + CONNECTION_BITS);
export const connectionOf = (answer: number): number => (answer >> FATE_BITS) & ((1 << CONNECTION_BITS) - 1);
export const fateOf = (answer: number): number => answer & ((1 << FATE_BITS) - 1);
