import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accountValues, holderValues } from '../infra/aws/claim-item.ts';
import type { Account, Claim, Item } from '../infra/aws/claim-item.ts';
import { claimWith, partWith as part } from '../test/claim-items.ts';
import { holds, PROPERTY } from '../test/properties/holds.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { AttemptState } from './account-codec.ts';
import { GONE_TIMES_BYTES, goneTimesIn, isPast, packGoneTimes } from './gone-times.ts';

const NOW_MS = Date.UTC(2027, 1, 14, 23, 30);
const DAY_MS = 86_400_000;

const coded = (states: AttemptState[]) => Uint8Array.from(states, stateCode);
function account(states: AttemptState[], goneAtMs: Record<number, number>): Account {
  const { packed } = packGoneTimes(
    coded(states),
    new Map(Object.entries(goneAtMs).map(([at, ms]) => [Number(at), ms])),
  );
  return { ...toAccount(coded(states), {}), ...(packed === null ? {} : { goneAt: packed }) };
}
const claim = (of: Account | null, change: Partial<Claim> = {}) => claimWith({ account: of, ...change });
const found = (of: Claim, count: number, nowMs = NOW_MS) => {
  const { goneAtMs, leftOut } = goneTimesIn(of, count, nowMs);
  return [Object.fromEntries(goneAtMs), leftOut];
};
const bad = (devices: number): AttemptState[] => Array.from({ length: devices }, () => 'bad-token');

describe('since when tokens of a batch are gone', () => {
  test(
    'is there to the second for each device of which it is known, whatever the others came to',
    PROPERTY,
    async () => {
      const device = fc.record({
        state: fc.constantFrom<AttemptState>('accepted', 'failed', 'absent', 'bad-token', 'bad-token'),
        atMs: fc.option(fc.integer({ min: Date.UTC(2001, 8, 9, 2), max: NOW_MS })),
      });
      await holds(
        'gone-times',
        fc.property(fc.array(device, { maxLength: 130 }), (devices) => {
          const of = (keep: (state: AttemptState) => boolean) =>
            Object.fromEntries(
              devices.flatMap(({ state, atMs }, at) => (keep(state) && atMs !== null ? [[at, atMs] as const] : [])),
            );
          const known = of((state) => state === 'bad-token');
          const written = account(
            devices.map(({ state }) => state),
            known,
          );
          expect(written.goneAt === undefined).toBe(Object.keys(known).length === 0);
          expect(found(claim(written), devices.length)).toEqual([
            Object.fromEntries(Object.entries(known).map(([at, ms]) => [at, Math.floor(ms / 1_000) * 1_000])),
            0,
          ]);
        }),
        { seed: 1, runs: 200 },
      );
    },
  );

  test('is not there in an account of an older version, nor in one that a closer wrote', () => {
    expect(found(claim(toAccount(coded(bad(2)), { Unregistered: 2 })), 2)).toEqual([{}, 0]);
    const closed = account(['uncertain', 'uncertain'], {});
    expect(found(claim(closed, { state: 'closed', token: '', closedAccount: closed }), 2)).toEqual([{}, 0]);
  });

  test('comes from the holder whose device it was, also where its account came late', () => {
    const late = part({
      closedAccount: account(['uncertain', 'uncertain', 'absent', 'absent'], {}),
      account: account(['bad-token', 'accepted', 'bad-token', 'absent'], {
        0: NOW_MS - DAY_MS,
        2: NOW_MS - 2 * DAY_MS,
      }),
    });
    const second = account(['bad-token', 'absent', 'bad-token', 'bad-token'], { 0: NOW_MS, 3: NOW_MS - 3 * DAY_MS });
    // The second one knows no time of its device 2, and the first has no say over it.
    expect(found(claim(second, { parts: [late] }), 4)).toEqual([{ 0: NOW_MS - DAY_MS, 3: NOW_MS - 3 * DAY_MS }, 0]);
  });
});

