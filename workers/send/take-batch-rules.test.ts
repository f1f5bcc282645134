import { describe, expect, test, vi } from 'vitest';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { CloudError } from '../../infra/aws/cloud-error.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { stateCode, toAccount } from '../../settle/account-codec.ts';
import { newestStates, wordOf } from '../../settle/batch-words.ts';
import { wholeBatch } from '../../settle/members.ts';
import { MemoryClaims } from '../../test/memory-claims.ts';
import { wallClock } from './lease-for-tests.ts';
import { devicesIn, markAfter, mayChain } from './take-batch.ts';
import type { Line } from './take-for-tests.ts';
import { ALL, claimsThat, COUNT, dead, key, LEASE_MS, spoken, standing, take } from './take-for-tests.ts';

/** When a batch is looked at again, how far and how long a lease goes, and how a claim that nobody heard of is let go. The story of a claim: take-batch.test.ts. */

const away = (say = 'away') => new CloudError('CLAIMS_UNAVAILABLE', say);
const msgOf = (lines: Line[], text: string) => lines.filter(({ msg }) => msg.includes(text));
const every = (state: 'accepted' | 'absent') => toAccount(new Uint8Array(COUNT).fill(stateCode(state)), {});

describe('how far and how long a lease goes', () => {
  test.each([
    [1_000, 8, 8],
    [1_001, 8, 9],
    [500, 3, 2],
    [100, 0.5, 1],
    [1_000, 0, 1],
  ])('in %i ms at %d a second so many devices are written: %i', (ms, perSecond, devices) => {
    expect(devicesIn(ms, perSecond)).toBe(devices);
  });

  test.each([
    [[3, 5, 9], 1, 5],
    [[3, 5, 9], 2, 9],
    [[3, 5, 9], 3, Number.POSITIVE_INFINITY],
    [[3, 5, 9], 4, Number.POSITIVE_INFINITY],
    // One at least, or nothing would ever move.
    [[3, 5, 9], 0, 5],
    [[], 0, Number.POSITIVE_INFINITY],
  ])('of %j so many (%i) lie below %d', (toSend, devices, mark) => {
    expect(markAfter(toSend, devices)).toBe(mark);
  });

  test('a shot has chains where its approval says by which version it was made', () => {
    expect([mayChain({ approvedBySchema: 3 }), mayChain({})]).toEqual([true, false]);
  });

  test("it lasts by the latest that the store's time may be, is written to the store, and ends here as early as it may", async () => {
    const store = new MemoryClaims();
    const nowMs = Date.now();
    const clock = { ...wallClock, earliestMs: () => nowMs - 300, latestMs: () => nowMs + 400 };
    const before = sharedClockMs();
    const taken = await take({ claims: store, clock, share: { perSecond: 2, active: true } });
    const tookMs = sharedClockMs() - before;
    const sendUntilMs = nowMs + 400 + LEASE_MS;
    expect(taken).toMatchObject({
      won: true,
      held: { key, list: ALL, toSend: ALL, sendUntilMs, mark: 2, isLost: false },
    });
    expect(standing(store)).toMatchObject({ bootId: 'me', claimedAtMs: nowMs + 400, sendUntilMs, mark: 2 });
    if (!taken.won) throw new Error('not won');
    expect(standing(store).token).toBe(taken.held.token);
    const { lease } = taken.held;
    expect(lease.mark).toBe(2);
    const leftMs = lease.leftMs(before);
    expect(leftMs).toBeGreaterThan(LEASE_MS - 5);
    expect(leftMs).toBeLessThan(LEASE_MS + tookMs + 5);
    const endsAtMs = before + LEASE_MS + tookMs + 5;
    expect([lease.stop(before), lease.stop(endsAtMs), lease.stop(before + 60_000)]).toEqual([null, 'paused', 'late']);
  });

  test('without a limit of pace it is for the whole batch', async () => {
    expect(await take({ claims: new MemoryClaims() })).toMatchObject({ held: { mark: Number.POSITIVE_INFINITY } });
  });

  test('of a later attempt those are sent to who are in its set and have no answer by now', async () => {
    const store = new MemoryClaims();
    await store.claim(key, dead());
    await store.account(
      key,
      'dead',
      toAccount(
        Uint8Array.from({ length: COUNT }, (_, device) => stateCode(device === 2 ? 'accepted' : 'late')),
        {},
      ),
    );
    const setOf = () => Promise.resolve(new Map([['b1', Uint8Array.from([1, 1, 1, 0, 0, 1])]]));
    expect(await take({ claims: store, attempt: 2, setOf, skipped: (device) => device === 1 })).toMatchObject({
      won: true,
      held: { key: key.replace('/1/', '/2/'), list: [0, 1, 2, 5], toSend: [0, 5] },
    });
  });
});

