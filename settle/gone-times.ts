import type { Claim } from '../infra/aws/claim-item.ts';
import { stateCode, unpackStates } from './account-codec.ts';
import { newestWord, words } from './batch-words.ts';

/**
 * Since when APNs knows that tokens of a batch are no longer valid (docs/facts.md#apns-unregistered), beside their states in the
 * batch's account. To the second: Uint32 (big endian) of the newest of them, epoch seconds, then for each device that is marked
 * `bad-token`, in their order, a LEB128 number: 0 where no time is known, else seconds before the newest, plus one. That is three
 * bytes for the last 24 days, four for the last eight years. Accounts of older versions, and batches without such a time, have none.
 */

/**
 * An account costs one write unit up to a KiB, names and holder included (docs/facts.md#dynamodb-units). In batches of 1,000 some
 * hundred times fit beside the rest of it, in batches of 2,000 the account has a second unit. More than two none may cost: the units
 * of a new table do for a large event at that, and not for more (docs/facts.md#claims-rate). So what goes beyond this is left out, and
 * whoever counts says so.
 */
export const GONE_TIMES_BYTES = 700;

const HEADER_BYTES = 4;
const BAD = stateCode('bad-token');
/** Two clocks. */
const AHEAD_MS = 60_000;

/** False: it lies in the future, so nothing can be so since then. */
export const isPast = (atMs: number, nowMs: number): boolean => atMs <= nowMs + AHEAD_MS;

/**
 * `perDevice`: codes of a batch (account-codec.ts). `goneAtMs`: epoch ms by device of the batch, between 1970 and 2106. `packed` is
 * null where there is none; `leftOut`: of how many devices there was no room for the time.
 */
export function packGoneTimes(
  perDevice: Uint8Array,
  goneAtMs: ReadonlyMap<number, number>,
): { packed: Uint8Array | null; leftOut: number } {
  if (goneAtMs.size === 0) return { packed: null, leftOut: 0 };
  const newest = secondsOf(Math.max(...goneAtMs.values()));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(newest);
  const packed = [...header];
  let leftOut = 0;
  let isFull = false;
  for (let device = 0; device < perDevice.length; device++) {
    if (perDevice[device] !== BAD) continue;
    const atMs = goneAtMs.get(device);
    const number = leb128(atMs === undefined ? 0 : newest - secondsOf(atMs) + 1);
    isFull ||= packed.length + number.length > GONE_TIMES_BYTES;
    if (!isFull) packed.push(...number);
    else if (atMs !== undefined) leftOut += 1;
  }
  return { packed: Uint8Array.from(packed), leftOut };
}

const secondsOf = (atMs: number): number => Math.floor(atMs / 1_000);

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

/**
 * What the accounts of a batch say of `count` devices, epoch ms by device that is marked `bad-token`. Whoever can write the table can
 * write anything there: what is too short, too long, or in the future by `nowMs` is left out, like what had no room. `leftOut`: of how
 * many devices that may be so.
 */
export function goneTimesIn(
  claim: Claim,
  count: number,
  nowMs: number,
): { goneAtMs: Map<number, number>; leftOut: number } {
  const goneAtMs = new Map<number, number>();
  let leftOut = 0;
  for (const word of words(claim)) {
    const { account } = word;
    if (account?.goneAt === undefined) continue;
    const standing = newestWord(word, count);
    const marked = [...unpackStates(account.states, count).entries()].flatMap(([device, code]) =>
      code === BAD ? [device] : [],
    );
    const times = unpack(account.goneAt, nowMs);
    for (const [at, device] of marked.entries()) {
      // As for states: a holder has no say over another one's devices, and the first who was answered stands.
      if (standing[device] !== BAD || goneAtMs.has(device)) continue;
      const time = times[at];
      if (time === undefined) leftOut += 1;
      else if (time !== null) goneAtMs.set(device, time);
    }
  }
  return { goneAtMs, leftOut };
}

/** Epoch ms in the order of the devices; null: it was not known, undefined: it was left out. */
function unpack(packed: Uint8Array, nowMs: number): (number | null | undefined)[] {
  if (packed.length < HEADER_BYTES) return [];
  const newest = Buffer.from(packed).readUInt32BE();
  return numbersIn(packed.subarray(HEADER_BYTES)).map((number) => {
    if (number === 0) return null;
    const atMs = (newest - number + 1) * 1_000;
    return atMs > 0 && isPast(atMs, nowMs) ? atMs : undefined;
  });
}

/** A number may be any: what is no difference of two times is sorted out after this. */
function numbersIn(packed: Uint8Array): number[] {
  const numbers: number[] = [];
  let number = 0;
  let bytes = 0;
  for (const byte of packed) {
    number += (byte & 0x7f) * 0x80 ** bytes;
    bytes += 1;
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
    bytes = 0;
  }
  return numbers;
}
