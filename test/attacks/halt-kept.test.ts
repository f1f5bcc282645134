import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../../workers/halt/switch-view.ts';
import { WriteCheck } from '../../workers/halt/write-check.ts';
import { leaseFor } from '../../workers/send/lease-for-tests.ts';
import { ShotRuns } from '../../workers/send/shot-runs.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';
import { TableWriter } from './table-writer.ts';

/** What somebody can do to a halt who writes the table of the switches by hand, and the queues: delay it by a second, and no more. The record has it too. */

let stage: Stage;
let writer: TableWriter;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  writer.stop();
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

const halted = ({ totals }: Shot) => (totals ?? []).reduce((sum, one) => sum + one.totals.halted, 0);
/** The record alone: as if the item had been written back before any worker has read it. */
const haltInRecord = (launch: StagedLaunch) =>
  stage.journal.append(launch.id, {
    kind: 'set-halt',
    by: 'mia',
    source: 'slack',
    epoch: 1,
    reason: '',
    pressedAtMs: Date.now(),
  });

test('a shot that the record knows as halted gets no push by whatever wake-up, though the switch item says nothing of a halt', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  writer = new TableWriter(stage, launch);
  const shot = await launch.fire({ wake: false });
  await haltInRecord(launch);
  await launch.worker();
  await writer.wakeAll(shot.id);
  expect(halted(await launch.closed(shot.id))).toBe(300);
  await sleep(500);
  expect(launch.counts()).toMatchObject({ received: 0 });
});

test('a shot that runs ends by the record, for everything that is under way, though the switch item was written back', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  writer = new TableWriter(stage, launch);
  const shot = await launch.fire({ wake: false });
  const { hash } = launch.audience.audience;
  const runs = new ShotRuns({
    journal: stage.journal,
    launchId: launch.id,
    clock: stage.cloud.clock,
    atHome: () => Promise.resolve({ ok: true }),
    head: () => Promise.resolve(null),
    loaded: () => ({ audienceHash: hash, skipListHash: null, locales: ['en', 'es'] }),
    onRun: () => undefined,
  });
  const found = await runs.find(shot.id);
  if (!found.ok) throw new Error(found.say);
  // Read just now: no halt, and none before.
  const memory = createSwitchMemory();
  const read = () => writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs());
  const untilMs = Date.now() + 60_000;
  const underWay = new WriteCheck(
    { haltEpoch: 0, lease: leaseFor(60_000), stopped: found.run.stops.ios.memory },
    new SwitchView(memory),
  );
  const look = async () => {
    runs.update((await stage.journal.launch(launch.id)) as Launch);
    read();
    return [found.run.stop('ios', new SwitchView(memory), untilMs), underWay.stop(0)];
  };
  expect(await look()).toEqual([null, null]);
  await haltInRecord(launch);
  expect(await look()).toEqual(['halted', 'halted']);
});

test('no batch of a shot that the record has closed is sent: it may be within reach of the next order', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  writer = new TableWriter(stage, launch);
  const shot = await launch.fire({ wake: false });
  // As a worker's key alone can close it, without the claims.
  const totals = { accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 300, skipped: 0, reasons: {} };
  const closed = await stage.journal.append(launch.id, {
    kind: 'close-shot',
    shotId: shot.id,
    cause: 'not-after',
    segments: [{ segment: 'ios', attempt: 1, devices: 300, totals }],
  });
  if (!closed.ok) throw new Error(closed.say);
  await launch.worker();
  await writer.wakeBatches(shot.id);
  await vi.waitFor(async () =>
    expect(await stage.cloud.queues.depth(`${launch.pool}-batches-ios`)).toMatchObject({ visible: 0, inFlight: 0 }),
  );
  expect(launch.counts()).toMatchObject({ received: 0 });
});