describe('a batch that somebody else holds', () => {
  const clock = { ...wallClock, nowMs: () => 50_000, earliestMs: () => 50_000, latestMs: () => 50_000 };
  const rest = { clock, notAfterMs: 90_000 };

  test.each([
    ['the end of its lease and a second', 52_500, 3_500],
    // Whatever somebody has written into the table.
    ["its window's end and a second", 999_999, 41_000],
    ['no more than a moment', 49_001, 1],
  ])('is looked at again after %s', async (_, sendUntilMs, againMs) => {
    const store = new MemoryClaims();
    await store.claim(key, { ...dead(3), sendUntilMs });
    expect(await take({ claims: store, ...rest })).toEqual({ won: false, isFinal: false, againMs });
  });

  test("is ours at the very end of that, with what was the dead one's told, and in the log", async () => {
    const store = new MemoryClaims();
    const lines: Line[] = [];
    await store.claim(key, { ...dead(4), sendUntilMs: 49_000 });
    expect(await take({ claims: store, ...rest, lines })).toMatchObject({ won: true, held: { list: [4, 5] } });
    expect(msgOf(lines, 'took a batch over')).toMatchObject([{ devices: 2, after: 'claimed' }]);
  });

  test('and that was handed on is ours without another word of it', async () => {
    const store = new MemoryClaims();
    await store.claim(key, { ...dead(), sendUntilMs: 80_000 });
    await store.handOn(key, 'dead', every('absent'));
    expect(await take({ claims: store, ...rest })).toMatchObject({ won: true, held: { list: ALL } });
    expect(standing(store).parts).toHaveLength(1);
  });

  test('whose lease covers all of it is looked at again in five seconds', async () => {
    const store = new MemoryClaims();
    await store.claim(key, { ...dead(), sendUntilMs: 49_000 });
    expect(await take({ claims: store, ...rest })).toEqual({ won: false, isFinal: false, againMs: 5_000 });
  });

  test.each(['accounted', 'closed'] as const)("or held until it was %s is nobody else's any more", async (state) => {
    const store = new MemoryClaims();
    await store.claim(key, dead(3));
    if (state === 'accounted') await store.account(key, 'dead', every('accepted'));
    else await store.close(key, wordOf(standing(store), wholeBatch(COUNT), 'late'), standing(store));
    expect(await take({ claims: store, ...rest })).toEqual({ won: false, isFinal: true, againMs: 0 });
    expect([standing(store).state, standing(store).token]).toEqual([state, 'dead']);
  });

  test('and that a third one takes over first is looked at again in five seconds, with nothing said of it', async () => {
    const store = new MemoryClaims();
    await store.claim(key, { ...dead(4), sendUntilMs: 49_000 });
    const account = vi.fn<ClaimStore['account']>();
    const claims = claimsThat(store, {
      account,
      async takeOver(at, seen, word, holder) {
        await store.takeOver(at, seen, word, { ...holder, token: 'third' });
        return store.takeOver(at, seen, word, holder);
      },
    });
    expect(await take({ claims, ...rest })).toEqual({ won: false, isFinal: false, againMs: 5_000 });
    expect([standing(store).token, account.mock.calls.length]).toEqual(['third', 0]);
  });

  test('and that was given up or closed without a word of ours gets none', async () => {
    const store = new MemoryClaims();
    await store.claim(key, { ...dead(3), sendUntilMs: 49_000 });
    await store.takeOver(key, standing(store), every('absent'), { ...dead(), token: 'second', sendUntilMs: 60_000 });
    const account = vi.fn<ClaimStore['account']>();
    await take({ claims: claimsThat(store, { account }), ...rest });
    await store.close(key, wordOf(standing(store), wholeBatch(COUNT), 'late'), standing(store));
    await take({ claims: claimsThat(store, { account }), ...rest });
    expect(account).not.toHaveBeenCalled();
  });
});

