import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShotSnapshot, WorkerReport } from '../../../contract/report.ts';
import { createCloud } from '../../../infra/aws/create-cloud.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { A_WAIT, secondTry } from '../../../test/run/second-try.ts';
import { startStallProxy } from '../../../test/stall-proxy.ts';
import { countsOf, evenly, reportOf } from '../for-tests.ts';

/** The real conductor, store and room; workers' reports are written by the test. */

let rig: Rig;
const stops: (() => unknown)[] = [];
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await rig.stop();
});

async function fired(options: Parameters<Rig['conductor']>[1] = {}) {
  await rig.create();
  const { conductor, journal } = rig.conductor('first', { timings: { stillMs: 2_000 }, ...options });
  await conductor.start();
  const order = await rig.request();
  await journal.launch(rig.launchId);
  const acted = await journal.append(rig.launchId, rig.approval(order));
  if (!acted.ok || acted.entry.kind !== 'FireApproved') throw new Error(JSON.stringify(acted));
  void conductor.perform(rig.launchId, acted.entry);
  const { shotId, pressedAtMs } = acted.entry;
  const launch = acted.launch;
  const snapshot = (
    ios: number,
    android: number,
    more: Partial<ShotSnapshot['platforms']['ios']> = {},
  ): ShotSnapshot => ({
    shotId,
    platforms: { ios: countsOf(evenly(ios, 0, 500), more), android: countsOf(evenly(android, 0, 500)) },
    firstWriteAtMs: pressedAtMs + 30,
    lastWriteAtMs: pressedAtMs + 900,
  });
  const report = (shot: ShotSnapshot | null, more: Partial<WorkerReport> = {}) =>
    rig.reports(reportOf(launch, 'one', Date.now(), { state: 'sending', shots: shot === null ? [] : [shot], ...more }));
  return { conductor, launch, shotId, pressedAtMs, snapshot, report };
}

/** Reports go on as a worker's do, whatever they say. */
function keepReporting(report: () => Promise<void>): void {
  const timer = setInterval(() => void report().catch(() => undefined), 200);
  stops.push(() => clearInterval(timer));
}

const blocksOf = (message: { blocks: unknown }) => JSON.stringify(message.blocks);

test(
  'GO without a push is an alarm within 3 s of the press, with the reason that is known; it says so once, and when pushes go out',
  secondTry(A_WAIT),
  async () => {
    const { pressedAtMs, snapshot, report, shotId } = await fired();
    let now: ShotSnapshot | null = null;
    keepReporting(() => report(now));
    const alarm = await rig.seen('GO was pressed, and no push has gone out on iOS and Android');
    expect(Date.now() - pressedAtMs).toBeLessThan(3_200);
    expect(blocksOf(alarm)).toContain('Likely reason');
    await rig.seen('wait in its queues and no worker takes one');
    now = snapshot(100, 50);
    const moved = await rig.seen('iOS and Android: pushes go out, the first');
    expect(moved.ts).toBe(alarm.ts);
    expect(await rig.messages('GO was pressed, and no push')).toHaveLength(0);
    const notes = await until('both notes', async () => {
      const all = (await rig.entries('Noted')).map(({ text }) => text);
      return all.length >= 2 ? all : undefined;
    });
    expect(notes[0]).toMatch(/^GO was pressed, and no push has gone out on iOS and Android .*since .*Likely reason/);
    expect(notes[1]).toContain('pushes go out');
    // Said by itself; the entries post nothing besides.
    expect((await rig.messages('no push has gone out')).length + (await rig.messages('pushes go out')).length).toBe(1);
    expect(shotId).not.toBe('');
  },
);

test(
  'a platform that stands still while the other one goes on is named, with the provider that answers nothing; a jerk is told in the same message',
  secondTry(A_WAIT),
  async () => {
    const { snapshot, report } = await fired();
    let ios = 100;
    let android = 10;
    let inFlight = 0;
    keepReporting(() => {
      android = Math.min(290, android + 2);
      const lane = (provider: 'apns' | 'fcm') => ({
        provider,
        connections: 4,
        primed: 4,
        streams: 400,
        inFlight: provider === 'apns' ? inFlight : 0,
        credentialAgeMs: 1,
        credentialLeftMs: 3_000_000,
      });
      return report(snapshot(ios, android, { written: ios + inFlight }), { lanes: [lane('apns'), lane('fcm')] });
    });
    await rig.seen('Sending: 1');
    inFlight = 400;
    const alarm = await rig.seen('iOS stands still');
    await rig.seen('APNs answers nothing: 400 pushes on 4 connections have waited for');
    ios = 120;
    const moved = await rig.seen('iOS moves again after');
    expect(moved.ts).toBe(alarm.ts);
    const again = await rig.seen('iOS stands still');
    expect(again.ts).toBe(alarm.ts);
  },
);

test(
  'it is said while the store itself answers nothing, within 3 s, and again that it moves once the store is back',
  secondTry(A_WAIT),
  async () => {
    const proxy = await startStallProxy(rig.env['AWS_ENDPOINT_URL'] ?? '');
    stops.push(() => proxy.close());
    const cloud = createCloud({
      endpoint: proxy.url,
      region: 'us-east-1',
      tablePrefix: 'gobutton',
      bucket: 'gobutton',
    });
    stops.push(() => cloud.close());
    const { snapshot, report, conductor } = await fired({ cloud, timings: { stillMs: 2_000, leaseMs: 1_500 } });
    let sent = 100;
    keepReporting(() => report(snapshot(sent, 50 + sent)));
    await rig.seen('Sending: 2');
    const stalledAtMs = Date.now();
    proxy.stall(true);
    const alarm = await rig.seen('Nothing shows that iOS and Android still move');
    expect(Date.now() - stalledAtMs).toBeLessThan(3_500);
    expect(blocksOf(alarm)).toMatch(/the store \(DynamoDB\) has not answered the bot for/);
    // About when the lease ends for want of an answer: nobody else can lead then.
    await until('the lease is over', async () => !conductor.isLeader());
    sent = 150;
    proxy.stall(false);
    const moved = await rig.seen('iOS and Android are seen to move again after');
    expect(moved.ts).toBe(alarm.ts);
    await until('noted afterwards', async () => ((await rig.entries('Noted')).length >= 2 ? true : undefined));
  },
);

test('a halt ends the alarm, and a shot that all of is answered never stands still', secondTry(A_WAIT), async () => {
  const { snapshot, report, conductor } = await fired();
  keepReporting(() => report(snapshot(100, 300)));
  await rig.seen('iOS stands still');
  expect(await rig.messages('Android stands still')).toHaveLength(0);
  await (
    await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: 'x', pressedAtMs: Date.now() })
  ).recorded;
  await rig.seen('The shot was halted; iOS had stood still');
});
