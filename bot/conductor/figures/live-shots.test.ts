import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../../contract/manifest.ts';
import { manifestHash } from '../../../contract/manifest.ts';
import { claimKey } from '../../../contract/orders.ts';
import type { ShotSnapshot } from '../../../contract/report.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { audience, sampleRunbook, segmentTotals } from '../../../test/properties/scene.ts';
import { countsOf, evenly, reportOf } from '../for-tests.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const snapshot = (shotId: string, goAtMs: number, ios: number[], android: number[]): ShotSnapshot => ({
  shotId,
  platforms: { ios: countsOf(ios), android: countsOf(android) },
  firstWriteAtMs: goAtMs + 30,
  lastWriteAtMs: goAtMs + 900,
});

test('one message follows the shot in place, keeps what a vanished worker had sent, and ends with summary and chart', async () => {
  await rig.create();
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const approved = await rig.append(rig.approval(await rig.request()));
  if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
  const { shotId, pressedAtMs } = approved;
  const launch = await rig.launch();
  await rig.seen('Sending: 0 of 1,000 accepted');
  const report = (boot: string, shot: ShotSnapshot) =>
    rig.reports(reportOf(launch, boot, Date.now(), { state: 'sending', shots: [shot] }));
  await report('one', snapshot(shotId, pressedAtMs, evenly(300, 0, 500), []));
  await report('two', snapshot(shotId, pressedAtMs, [], evenly(100, 0, 500)));
  await rig.seen('Sending: 400 of 1,000 accepted');
  // Worker one dies and its report goes with it; worker two goes on. A newer snapshot replaces the older one of the same boot.
  await rig.cloud.live.dropReport(rig.launchId, 'one');
  await report('two', snapshot(shotId, pressedAtMs, evenly(390, 500, 800), evenly(290, 0, 700)));
  const live = await rig.seen('Sending: 980 of 1,000 accepted');
  expect(JSON.stringify(live.blocks)).toContain('halt.press');

  const failed = { failed: 20, reasons: { Unregistered: 20 } };
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [
      segmentTotals('us-ios', 1, 500, failed),
      segmentTotals('us-android', 1, 300),
      segmentTotals('br-ios', 1, 200),
    ],
  });
  const done = await rig.seen('Done: 980 of 1,000 accepted');
  expect(done.ts).toBe(live.ts);
  expect(JSON.stringify(done.blocks)).not.toContain('halt.press');
  expect((await rig.seen('Shot complete')).html).toContain('Every one of 1,000 devices is accounted for');
  const chart = await until('the chart', async () =>
    (await rig.messages('Delivery curve')).find(({ files }) => files.length > 0),
  );
  expect(chart.text).toContain('980 of 1,000 devices (98%) accepted');
  const [file] = chart.files;
  const png = new Uint8Array(await (await fetch(new URL(file?.url ?? '', rig.workspace.url))).arrayBuffer());
  expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  await until(
    'every effect done',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  expect((await rig.messages('Done:')).length + (await rig.messages('Sending:')).length).toBe(1);
});