describe('while the store is away', () => {
  test('a claim is tried again and again, each time after longer, until it is over for it', async () => {
    const lines: Line[] = [];
    const claim = vi.fn<ClaimStore['claim']>(() => Promise.reject(away()));
    const startMs = performance.now();
    const store = new MemoryClaims();
    const taken = await take({
      claims: claimsThat(store, { claim, handOn: () => Promise.resolve(true) }),
      isOver: () => claim.mock.calls.length === 3,
      lines,
    });
    expect(taken).toEqual({ won: false, isFinal: false, againMs: 5_000 });
    expect(msgOf(lines, 'could not be claimed').map(({ waitMs }) => waitMs)).toEqual([50, 100, 200]);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(340);
  });

  test('a set that cannot be read leaves nothing to be let go: no claim was tried', async () => {
    const handOn = vi.fn<ClaimStore['handOn']>();
    let reads = 0;
    const setOf = () => ((reads += 1), Promise.reject(away()));
    const claims = claimsThat(new MemoryClaims(), { handOn });
    await take({ claims, attempt: 2, setOf, isOver: () => reads > 0 });
    expect([reads, handOn.mock.calls.length]).toEqual([1, 0]);
  });

  test('a batch that this version cannot take is told once, not tried again, and in five seconds at the earliest', async () => {
    const complaints: string[] = [];
    const lines: Line[] = [];
    const setOf = vi.fn(() => Promise.reject(new CloudError('SET_GONE', 'no set')));
    const taken = await take({ claims: new MemoryClaims(), attempt: 2, setOf, complaints, lines });
    expect([setOf.mock.calls.length, complaints, msgOf(lines, 'can not be taken').length]).toEqual([
      1,
      ['CANNOT TAKE batches of S1: no set'],
      1,
    ]);
    expect(msgOf(lines, 'can not be taken')).toMatchObject([{ batch: 'b1', err: { message: 'no set' } }]);
    expect(taken).toEqual({ won: false, isFinal: false, againMs: 5_000 });
  });
});

