import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BatchMessage } from '../../contract/orders.ts';
import { queueNames } from '../../contract/queue-names.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage } from '../../test/worker-stage.ts';
import { loadAudience } from '../audience/packed/load.ts';
import { Known } from '../dispatch/known.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { Foreign } from '../report/foreign.ts';
import { QuickLane } from './lane-for-tests.ts';
import { wallClock } from './lease-for-tests.ts';
import { Sender } from './sender.ts';
import { ShotRuns } from './shot-runs.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
});

test('a message is deleted once its batch is accounted for and not before, the last ones before a drain ends', async () => {
  const { cloud, journal } = stage;
  const launch = await stage.newLaunch({ ios: 1_300, android: 0 });
  const shot = await launch.fire({ wake: false });
  const queue = queueNames(launch.pool).batches.ios;
  const { manifest, audience: ref } = launch.audience;
  const audience = await loadAudience(cloud.objects, ref.manifestKey, { hash: ref.hash });
  audience.applySkipList(null);
  const batches = manifest.segments.flatMap(({ batches: own }) => own.map(({ id }) => id));
  const bodies = batches.map((batch): string =>
    JSON.stringify({
      v: 1,
      launchId: launch.id,
      shotId: shot.id,
      segment: 'ios',
      attempt: 1,
      batch,
    } satisfies BatchMessage),
  );

  const batchOf = new Map<string, string>();
  const accounted: string[] = [];
  const deleted: string[] = [];
  const tooEarly: string[] = [];
  let isAway = true;
  const claims: ClaimStore = {
    ...cloud.claims,
    async account(key, ...rest) {
      if (isAway) throw new Error('DynamoDB is away');
      const answer = await cloud.claims.account(key, ...rest);
      accounted.push(key.slice(key.lastIndexOf('/') + 1));
      return answer;
    },
  };
  const queues: Queues = {
    ...cloud.queues,
    async receive(...call) {
      const received = await cloud.queues.receive(...call);
      for (const { receipt, body } of received) batchOf.set(receipt, (JSON.parse(body) as BatchMessage).batch);
      return received;
    },
    async remove(name, receipts) {
      for (const receipt of receipts) {
        const batch = batchOf.get(receipt) ?? '?';
        (accounted.includes(batch) ? deleted : tooEarly).push(batch);
      }
      await cloud.queues.remove(name, receipts);
    },
  };
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  const lane = new QuickLane();
  const log = pino({ level: 'silent' });
  const sender = new Sender({
    platform: 'ios',
    lane,
    queues,
    queue,
    claims,
    setOf: setReader(cloud.objects),
    clock: wallClock,
    journal,
    launchId: launch.id,
    bootId: 'boot',
    switches: new SwitchView(memory),
    audience: () => audience,
    share: () => ({ perSecond: 0, active: true }),
    log,
    known: new Known(journal, launch.id),
    isServed: async () => false,
    foreign: new Foreign(),
    complain: () => undefined,
    runs: new ShotRuns({
      journal,
      launchId: launch.id,
      clock: wallClock,
      atHome: () => Promise.resolve({ ok: true }),
      head: async () => null,
      loaded: () => ({ audienceHash: ref.hash, skipListHash: null, locales: manifest.locales }),
      onRun: () => undefined,
    }),
  });
  await cloud.queues.send(queue, bodies);
  sender.start();
  await vi.waitFor(() => expect(sender.inHand).toBe(batches.length));
  expect([deleted, tooEarly]).toEqual([[], []]);
  // Nothing new is taken from here on; what is claimed is accounted for as soon as that goes.
  const drained = sender.drain();
  isAway = false;
  await drained;
  expect(accounted.toSorted()).toEqual(batches.toSorted());
  expect([deleted.toSorted(), tooEarly]).toEqual([batches.toSorted(), []]);
  expect(await cloud.queues.depth(queue)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
});

test('a shot that its answers have stopped here for a platform is left to others: what is at hand goes back, and no more is taken', async () => {
  const { cloud, journal } = stage;
  const launch = await stage.newLaunch({ ios: 600, android: 0 });
  const shot = await launch.fire({ wake: false });
  const queue = queueNames(launch.pool).batches.ios;
  const { manifest, audience: ref } = launch.audience;
  const audience = await loadAudience(cloud.objects, ref.manifestKey, { hash: ref.hash });
  audience.applySkipList(null);
  let receives = 0;
  let claimed = 0;
  const back: number[] = [];
  const queues: Queues = {
    ...cloud.queues,
    handBack(name, receipts, afterSeconds) {
      back.push(...receipts.map(() => afterSeconds));
      return cloud.queues.handBack(name, receipts, afterSeconds);
    },
    receive(...call) {
      receives += 1;
      return cloud.queues.receive(...call);
    },
  };
  const claims: ClaimStore = {
    ...cloud.claims,
    claim(...call) {
      claimed += 1;
      return cloud.claims.claim(...call);
    },
  };
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  const switches = new SwitchView(memory);
  const lane = new QuickLane();
  lane.capacity = () =>
    new Promise(() => {
      /* none */
    });
  const runs = new ShotRuns({
    journal,
    launchId: launch.id,
    clock: wallClock,
    atHome: () => Promise.resolve({ ok: true }),
    head: async () => null,
    loaded: () => ({ audienceHash: ref.hash, skipListHash: null, locales: manifest.locales }),
    onRun: () => undefined,
  });
  const sender = new Sender({
    platform: 'ios',
    lane,
    queues,
    queue,
    claims,
    setOf: setReader(cloud.objects),
    clock: wallClock,
    journal,
    launchId: launch.id,
    bootId: 'boot',
    switches,
    audience: () => audience,
    share: () => ({ perSecond: 0, active: true }),
    log: pino({ level: 'silent' }),
    known: new Known(journal, launch.id),
    isServed: async () => false,
    foreign: new Foreign(),
    complain: () => undefined,
    runs,
  });
  const batches = manifest.segments.flatMap(({ batches: own }) => own.map(({ id }) => id));
  await cloud.queues.send(
    queue,
    batches.map((batch) =>
      JSON.stringify({
        v: 1,
        launchId: launch.id,
        shotId: shot.id,
        segment: 'ios',
        attempt: 1,
        batch,
      } satisfies BatchMessage),
    ),
  );
  sender.start();
  await vi.waitFor(async () =>
    expect(await cloud.queues.depth(queue)).toMatchObject({ visible: 0, inFlight: batches.length }),
  );
  const found = await runs.find(shot.id);
  if (!found.ok) throw new Error(found.say);
  found.run.stops.android.condemn({ reason: 'INVALID_ARGUMENT', bad: 200, of: 200 });
  expect([found.run.stop('ios', switches, Number.POSITIVE_INFINITY), runs.anyCondemned('ios')]).toEqual([null, false]);
  found.run.stops.ios.condemn({ reason: 'TopicDisallowed', bad: 20, of: 20 });
  expect(found.run.stop('ios', switches, Number.POSITIVE_INFINITY)).toBe('returned');
  await vi.waitFor(() => expect(back.length).toBeGreaterThanOrEqual(batches.length));
  expect(new Set(back)).toEqual(new Set([1]));
  // A poll that was under way may bring some once more; then it is over.
  const before = receives;
  await sleep(2_500);
  expect([receives - before <= 1, claimed]).toEqual([true, 0]);
  await sender.drain();
});
