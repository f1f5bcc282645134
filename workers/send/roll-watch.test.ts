import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import type { RollItem } from '../../contract/roll.ts';
import { rollName } from '../../contract/roll.ts';
import { signerOf } from '../../infra/aws/keyring.ts';
import { vouch } from '../../infra/aws/vouched.ts';
import type { Vouched } from '../../infra/aws/vouched.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { BOT_KEY, testKey, WORKER_KEY, workerKeyring } from '../../test/keys.ts';
import { LAUNCH_ID, Scene, T0_MS } from '../../test/properties/scene.ts';
import { RollWatch } from './roll-watch.ts';
import { ROLL_FRESH_MS } from './roll.ts';

/** Which roll is believed. With a real table: bot/conductor/shots/roll-call.test.ts. What a worker makes of it: roll.test.ts. */

afterEach(() => {
  vi.useRealTimers();
});

const [ME, OTHER] = [rollName('w1'), rollName('w2')];
const item = (more: Partial<Record<keyof RollItem, unknown>> = {}) => ({
  v: 1,
  launchId: LAUNCH_ID,
  atMs: T0_MS,
  workers: `${OTHER}${ME}`,
  others: 1,
  ...more,
});
const signed = (what: unknown, key = BOT_KEY): Vouched =>
  vouch('roll', typeof what === 'string' ? what : JSON.stringify(what), signerOf(key));

function watching() {
  const state = {
    found: (): Promise<Vouched | null> => Promise.resolve(signed(item())),
    launch: Scene.ready().state as Launch | null,
    reads: 0,
  };
  const lines: { problem: string }[] = [];
  const watch = new RollWatch({
    live: { roll: () => ((state.reads += 1), state.found()) },
    launchId: LAUNCH_ID,
    bootId: 'w1',
    launch: () => state.launch,
    trusted: workerKeyring().trusted,
    clock: { nowMs: () => T0_MS },
    log: pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as { problem: string }) }),
  });
  const taken = vi.spyOn(watch.view, 'read');
  /** What was made of it: the roll as taken, or nothing, and what the log was told. */
  const looks = async (found?: Vouched | null) => {
    if (found !== undefined) state.found = () => Promise.resolve(found);
    await watch.look();
    return { taken: taken.mock.calls.at(-1), told: lines.splice(0).map(({ problem }) => problem) };
  };
  return { watch, state, looks, taken };
}

test('what a key of the bot has signed is taken, in its order; where there is none, none', async () => {
  const { looks } = watching();
  expect(await looks()).toEqual({ taken: [{ atMs: T0_MS, workers: [OTHER, ME], others: 1 }, T0_MS], told: [] });
  expect((await looks(signed(item({ workers: '' })))).taken).toEqual([{ atMs: T0_MS, workers: [], others: 1 }, T0_MS]);
  expect(await looks(null)).toEqual({ taken: [null, T0_MS], told: [] });
});

test.each<[string, Vouched]>([
  ['nobody', { text: JSON.stringify(item()), key: '', sig: '' }],
  ['a worker', signed(item(), WORKER_KEY)],
  ['a stranger', signed(item(), testKey(9))],
  ['the bot, of another text', { ...signed(item()), text: JSON.stringify(item({ others: 0 })) }],
])('one that is signed by %s is none', async (_, found) => {
  const { looks } = watching();
  expect(await looks(found)).toEqual({
    taken: [null, T0_MS],
    told: ['is not signed with a bot key of this launch'],
  });
});

test('as long as the record is not known no key is', async () => {
  const { looks, state } = watching();
  state.launch = null;
  expect(await looks()).toEqual({ taken: [null, T0_MS], told: ['is not signed with a bot key of this launch'] });
});

test.each<[string, unknown, RegExp]>([
  ['of another launch', item({ launchId: 'other' }), /^is none of this launch$/],
  ['that lacks something', item({ others: undefined }), /^is none of this launch$/],
  ['that is no JSON', '{', /^is none of this launch$/],
  ['of a newer version', item({ v: 2, workers: [] }), /^has version 2, and this version of gobutton reads 1: /],
  ['of a time to come', item({ atMs: T0_MS + ROLL_FRESH_MS + 1 }), /^is of a time to come/],
])('one %s is none, and it is said why', async (_, what, why) => {
  const { looks } = watching();
  const { taken, told } = await looks(signed(what));
  expect([taken, told]).toEqual([[null, T0_MS], [expect.stringMatching(why)]]);
});

test('a clock of the bot that is a little ahead does no harm', async () => {
  const { looks } = watching();
  const { taken } = await looks(signed(item({ atMs: T0_MS + ROLL_FRESH_MS })));
  expect(taken?.[0]).toMatchObject({ workers: [OTHER, ME] });
});

test('a problem is told once for as long as it stays the same, and again when it comes back', async () => {
  const { looks } = watching();
  const [good, bad, worse] = [signed(item()), signed(item(), WORKER_KEY), signed('{')];
  const told: number[] = [];
  for (const found of [bad, bad, worse, bad, good, bad]) told.push((await looks(found)).told.length);
  expect(told).toEqual([1, 0, 1, 1, 0, 1]);
});

test('a read that fails says nothing of the roll, and is told', async () => {
  const { looks, state, taken } = watching();
  state.found = () => Promise.reject(new Error('away'));
  expect(await looks()).toEqual({ taken: undefined, told: ['cannot be read: away'] });
  state.found = () => Promise.reject('gone');
  expect((await looks()).told).toEqual(['cannot be read: gone']);
  expect(taken).not.toHaveBeenCalled();
});

test('it reads at once and every second, one read at a time, until it is stopped', async () => {
  vi.useFakeTimers();
  const { watch, state } = watching();
  const answer = Promise.withResolvers<Vouched | null>();
  state.found = () => answer.promise;
  watch.stop();
  watch.start();
  expect(state.reads).toBe(1);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(state.reads).toBe(1);
  answer.resolve(null);
  await vi.advanceTimersByTimeAsync(999);
  expect(state.reads).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(state.reads).toBe(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(state.reads).toBe(3);
  watch.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(state.reads).toBe(3);
});
