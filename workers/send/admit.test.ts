import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import { setReader } from '../../settle/frozen-sets.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import { loadAudience } from '../audience/packed/load.ts';
import { Known } from '../dispatch/known.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { Foreign } from '../report/foreign.ts';
import { QuickLane } from './lane-for-tests.ts';
import { wallClock } from './lease-for-tests.ts';
import { Sender } from './sender.ts';
import { ShotRuns } from './shot-runs.ts';

/** What a sender takes off its queue, and at what cost. */

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
});

async function senderFor(launch: StagedLaunch, journal = stage.journal, queues = stage.cloud.queues) {
  const { cloud } = stage;
  const { manifest, audience: ref } = launch.audience;
  const audience = await loadAudience(cloud.objects, ref.manifestKey, { hash: ref.hash });
  audience.applySkipList(null);
  const memory = createSwitchMemory();
  writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 60_000);
  const foreign = new Foreign();
  const sender = new Sender({
    platform: 'ios',
    lane: new QuickLane(),
    queues,
    queue: queueNames(launch.pool).batches.ios,
    claims: cloud.claims,
    setOf: setReader(cloud.objects),
    clock: wallClock,
    journal,
    launchId: launch.id,
    bootId: 'boot',
    switches: new SwitchView(memory),
    audience: () => audience,
    share: () => ({ perSecond: 0, active: true }),
    known: new Known(journal, launch.id),
    isServed: async (id) => id === 'the-next',
    foreign,
    complain: () => undefined,
    log: pino({ level: 'silent' }),
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
  return { sender, foreign, ids: manifest.segments.flatMap(({ batches }) => batches.map(({ id }) => id)) };
}

const left = async (launch: StagedLaunch) => {
  const { visible, inFlight, delayed } = await stage.cloud.queues.depth(queueNames(launch.pool).batches.ios);
  return visible + inFlight + delayed;
};
const accounted = async (launch: StagedLaunch, ids: readonly string[]) =>
  [
    ...(
      await stage.cloud.claims.read(
        ids.map((id) => `${launch.id}/ios/1/${id}`),
        true,
      )
    ).values(),
  ].filter(({ state }) => state === 'accounted').length;

test('two thousand made-up batches cost a few reads, hold up no real one, and are gone at once', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const shot = await launch.fire({ wake: false });
  const { seq = 0 } = (await stage.journal.launch(launch.id)) ?? {};
  let whole = 0;
  let tails = 0;
  const { journal, cloud } = stage;
  const counted = {
    ...journal,
    entries: (id: string) => ((whole += 1), journal.entries(id)),
    launch: (id: string) => ((tails += 1), journal.launch(id)),
  };
  const { sender, foreign, ids } = await senderFor(launch, counted);
  const real = { v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch: ids[0] ?? '' };
  const forged = Array.from({ length: 2_000 }, (_, at) =>
    JSON.stringify(
      [
        { ...real, shotId: `S${seq + 1 + at}` },
        { ...real, attempt: 2 + at },
        { ...real, batch: `ios.${at}` },
        { ...real, launchId: `l${at}` },
      ][at % 4],
    ),
  );
  await cloud.queues.send(queueNames(launch.pool).batches.ios, [
    ...forged,
    ...ids.map((batch) => JSON.stringify({ ...real, batch })),
  ]);
  const startMs = performance.now();
  sender.start();
  await vi.waitFor(async () => expect(await accounted(launch, ids)).toBe(ids.length), { timeout: 20_000 });
  await vi.waitFor(async () => expect([foreign.counts.batches, await left(launch)]).toEqual([2_000, 0]), {
    timeout: 20_000,
  });
  const seconds = (performance.now() - startMs) / 1_000;
  await sender.drain();
  expect(whole).toBeLessThanOrEqual(2 + seconds);
  expect(tails).toBeLessThanOrEqual(1 + 4 * seconds);
}, 60_000);

test(
  "batches that can't be looked up are held, and sent within a second of the store's return",
  secondTry(A_WAIT),
  async () => {
    const launch = await stage.newLaunch({ ios: 300, android: 0 });
    const shot = await launch.fire({ wake: false });
    let isAway = true;
    let handed = 0;
    const { journal, cloud } = stage;
    const { sender, ids } = await senderFor(
      launch,
      {
        ...journal,
        entries: async (id: string) => (isAway ? Promise.reject(new Error('RECORD_UNAVAILABLE')) : journal.entries(id)),
      },
      {
        ...cloud.queues,
        handBack: async (queue, receipts, seconds) => {
          if (seconds < 8) handed += 1;
          await cloud.queues.handBack(queue, receipts, seconds);
        },
      },
    );
    await cloud.queues.send(
      queueNames(launch.pool).batches.ios,
      ids.map((batch) =>
        JSON.stringify({ v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch }),
      ),
    );
    sender.start();
    await sleep(3_000);
    expect([await accounted(launch, ids), handed]).toEqual([0, 0]);
    isAway = false;
    await vi.waitFor(async () => expect(await accounted(launch, ids)).toBe(ids.length), {
      timeout: 1_500,
      interval: 20,
    });
    await sender.drain();
    expect(await left(launch)).toBe(0);
  },
);

test('batches of the launch that has the pool now go back for its workers; a drain hands back what is being looked up', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const shot = await launch.fire({ wake: false });
  const asked = Promise.withResolvers<void>();
  const { sender, foreign, ids } = await senderFor(launch, {
    ...stage.journal,
    entries: async () => {
      asked.resolve();
      throw new Error('RECORD_UNAVAILABLE');
    },
  });
  const batch = { v: 1, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch: ids[0] ?? '' };
  await stage.cloud.queues.send(
    queueNames(launch.pool).batches.ios,
    [{ ...batch, launchId: 'the-next' }, batch].map((one) => JSON.stringify(one)),
  );
  sender.start();
  await asked.promise;
  await sleep(200);
  await sender.drain();
  const back: string[] = [];
  await vi.waitFor(async () => {
    back.push(
      ...(
        await stage.cloud.queues.receive(queueNames(launch.pool).batches.ios, {
          max: 10,
          waitSeconds: 1,
          visibilitySeconds: 30,
        })
      ).map(({ body }) => body),
    );
    expect(back).toHaveLength(2);
  });
  expect(foreign.counts.batches).toBe(0);
});
