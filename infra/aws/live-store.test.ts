import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkerReport } from '../../contract/report.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { createClients } from './clients.ts';
import { createCloud } from './create-cloud.ts';
import { loseAnswers, withFault } from './faults-for-tests.ts';
import { createLiveStore } from './live-store.ts';
import type { LiveStore } from './live-store.ts';

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let live: LiveStore;
beforeAll(async () => {
  local = await localCloudForTests();
  live = local.cloud.live;
});
afterAll(async () => {
  await local.stop();
});

const report = (launchId: string, bootId: string): WorkerReport => ({
  v: 1,
  launchId,
  bootId,
  host: 'h',
  pid: 1,
  atMs: 1,
  startedAtMs: 1,
  state: 'ready',
  say: '',
  audienceHash: null,
  skipListHash: null,
  shardsLoaded: 0,
  shardsTotal: 0,
  lanes: [],
  switchReadAgoMs: null,
  rssMb: 1,
  shots: [],
});
const measured = (gate: string, atMs: number) => ({ gate, status: 'green', value: 0, say: 'ok', atMs }) as const;

test('reports are per launch and boot, replaced and dropped', async () => {
  await live.putReport(report('l', 'a'));
  await live.putReport(report('l', 'b'));
  await live.putReport({ ...report('l', 'a'), atMs: 2 });
  await live.putReport(report('other', 'c'));
  expect((await live.reports('l')).map((one) => [one.bootId, one.atMs])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  await live.dropReport('l', 'a');
  expect((await live.reports('l')).map((one) => one.bootId)).toEqual(['b']);
});

test("two instances that measure different gates keep each other's", async () => {
  await live.putGates('l', [measured('x', 1), measured('y', 1)]);
  await live.putGates('l', [measured('y', 2)]);
  expect(await live.gates('l')).toEqual([measured('x', 1), measured('y', 2)]);
});

test('of ten takers one has the lease, keeps it by renewing, and loses it after its time', async () => {
  const taken = await Promise.all(
    Array.from({ length: 10 }, (_, at) => live.lease('leader', `bot-${at}`, 5_000, 1_000)),
  );
  expect(taken.filter(Boolean)).toHaveLength(1);
  const holder = `bot-${taken.indexOf(true)}`;
  expect(await live.lease('leader', holder, 5_000, 4_000)).toBe(true);
  expect(await live.lease('leader', 'other', 5_000, 8_999)).toBe(false);
  expect(await live.lease('leader', 'other', 5_000, 9_001)).toBe(true);
  await live.release('leader', holder);
  expect(await live.lease('leader', holder, 5_000, 9_002)).toBe(false);
  await live.release('leader', 'other');
  expect(await live.lease('leader', holder, 5_000, 9_003)).toBe(true);
});

test('a pool knows its launch, and launches are listed newest first', async () => {
  expect(await live.poolLaunch('p')).toBeNull();
  await live.assignPool('p', 'l1');
  await live.assignPool('p', 'l2');
  expect(await live.poolLaunch('p')).toBe('l2');
  const launch = (launchId: string, createdAtMs: number) => ({
    launchId,
    name: launchId,
    channelId: 'C1',
    pool: 'p',
    createdAtMs,
    closed: false,
  });
  await live.putLaunch(launch('z', 1));
  await live.putLaunch(launch('a', 2));
  await live.putLaunch({ ...launch('z', 1), closed: true });
  expect((await live.launches()).map((one) => [one.launchId, one.closed])).toEqual([
    ['a', false],
    ['z', true],
  ]);
});

test("an effect is one taker's until its time has passed or it is done", async () => {
  const claim = (holder: string, nowMs: number) => live.claimEffect('l', '7/post', holder, 5_000, nowMs);
  const takers = await Promise.all(Array.from({ length: 10 }, () => claim('same-process', 1_000)));
  expect(takers.filter((taker) => taker.mine)).toHaveLength(1);
  expect(takers.find((taker) => taker.mine)).toMatchObject({ again: false });
  expect(await claim('other', 2_000)).toMatchObject({ mine: false, done: false, result: null });
  expect(await claim('other', 6_001)).toMatchObject({ mine: true, done: false, result: null, again: true });
  expect(await live.effectResult('l', '7/post')).toBeNull();
  await live.finishEffect('l', '7/post', '1700.1');
  expect(await claim('third', 99_999)).toMatchObject({ mine: false, done: true, result: '1700.1' });
  expect(await live.effectResult('l', '7/post')).toBe('1700.1');
});

test("a claim lasts as long as it is renewed, and no longer once it is another's or done", async () => {
  const claim = (holder: string, nowMs: number) => live.claimEffect('l', '9/post', holder, 5_000, nowMs);
  const { token } = await claim('slow', 1_000);
  expect(await live.renewEffect('l', '9/post', token, 5_000, 5_000)).toBe(true);
  expect((await claim('other', 9_000)).mine).toBe(false);
  const second = await claim('other', 10_001);
  expect(second.mine).toBe(true);
  expect(await live.renewEffect('l', '9/post', token, 5_000, 10_002)).toBe(false);
  await live.finishEffect('l', '9/post', '1700.1');
  expect(await live.renewEffect('l', '9/post', second.token, 5_000, 10_003)).toBe(false);
});

test('what a holder had that is known to have ended is free at once, to one taker', async () => {
  const isGone = (holder: string) => holder === 'ended';
  await live.lease('gone', 'ended', 60_000, 1_000);
  await live.claimEffect('l', '10/post', 'ended', 60_000, 1_000);
  expect(await live.lease('gone', 'next', 60_000, 1_001)).toBe(false);
  const leases = await Promise.all(['a', 'b', 'c'].map((holder) => live.lease('gone', holder, 60_000, 1_001, isGone)));
  expect(leases.filter(Boolean)).toHaveLength(1);
  const claims = await Promise.all(
    ['a', 'b', 'c'].map((holder) => live.claimEffect('l', '10/post', holder, 60_000, 1_001, isGone)),
  );
  expect(claims.filter((claim) => claim.mine)).toMatchObject([{ again: true }]);
});

test('a fact is the last value put, each launch its own, and lies where bots before it looked for it', async () => {
  const { facts } = local.cloud;
  expect(await facts.get('l', 'message/board')).toBeNull();
  await facts.put('l', 'message/board', '1700.1');
  await facts.put('l', 'message/board', '1700.2');
  expect([await facts.get('l', 'message/board'), await facts.get('other', 'message/board')]).toEqual(['1700.2', null]);
  expect(await live.effectResult('l', 'message/board')).toBe('1700.2');
  await live.finishEffect('l', 'message/board', '1700.3');
  expect(await facts.get('l', 'message/board')).toBe('1700.3');
  await live.claimEffect('l', '99/post', 'nobody has finished it', 5_000, 1_000);
  const all = await live.results('l');
  expect([all.get('message/board'), all.get('7/post'), all.has('99/post')]).toEqual(['1700.3', '1700.1', false]);
  expect(await live.results('other')).toEqual(new Map());
});

test('results of few are read by their keys, any number of them, each named once or twice', async () => {
  const names = Array.from({ length: 230 }, (_, seq) => `${seq}/post-entry`);
  for (const name of ['3/post-entry', '120/post-entry', '229/post-entry']) await live.finishEffect('few', name, name);
  expect([...(await live.resultsOf('few', [...names, '3/post-entry'])).keys()].toSorted()).toEqual([
    '120/post-entry',
    '229/post-entry',
    '3/post-entry',
  ]);
  expect(await live.resultsOf('few', [])).toEqual(new Map());
});

test('of results that the table leaves unread the rest is asked for, and after eight times it is said', async () => {
  type Read = { Responses: Record<string, object[]>; UnprocessedKeys: object };
  const thrifty = (times: number) => {
    const { dynamo } = createClients(local.config);
    withFault(dynamo, async (send, { command, nth }) => {
      const answer = await send();
      if (command !== 'BatchGetItemCommand' || nth > times) return answer;
      const { Responses, UnprocessedKeys } = answer.output as Read;
      // One of each answer is left out.
      const [left] = (Responses['gobutton-live'] ?? []).splice(0, 1) as { pk: object; sk: object }[];
      if (left !== undefined)
        Object.assign(UnprocessedKeys, { 'gobutton-live': { Keys: [{ pk: left.pk, sk: left.sk }] } });
      return answer;
    });
    return createLiveStore({ dynamo, table: 'gobutton-live' });
  };
  const names = ['1/post-entry', '2/post-entry'];
  for (const name of names) await live.finishEffect('left', name, name);
  expect((await thrifty(3).resultsOf('left', names)).size).toBe(2);
  await expect(thrifty(8).resultsOf('left', names)).rejects.toMatchObject({ code: 'LIVE_UNAVAILABLE' });
});

test('an effect claimed with a lost answer is still ours', async () => {
  const clients = createClients(local.config);
  withFault(clients.dynamo, loseAnswers('UpdateItemCommand', 1));
  const lossy = createLiveStore({ dynamo: clients.dynamo, table: 'gobutton-live' });
  expect(await lossy.claimEffect('l', '8/post', 'me', 5_000, 1_000)).toMatchObject({
    mine: true,
    done: false,
    result: null,
  });
});

test('a table that is missing is an error, not a lost lease', async () => {
  const cloud = createCloud({ ...local.config, tablePrefix: 'absent' });
  await expect(cloud.live.lease('x', 'me', 1, 1)).rejects.toMatchObject({ code: 'LIVE_UNAVAILABLE' });
  cloud.close();
});

test('a lease says which version has it, and one from before that says nothing', async () => {
  expect(await live.leaseVersion('versioned')).toBeNull();
  await live.lease('versioned', 'a', 1_000, 1_000);
  expect(await live.leaseVersion('versioned')).toBeNull();
  await live.lease('versioned', 'b', 1_000, 3_000, () => false, '0f3a9c1d2b4e');
  expect(await live.leaseVersion('versioned')).toBe('0f3a9c1d2b4e');
  // Renewed by one that doesn't know: what stood there is not said of it.
  await live.lease('versioned', 'b', 1_000, 3_100);
  expect(await live.leaseVersion('versioned')).toBeNull();
});