describe('what an account with them costs', () => {
  /** Bytes of the item as DynamoDB counts them: names, texts and binaries as they are, a number some eight. */
  function itemBytes(batch: number, gone: number, maxAgeMs: number): { bytes: number; leftOut: number } {
    const states = new Uint8Array(batch).fill(stateCode('accepted')).fill(stateCode('bad-token'), 0, gone);
    const times = new Map(Array.from({ length: gone }, (_, at) => [at, NOW_MS - Math.floor((maxAgeMs * at) / gone)]));
    const { packed, leftOut } = packGoneTimes(states, times);
    const item: Item = {
      k: { S: 'superbowl-2027-02-14/us-ios-somewhere/1/us-ios-somewhere.1234' },
      state: { S: 'accounted' },
      ...holderValues({
        bootId: 'b'.repeat(36),
        token: 't'.repeat(36),
        claimedAtMs: NOW_MS,
        sendUntilMs: NOW_MS,
        mark: -1,
      }),
      ...accountValues({
        ...toAccount(states, { Unregistered: gone - 9, BadDeviceToken: 5, ExpiredToken: 4 }),
        ...(packed === null ? {} : { goneAt: packed }),
      }),
    };
    const bytes = Object.entries(item).reduce(
      (sum, [name, value]) => sum + name.length + (value.B?.length ?? value.S?.length ?? 8),
      0,
    );
    return { bytes, leftOut };
  }

  test.each([
    ['3 % of 1,000, gone for half a year at most', 1_000, 30, 180 * DAY_MS, 1],
    ['8 % of 1,000, gone for half a year at most', 1_000, 80, 180 * DAY_MS, 1],
    ['3 % of 2,000, gone for half a year at most', 2_000, 60, 180 * DAY_MS, 2],
    ['8 % of 2,000, gone for years', 2_000, 160, 2_000 * DAY_MS, 2],
  ])('%s: none is left out', (_, batch, gone, maxAgeMs, units) => {
    const { bytes, leftOut } = itemBytes(batch, gone, maxAgeMs);
    expect([Math.ceil(bytes / 1_024), leftOut]).toEqual([units, 0]);
  });

  test('however many are gone it is two units, and of how many the time is left out is known', () => {
    const { bytes, leftOut } = itemBytes(2_000, 2_000, 2_000 * DAY_MS);
    expect(Math.ceil(bytes / 1_024)).toBe(2);
    expect(leftOut).toBeGreaterThan(1_800);
    const times = new Map(Array.from({ length: 2_000 }, (_, at) => [at, NOW_MS - at * DAY_MS]));
    const { packed } = packGoneTimes(coded(bad(2_000)), times);
    if (packed === null) throw new Error('it has none');
    expect([packed.length <= GONE_TIMES_BYTES, packed.length > GONE_TIMES_BYTES - 5]).toEqual([true, true]);
    const read = goneTimesIn(claim({ ...toAccount(coded(bad(2_000)), {}), goneAt: packed }), 2_000, NOW_MS);
    expect(read.goneAtMs.size + read.leftOut).toBe(2_000);
    expect(read.goneAtMs.get(150)).toBe(NOW_MS - 150 * DAY_MS);
  });

  test('it is filled to the last byte, and of who has no time none is left out', () => {
    // The first takes one byte, the others four.
    const devices = 1 + (GONE_TIMES_BYTES - 4) / 4;
    const times = (count: number) =>
      new Map(Array.from({ length: count }, (_, at) => [at, NOW_MS - (at === 0 ? 0 : 100 * DAY_MS)]));
    const pack = (count: number, more: number) => packGoneTimes(coded(bad(count + more)), times(count));
    expect([pack(devices - 1, 3).packed?.length, pack(devices - 1, 4).packed?.length]).toEqual([
      GONE_TIMES_BYTES,
      GONE_TIMES_BYTES,
    ]);
    expect([pack(devices - 1, 4).leftOut, pack(devices, 4).leftOut, pack(0, 4)]).toEqual([
      0,
      1,
      { packed: null, leftOut: 0 },
    ]);
  });

  test('once it is full no later device has the place of an earlier one', () => {
    const times = new Map(Array.from({ length: 300 }, (_, at) => [at, NOW_MS - (at === 299 ? 0 : at * DAY_MS)]));
    const { packed, leftOut } = packGoneTimes(coded(bad(300)), times);
    const written = { ...toAccount(coded(bad(300)), {}), goneAt: packed ?? new Uint8Array() };
    const read = goneTimesIn(claim(written), 300, NOW_MS);
    expect([read.leftOut, read.goneAtMs]).toEqual([leftOut, new Map([...times].slice(0, 300 - leftOut))]);
  });
});

describe('what somebody else may have written there', () => {
  const written = (...bytes: number[]) => claim({ ...toAccount(coded(bad(3)), {}), goneAt: Uint8Array.from(bytes) });
  const newest = (atMs: number) => {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(atMs / 1_000);
    return [...header];
  };

  test('too short or cut off leaves out the rest, and nothing before it', () => {
    expect(found(written(), 3)).toEqual([{}, 3]);
    expect(found(written(1, 2, 3), 3)).toEqual([{}, 3]);
    expect(found(written(...newest(NOW_MS), 1), 3)).toEqual([{ 0: NOW_MS }, 2]);
    expect(found(written(...newest(NOW_MS), 1, 0x80), 3)).toEqual([{ 0: NOW_MS }, 2]);
  });

  test('a number that is no difference of two times leaves out its device, and what is more than there are devices is passed over', () => {
    const goneAt = Buffer.alloc(300_000, 1);
    goneAt.set([...newest(NOW_MS), 1, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    expect(found(claim({ ...toAccount(coded(bad(3)), {}), goneAt }), 3)).toEqual([{ 0: NOW_MS, 2: NOW_MS }, 1]);
    const endless = Buffer.alloc(300_000, 0x80);
    endless.set(newest(NOW_MS));
    endless[endless.length - 1] = 0;
    expect(found(claim({ ...toAccount(coded(bad(3)), {}), goneAt: endless }), 3)).toEqual([{}, 3]);
  });

  test('a time in the future, or before there were any, is none', () => {
    const ahead = NOW_MS + 61_000;
    expect(found(written(...newest(ahead), 1, 2, 0), 3)).toEqual([{ 1: ahead - 1_000 }, 1]);
    expect(found(written(0, 0, 0, 9, 0xff, 1, 10, 1), 3)).toEqual([{ 2: 9_000 }, 2]);
    expect([isPast(NOW_MS + 60_000, NOW_MS), isPast(NOW_MS + 60_001, NOW_MS)]).toEqual([true, false]);
  });

  test('states that are too short for the batch are an error, as ever', () => {
    const goneAt = Uint8Array.from([...newest(NOW_MS), 1]);
    expect(() => found(claim({ states: new Uint8Array(1), reasons: {}, goneAt }), 9)).toThrow('ACCOUNT_TOO_SHORT');
  });
});
