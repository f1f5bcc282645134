import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEVICE_STATES } from '../runbooks/launch/entries.ts';
import { holds, PROPERTY } from '../test/properties/holds.ts';
import { ACCOUNT_BYTES, packStates, stateCode, stateOf, toAccount, totalsOf, unpackStates } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';

const all: AttemptState[] = ['absent', 'accepted', 'failed', 'uncertain', 'halted', 'late', 'skipped', 'bad-token'];
const states = fc.array(fc.constantFrom(...all), { maxLength: 2_000 });
const coded = (list: AttemptState[]) => Uint8Array.from(list, stateCode);

describe('account codec', () => {
  test('gives every state of every device back', PROPERTY, async () => {
    await holds(
      'account-states',
      fc.property(states, (list) => {
        expect([...unpackStates(packStates(coded(list)), list.length)].map(stateOf)).toEqual(list);
      }),
      { seed: 1, runs: 100 },
    );
  });

  test('2,000 devices are 750 bytes, and any account fits into a KiB', PROPERTY, async () => {
    expect(packStates(new Uint8Array(2_000)).length).toBe(750);
    const reasons = fc.dictionary(fc.string({ minLength: 1, maxLength: 60 }), fc.nat(2_000), { maxKeys: 60 });
    await holds(
      'account-bytes',
      fc.property(states, reasons, (list, counts) => {
        const account = toAccount(coded(list), counts);
        const bytes =
          account.states.length +
          Object.keys(account.reasons).reduce((sum, reason) => sum + Buffer.byteLength(reason) + 4, 0);
        expect(bytes).toBeLessThanOrEqual(ACCOUNT_BYTES);
        const sum = (of: Record<string, number>) => Object.values(of).reduce((a, b) => a + b, 0);
        expect(sum(account.reasons)).toBe(sum(counts));
      }),
      { seed: 1, runs: 100 },
    );
  });

  test('a reason may have any name, also one that every object has', () => {
    const reasons = JSON.parse('{"constructor":3,"__proto__":2,"toString":1}') as Record<string, number>;
    const account = { ...toAccount(coded(Array.from({ length: 6 }, () => 'failed')), reasons), count: 6 };
    const { totals } = totalsOf([account, account]);
    expect(Object.entries(totals.reasons)).toEqual([
      ['constructor', 6],
      ['__proto__', 4],
      ['toString', 2],
    ]);
    expect(Object.entries((JSON.parse(JSON.stringify(totals)) as typeof totals).reasons)).toEqual(
      Object.entries(totals.reasons),
    );
  });

  test('states sum to the devices that are part of the attempt', PROPERTY, async () => {
    await holds(
      'account-sums',
      fc.property(fc.array(states, { maxLength: 5 }), (batches) => {
        const { devices, totals } = totalsOf(
          batches.map((list) => ({ ...toAccount(coded(list), {}), count: list.length })),
        );
        const flat = batches.flat();
        expect(devices).toBe(flat.filter((state) => state !== 'absent').length);
        const often = (state: AttemptState) => flat.filter((one) => one === state).length;
        for (const state of DEVICE_STATES)
          expect(totals[state]).toBe(often(state) + (state === 'failed' ? often('bad-token') : 0));
      }),
      { seed: 1, runs: 100 },
    );
  });

  test('accounts that were written before bad tokens had a state of their own read as they did', () => {
    const written = Buffer.from('88c61a', 'hex');
    expect([...unpackStates(written, 7)].map(stateOf)).toEqual([
      'absent',
      'accepted',
      'failed',
      'uncertain',
      'halted',
      'late',
      'skipped',
    ]);
    expect(totalsOf([{ states: written, reasons: { Unregistered: 1 }, count: 7 }])).toEqual({
      devices: 6,
      totals: {
        accepted: 1,
        failed: 1,
        uncertain: 1,
        halted: 1,
        late: 1,
        skipped: 1,
        reasons: { Unregistered: 1 },
        reachable: 1,
      },
    });
  });

  test('an account that is too short for its batch is an error, not zeros', () => {
    expect(() => unpackStates(new Uint8Array(3), 9)).toThrow('ACCOUNT_TOO_SHORT');
    expect(() => stateOf(8)).toThrow('ACCOUNT_CODE_UNKNOWN');
  });
});

describe('how many reasons an account has room for', () => {
  /** 750 bytes of states leave 265 for reasons, beside one more word: five of 49 characters, with their counts. */
  const states = new Uint8Array(2_000).fill(stateCode('failed'));
  const reason = (at: number) => `reason ${at} `.padEnd(49, '.');
  const counts = (many: number, chars = 0) =>
    Object.fromEntries(Array.from({ length: many }, (_, at) => [`${reason(at)}${'.'.repeat(chars)}`, at + 1]));

  test('as many as fit to the byte stand as they are', () => {
    expect(toAccount(states, counts(5))).toMatchObject({ states: { length: 750 }, reasons: counts(5) });
    expect(Object.keys(toAccount(states, counts(5)).reasons)).toHaveLength(5);
  });

  test('beyond them the most frequent stand, and the rest is one sum', () => {
    const { reasons } = toAccount(states, counts(8));
    expect({ ...reasons }).toEqual({
      [reason(7)]: 8,
      [reason(6)]: 7,
      [reason(5)]: 6,
      [reason(4)]: 5,
      [reason(3)]: 4,
      Other: 1 + 2 + 3,
    });
    expect(Object.keys(toAccount(states, counts(5, 1)).reasons)).toHaveLength(5);
    expect(toAccount(states, counts(5, 1)).reasons['Other']).toBe(1);
  });

  test('a batch of few devices has room for many more', () => {
    const { reasons } = toAccount(states.subarray(0, 100), counts(19));
    expect([Object.keys(reasons).length, reasons['Other']]).toEqual([19, 1]);
  });
});

test('devices that stay within reach are said of a sum that has some', () => {
  const of = (...all: AttemptState[]) => ({ ...toAccount(Uint8Array.from(all, stateCode), {}), count: all.length });
  expect(totalsOf([of('failed', 'bad-token', 'accepted')]).totals).toMatchObject({ failed: 2, reachable: 1 });
  expect(totalsOf([of('bad-token', 'accepted')]).totals).not.toHaveProperty('reachable');
});
