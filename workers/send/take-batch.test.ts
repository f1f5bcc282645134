import { describe, expect, test } from 'vitest';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { CloudError } from '../../infra/aws/cloud-error.ts';
import { newestStates, wordOf } from '../../settle/batch-words.ts';
import { wholeBatch } from '../../settle/members.ts';
import { MemoryClaims } from '../../test/memory-claims.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import type { Line } from './take-for-tests.ts';
import { ALL, claimsThat, COUNT, dead, key, nothing, spoken, standing, take } from './take-for-tests.ts';

test('a lease lasts to the end of the window at the latest', async () => {
  const store = new MemoryClaims();
  const notAfterMs = Date.now() + 300;
  expect(await take({ claims: store, notAfterMs })).toMatchObject({ won: true, held: { sendUntilMs: notAfterMs } });
  expect(standing(store).sendUntilMs).toBe(notAfterMs);
});

test('nobody takes over before the lease and its grace are over', async () => {
  const store = new MemoryClaims();
  await store.claim(key, { ...dead(3), sendUntilMs: Date.now() - 500 });
  const taken = await take({ claims: store });
  expect(taken).toMatchObject({ won: false, isFinal: false });
  expect(taken.won ? 0 : taken.againMs).toBeGreaterThan(300);
});

test("of a dead holder's batch the rest is taken, and what its lease covered is uncertain, but for those who are to get nothing", async () => {
  const store = new MemoryClaims();
  await store.claim(key, dead(3));
  expect(await take({ claims: store, skipped: (device) => device === 1 || device === 4 })).toMatchObject({
    won: true,
    held: { list: [3, 4, 5], toSend: [3, 5] },
  });
  expect(spoken(newestStates(standing(store), COUNT))).toEqual([
    'uncertain',
    'skipped',
    'uncertain',
    'absent',
    'absent',
    'absent',
  ]);
});

test.each(['taken over', 'closed'] as const)(
  'a claim of ours that we never heard of and that was %s meanwhile is accounted for as halted: nothing was written',
  async (how) => {
    const store = new MemoryClaims();
    let lost = false;
    const claims = claimsThat(store, {
      async claim(...args) {
        const answer = await store.claim(...args);
        if (lost) return answer;
        lost = true;
        const seen = { ...standing(store), mark: how === 'closed' ? COUNT : 2 };
        standing(store).mark = seen.mark;
        if (how === 'closed') await store.close(key, wordOf(seen, wholeBatch(COUNT), 'late'), seen);
        else
          await store.takeOver(key, seen, wordOf(seen, wholeBatch(COUNT), 'absent'), {
            ...dead(),
            token: 'other',
            sendUntilMs: Date.now() + 60_000,
          });
        throw new Error('the answer was lost');
      },
    });
    expect(await take({ claims })).toMatchObject({ won: false, isFinal: how === 'closed' });
    const states = spoken(newestStates(standing(store), COUNT));
    expect(states).toEqual(
      how === 'closed' ? ALL.map(() => 'halted') : ALL.map((device) => (device < 2 ? 'halted' : 'absent')),
    );
  },
);

test('a batch that we took over without hearing of it is ours as far as the ones before have left it, and no further', async () => {
  const store = new MemoryClaims();
  await store.claim(key, dead(4));
  let lost = false;
  const claims = claimsThat(store, {
    async takeOver(...args) {
      const answer = await store.takeOver(...args);
      if (lost) return answer;
      lost = true;
      throw new Error('the answer was lost');
    },
  });
  expect(await take({ claims })).toMatchObject({ won: true, held: { list: [4, 5], toSend: [4, 5] } });
});

test('a take-over whose first try came through late goes by the lease that it had asked for then', async () => {
  const store = new MemoryClaims();
  await store.claim(key, dead(4));
  const untilMs = Date.now() + 400;
  const claims = claimsThat(store, {
    async takeOver(at, seen, word, holder) {
      await store.takeOver(at, seen, word, { ...holder, sendUntilMs: untilMs, mark: 5 });
      return store.takeOver(at, seen, word, holder);
    },
  });
  expect(await take({ claims })).toMatchObject({ won: true, held: { sendUntilMs: untilMs, mark: 5, list: [4, 5] } });
});

test('a take-over of ours that was closed before we heard of it is accounted for as halted', async () => {
  const store = new MemoryClaims();
  await store.claim(key, dead(4));
  const claims = claimsThat(store, {
    async takeOver(...args) {
      await store.takeOver(...args);
      await store.close(key, wordOf(standing(store), wholeBatch(COUNT), 'halted'), standing(store));
      return { won: false, claim: structuredClone(standing(store)) };
    },
  });
  expect(await take({ claims })).toMatchObject({ won: false });
  expect(spoken(newestStates(standing(store), COUNT))).toEqual([
    'uncertain',
    'uncertain',
    'uncertain',
    'uncertain',
    'halted',
    'halted',
  ]);
  expect(standing(store).state).toBe('accounted');
});

test("what was handed on is the next one's at once; of what a lease covered all of, nothing is", async () => {
  const store = new MemoryClaims();
  await store.claim(key, { ...dead(), sendUntilMs: Date.now() + 60_000 });
  await store.handOn(key, 'dead', nothing);
  expect(await take({ claims: store, share: { perSecond: 2, active: true } })).toMatchObject({
    won: true,
    held: { list: ALL, mark: 2 },
  });
  const covered = new MemoryClaims();
  await covered.claim(key, dead());
  expect(await take({ claims: covered })).toMatchObject({ won: false, isFinal: false });
});