test('a platform that takes nothing is said while the shot runs, once, and the shot is never called complete; who was refused can be sent to', async () => {
  await rig.create();
  // Its mark is lost each time, as when the bot dies between the entry and the mark: the record knows that it was told.
  const facts = {
    ...rig.cloud.facts,
    get: async (id: string, name: string) => (name.includes('/failing/') ? null : rig.cloud.facts.get(id, name)),
  };
  const { conductor } = rig.conductor('first', { cloud: { ...rig.cloud, facts } });
  await conductor.start();
  const approved = await rig.append(rig.approval(await rig.request()));
  if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
  const { shotId, pressedAtMs } = approved;
  const launch = await rig.launch();
  const refused = (failed: number) => ({
    ...countsOf([]),
    written: failed,
    failed,
    reasons: { TooManyProviderTokenUpdates: failed - 4, Unregistered: 4 },
  });
  const report = (failed: number, accepted = 300) =>
    rig.reports(
      reportOf(launch, 'one', Date.now(), {
        state: 'sending',
        shots: [
          {
            ...snapshot(shotId, pressedAtMs, [], evenly(300, 0, 500)),
            platforms: { ios: refused(failed), android: countsOf(evenly(accepted, 0, 500)) },
          },
        ],
      }),
    );
  // Each of these is seen at a look of its own; 99 answers prove nothing.
  for (const accepted of [100, 200, 300]) {
    await report(99, accepted);
    await rig.seen(`${accepted} of 1,000 accepted`);
  }
  expect(await rig.messages('hardly being reached')).toEqual([]);
  await report(700);
  const alarm = await rig.seen('iOS is hardly being reached');
  expect(alarm.html).toContain('700 of 700 pushes so far were refused');
  expect(alarm.html).toContain('stays within reach');
  await report(700);

  const totals = { failed: 500, reachable: 496, reasons: { TooManyProviderTokenUpdates: 496, Unregistered: 4 } };
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [
      segmentTotals('us-ios', 1, 500, totals),
      segmentTotals('us-android', 1, 300),
      segmentTotals('br-ios', 1, 200, { failed: 200, reachable: 200, reasons: { TooManyProviderTokenUpdates: 200 } }),
    ],
  });
  await rig.seen('Failed on iOS');
  const summary = await rig.seen('Shot failed on iOS');
  expect(summary.html).toContain('696 devices can still be sent to');
  await rig.seen('696 devices not reached yet');
  expect(await rig.messages('Shot complete')).toEqual([]);
  expect(await rig.messages('hardly being reached')).toHaveLength(1);
  const again = await rig.request();
  expect(again).toMatchObject({
    devices: 696,
    shown: {
      segments: [
        { segment: 'us-ios', attempt: 2 },
        { segment: 'br-ios', attempt: 2 },
      ],
    },
  });
});

test('a shot that no worker closes is closed here, every device accounted for', async () => {
  const body: Omit<Manifest, 'hash'> = {
    v: 1,
    devices: 1_000,
    batchSize: 1_000,
    locales: ['en', 'pt-BR'],
    localeCounts: { en: 800, 'pt-BR': 200 },
    shards: [
      { id: 'i', platform: 'ios', key: 'i.shard', bytes: 1, sha256: sha256('i'), devices: 700 },
      { id: 'a', platform: 'android', key: 'a.shard', bytes: 1, sha256: sha256('a'), devices: 300 },
    ],
    segments: [
      { id: 'us-ios', platform: 'ios', devices: 500, batches: [{ id: 'i-0', shard: 'i', start: 0, count: 500 }] },
      {
        id: 'us-android',
        platform: 'android',
        devices: 300,
        batches: [{ id: 'a-0', shard: 'a', start: 0, count: 300 }],
      },
      { id: 'br-ios', platform: 'ios', devices: 200, batches: [{ id: 'i-1', shard: 'i', start: 500, count: 200 }] },
    ],
  };
  const hash = manifestHash(body);
  const manifestKey = `audiences/${hash}/manifest.json`;
  await rig.cloud.objects.put(manifestKey, new TextEncoder().encode(JSON.stringify({ ...body, hash })));
  await rig.create({
    ready: false,
    runbook: sampleRunbook({ delivery: { ios_not_after: '1s', android_not_after: '1s' } }),
  });
  await rig.append({ kind: 'set-audience', by: 'ana', audience: { ...audience, hash, manifestKey } });
  await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const { conductor } = rig.conductor('first', { timings: { closeAfterDueMs: 0 } });
  await conductor.start();
  await rig.append(rig.approval(await rig.request()));
  const closed = await until('ShotClosed', async () => (await rig.entries('ShotClosed'))[0]);
  expect(closed.cause).toBe('not-after');
  expect(closed.segments.map(({ segment, totals }) => [segment, totals.late])).toEqual([
    ['us-ios', 500],
    ['us-android', 300],
    ['br-ios', 200],
  ]);
  expect((await rig.cloud.claims.read([claimKey(rig.launchId, 'us-ios', 1, 'i-0')], true)).size).toBe(1);
});
