import type { Account } from '../infra/aws/claim-item.ts';
import { addReason, addReasons, noCounts } from '../runbooks/launch/counts.ts';
import type { Counts } from '../runbooks/launch/counts.ts';
import type { DeviceState, Totals } from '../runbooks/launch/entries.ts';
import { DEVICE_STATES } from '../runbooks/launch/entries.ts';
import { noTotals } from '../runbooks/launch/totals.ts';

/**
 * How a batch's account fits into one small item: three bits per device, and how often each reason
 * occurred. `absent` marks devices of the batch that are not part of this attempt, so that the present
 * ones of all batches sum to the devices of the segment attempt. `bad-token` is a failure by which the provider named the
 * token bad (launch/bad-tokens.ts): reasons are only counted, so this is what tells those devices from the others, which
 * stay within reach of a further order. Accounts written before it existed have `failed` there.
 */
export type AttemptState = DeviceState | 'absent' | 'bad-token';

/** The place is the code, in accounts that have been written too: with these eight, three bits are full. */
const STATES: readonly AttemptState[] = ['absent', ...DEVICE_STATES, 'bad-token'];
const BITS = 3;

/** DynamoDB charges writes per KiB (docs/facts.md#dynamodb-units), and an account is to cost one; only times of very many tokens add another (gone-times.ts). */
export const ACCOUNT_BYTES = 1_024;

const codes = Object.fromEntries(STATES.map((state, code) => [state, code])) as Record<AttemptState, number>;

export function stateCode(state: AttemptState): number {
  return codes[state];
}

/** Throws `ACCOUNT_CODE_UNKNOWN` for a number that no state has: a packed account from a newer version. */
export function stateOf(code: number): AttemptState {
  const state = STATES[code];
  if (state === undefined) throw new RangeError(`ACCOUNT_CODE_UNKNOWN: ${code}`);
  return state;
}

/** One code per device (see `stateCode`) to 3 bits each, first device in the lowest bits: 2,000 devices are 750 bytes. */
export function packStates(perDevice: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil((perDevice.length * BITS) / 8));
  for (let device = 0; device < perDevice.length; device++) {
    const bit = device * BITS;
    const at = bit >> 3;
    const shifted = (perDevice[device] ?? 0) << (bit & 7);
    packed[at] = (packed[at] ?? 0) | (shifted & 0xff);
    if (shifted > 0xff) packed[at + 1] = (packed[at + 1] ?? 0) | (shifted >> 8);
  }
  return packed;
}

/** `count` codes from what `packStates` made. Throws `ACCOUNT_TOO_SHORT` if the bytes can't hold that many. */
export function unpackStates(packed: Uint8Array, count: number): Uint8Array {
  if (packed.length * 8 < count * BITS)
    throw new RangeError(`ACCOUNT_TOO_SHORT: ${packed.length} bytes for ${count} devices`);
  const perDevice = new Uint8Array(count);
  for (let device = 0; device < count; device++) {
    const bit = device * BITS;
    const at = bit >> 3;
    const pair = (packed[at] ?? 0) | ((packed[at + 1] ?? 0) << 8);
    perDevice[device] = (pair >> (bit & 7)) & 0b111;
  }
  return perDevice;
}

/** Packs states and keeps as many reasons, most frequent first, as fit beside them; the rest is counted as `Other`. */
export function toAccount(perDevice: Uint8Array, reasons: Readonly<Counts>): Account {
  const states = packStates(perDevice);
  let left = ACCOUNT_BYTES - states.length - 'Other'.length - 4;
  const kept = noCounts();
  let other = 0;
  for (const [reason, times] of Object.entries(reasons).toSorted((a, b) => b[1] - a[1])) {
    const bytes = Buffer.byteLength(reason) + 4;
    if (bytes > left) other += times;
    else {
      kept[reason] = times;
      left -= bytes;
    }
  }
  if (other > 0) addReason(kept, 'Other', other);
  return { states, reasons: kept };
}

/** Sums accounts. `devices` is how many were part of the attempt; the states sum to it. */
export function totalsOf(accounts: Iterable<Account & { count: number }>): { devices: number; totals: Totals } {
  const totals = noTotals();
  let devices = 0;
  let reachable = 0;
  for (const account of accounts) {
    for (const code of unpackStates(account.states, account.count)) {
      const state = stateOf(code);
      if (state === 'absent') continue;
      totals[state === 'bad-token' ? 'failed' : state] += 1;
      if (state === 'failed') reachable += 1;
      devices += 1;
    }
    addReasons(totals.reasons, account.reasons);
  }
  return { devices, totals: reachable === 0 ? totals : { ...totals, reachable } };
}