describe('when the tries are over', () => {
  /** Every answer of this call is lost; the tries are over after the first. */
  function deaf(store: MemoryClaims, call: 'claim' | 'takeOver', more: Partial<ClaimStore> = {}) {
    let asked = false;
    const lose = async (landing: Promise<unknown>) => {
      await landing;
      asked = true;
      throw new CloudError('CLAIMS_UNAVAILABLE', 'the answer was lost');
    };
    return {
      claims: claimsThat(store, {
        [call]: (...args: never[]) => lose((store[call] as (...all: never[]) => Promise<unknown>)(...args)),
        ...more,
      }),
      isOver: () => asked,
    };
  }

  test('a claim of which every answer was lost is given back: nothing of it is uncertain', async () => {
    const store = new MemoryClaims();
    expect(await take(deaf(store, 'claim'))).toMatchObject({ won: false, isFinal: false });
    expect(standing(store)).toMatchObject({ state: 'open', token: '' });
    expect(spoken(newestStates(standing(store), COUNT))).toEqual(ALL.map(() => 'absent'));
    expect(await take({ claims: store })).toMatchObject({ won: true, held: { list: ALL } });
  });

  test('so is a take-over; what the one before it may have written stays its own', async () => {
    const store = new MemoryClaims();
    await store.claim(key, dead(4));
    await take(deaf(store, 'takeOver'));
    expect(standing(store).state).toBe('open');
    expect(await take({ claims: store })).toMatchObject({ won: true, held: { list: [4, 5] } });
  });

  test('one that a closer has given up meanwhile is accounted for as halted', async () => {
    const store = new MemoryClaims();
    const { claims, isOver } = deaf(store, 'claim', {
      handOn: async (...args) => {
        await store.close(key, wordOf(standing(store), wholeBatch(COUNT), 'halted'), standing(store));
        return store.handOn(...args);
      },
    });
    await take({ claims, isOver });
    expect(standing(store).state).toBe('accounted');
    expect(spoken(newestStates(standing(store), COUNT))).toEqual(ALL.map(() => 'halted'));
  });

  test(
    'a store that stays away is asked for two seconds; one that never was asked, not at all',
    secondTry(A_WAIT),
    async () => {
      const store = new MemoryClaims();
      let tries = 0;
      const { claims, isOver } = deaf(store, 'claim', {
        handOn: () => {
          tries += 1;
          return Promise.reject(new CloudError('CLAIMS_UNAVAILABLE', 'away'));
        },
      });
      const fromMs = performance.now();
      const lines: Line[] = [];
      await take({ claims, isOver, lines });
      const waits = lines.filter(({ msg }) => msg.includes('could not be given back')).map(({ waitMs }) => waitMs);
      expect(waits.slice(0, 5)).toEqual([50, 100, 200, 400, 500]);
      expect(performance.now() - fromMs).toBeLessThan(4_000);
      expect(tries).toBeGreaterThan(3);
      expect(tries).toBeLessThan(20);
      tries = 0;
      await take({ claims, isOver: () => true });
      expect(tries).toBe(0);
    },
  );
});

test.each(['CLAIM_UNKNOWN', 'SET_GONE', 'SET_BROKEN', 'SET_UNKNOWN'] as const)(
  '%s is told to people, takes no room, and nothing is claimed',
  async (code) => {
    const store = new MemoryClaims();
    const complaints: string[] = [];
    const broken = () => Promise.reject(new CloudError(code, 'what was found'));
    const isClaim = code === 'CLAIM_UNKNOWN';
    const claims = claimsThat(store, isClaim ? { claim: broken, handOn: broken } : {});
    const taken = await take({ claims, complaints, ...(isClaim ? {} : { attempt: 2, setOf: broken }) });
    expect(taken).toMatchObject({ won: false, isFinal: false });
    expect(taken.won ? 0 : taken.againMs).toBeGreaterThan(1_000);
    expect(complaints).toEqual(['CANNOT TAKE batches of S1: what was found']);
    expect(store.items.size).toBe(0);
  },
);

describe('of a shot that was approved before leases', () => {
  test('the first holder has it all, whatever the pace, and nobody takes it over', async () => {
    const store = new MemoryClaims();
    const share = { perSecond: 2, active: true };
    expect(await take({ claims: store, share, schema: undefined })).toMatchObject({
      won: true,
      held: { mark: Number.POSITIVE_INFINITY, list: ALL },
    });
    Object.assign(standing(store), { sendUntilMs: 2 });
    expect(await take({ claims: store, share, schema: undefined })).toMatchObject({ won: false, isFinal: false });
    expect(standing(store)).toMatchObject({ state: 'claimed', parts: [] });
  });

  test('a claim of which every answer was lost is accounted for as halted: an older closer knows no open one', async () => {
    const store = new MemoryClaims();
    let isOver = false;
    const claims = claimsThat(store, {
      async claim(at, holder) {
        await store.claim(at, holder);
        isOver = true;
        throw new CloudError('CLAIMS_UNAVAILABLE', 'no answer');
      },
    });
    await take({ claims, isOver: () => isOver, schema: undefined });
    expect(standing(store)).toMatchObject({ state: 'accounted', parts: [] });
    expect(spoken(newestStates(standing(store), COUNT))).toEqual(ALL.map(() => 'halted'));
  });
});