describe('a claim that nobody heard of, let go', () => {
  /** The claim lands or not, its answer is lost, and the tries are over. `change`: what the claims do then. */
  async function letGo(change: (store: MemoryClaims) => Partial<ClaimStore>, { lands = true, isBefore = false } = {}) {
    const store = new MemoryClaims();
    const lines: Line[] = [];
    const calls: string[] = [];
    const own = change(store);
    const claims = claimsThat(store, {
      async claim(at, holder) {
        if (lands) await store.claim(at, holder);
        calls.push('claim');
        throw away('the answer was lost');
      },
      handOn: (...args) => (calls.push('handOn'), (own.handOn ?? store.handOn.bind(store))(...args)),
      read: (...args) => {
        calls.push('read');
        expect(args[1]).toBe(true);
        return (own.read ?? store.read.bind(store))(...args);
      },
      account: (...args) => (calls.push('account'), store.account(...args)),
    });
    const taken = await take({ claims, isOver: () => calls.length > 0, lines, schema: isBefore ? undefined : 3 });
    expect(taken).toEqual({ won: false, isFinal: false, againMs: 5_000 });
    return { store, calls: calls.slice(1), told: msgOf(lines, 'could not be given back') };
  }
  const refuses = () => Promise.resolve(false);
  const closes = async (store: MemoryClaims) => {
    await store.close(key, wordOf(standing(store), wholeBatch(COUNT), 'halted'), standing(store));
    return false;
  };

  test('is not asked after any further once it is handed on', async () => {
    const { calls, store } = await letGo(() => ({}));
    expect([calls, standing(store).state]).toEqual([['handOn'], 'open']);
  });

  test("gets no word where it never landed, is somebody else's, or stands as ours", async () => {
    const theirs = new MemoryClaims();
    await theirs.claim(key, { ...dead(3), sendUntilMs: Date.now() + 60_000 });
    const never = await letGo(() => ({ handOn: refuses }), { lands: false });
    const others = await letGo(() => ({ handOn: refuses, read: (keys) => theirs.read(keys) }), { lands: false });
    const ours = await letGo(() => ({ handOn: refuses }));
    for (const { calls, told } of [never, others, ours]) expect([calls, told]).toEqual([['handOn', 'read'], []]);
    expect(standing(ours.store).state).toBe('claimed');
  });

  test('gets our word that nothing was written where the next holder has given us up', async () => {
    const { store, calls } = await letGo((claims) => ({
      handOn: async () => {
        Object.assign(standing(claims), { mark: 3 });
        const seen = structuredClone(standing(claims));
        await claims.takeOver(key, seen, wordOf(seen, wholeBatch(COUNT), 'absent'), { ...dead(), token: 'next' });
        return false;
      },
    }));
    expect(calls).toEqual(['handOn', 'read', 'account']);
    expect(spoken(newestStates(standing(store), COUNT)).slice(0, 4)).toEqual(['halted', 'halted', 'halted', 'absent']);
  });

  test('gets it too where it was itself after another holder', async () => {
    const { store, calls } = await letGo((claims) => ({
      handOn: async () => {
        const ours = structuredClone(standing(claims));
        const word = wordOf({ ...ours, mark: 3 }, wholeBatch(COUNT), 'absent');
        const before = { bootId: 'dead', token: 'before', account: every('absent'), closedAccount: null };
        const given = { bootId: 'me', token: ours.token, account: null, closedAccount: word };
        Object.assign(standing(claims), { token: 'next', parts: [before, given] });
        return false;
      },
    }));
    expect(calls).toEqual(['handOn', 'read', 'account']);
    expect(standing(store).parts[1]?.account).not.toBeNull();
  });

  test("of a shot from before leases is never handed on: ours is accounted for, closed or not, and nobody else's is", async () => {
    const before = { isBefore: true };
    const ours = await letGo(() => ({}), before);
    const closed = await letGo(
      (claims) => ({ read: async (keys) => (await closes(claims), claims.read(keys)) }),
      before,
    );
    for (const { store, calls } of [ours, closed]) {
      expect([calls, standing(store).state]).toEqual([['read', 'account'], 'accounted']);
      expect(spoken(newestStates(standing(store), COUNT))).toEqual(ALL.map(() => 'halted'));
    }
    const theirs = new MemoryClaims();
    await theirs.claim(key, dead(3));
    const others = await letGo(() => ({ read: (keys) => theirs.read(keys) }), { ...before, lands: false });
    expect(others.calls).toEqual(['read']);
  });

  test.each(['CLAIMS_INCONSISTENT', 'CLAIM_UNKNOWN'] as const)('is left alone if the store says %s', async (code) => {
    const { calls, told } = await letGo(() => ({ handOn: () => Promise.reject(new CloudError(code, 'it says')) }));
    expect([calls, told]).toEqual([['handOn'], []]);
  });

  test('is tried again while the store is away, each time after longer', async () => {
    let tries = 0;
    const { calls, told, store } = await letGo((claims) => ({
      handOn: (...args) => ((tries += 1) < 4 ? Promise.reject(away()) : claims.handOn(...args)),
    }));
    expect(calls).toHaveLength(4);
    expect(told.map(({ waitMs }) => waitMs)).toEqual([50, 100, 200]);
    expect(standing(store).state).toBe('open');
  });
});
