import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ShotSnapshot, WorkerReport } from '../../../contract/report.ts';
import type { RoomMessage } from '../../../infra/local/slack/for-tests.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { segmentTotals } from '../../../test/properties/scene.ts';
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

const textOf = (message: { blocks: unknown }): string => JSON.stringify(message.blocks);
const told = (head: string, holds = ''): Promise<RoomMessage> =>
  until(`${head} … ${holds}`, async () =>
    (await rig.messages()).find((message) => message.text.startsWith(head) && textOf(message).includes(holds)),
  );

test('workers that stop a shot by themselves say which answer, its share, what it means and how to go on; once, and again when the shot is over', async () => {
  await rig.create();
  const { conductor } = rig.conductor('first', { timings: { stillMs: 1_500 } });
  await conductor.start();
  const approved = await rig.append(rig.approval(await rig.request(['us-ios', 'us-android'])));
  if (approved.kind !== 'FireApproved') throw new Error(approved.kind);
  const { shotId, pressedAtMs } = approved;
  const launch = await rig.launch();
  const stopped = (bad: number, of: number): WorkerReport['stopped'] => [
    { shotId, platform: 'ios', reason: 'TopicDisallowed', bad, of },
  ];
  const now: Record<string, WorkerReport['stopped']> = { one: [], two: [] };
  let android = 10;
  let failed = 20;
  const report = (boot: string) => {
    const shot: ShotSnapshot = {
      shotId,
      platforms: {
        ios: countsOf([], { failed, reasons: { TopicDisallowed: failed } }),
        android: countsOf(evenly(android, 0, 500)),
      },
      firstWriteAtMs: pressedAtMs + 30,
      lastWriteAtMs: pressedAtMs + 900,
    };
    return rig.reports(reportOf(launch, boot, Date.now(), { state: 'sending', shots: [shot], stopped: now[boot] }));
  };
  const timer = setInterval(() => {
    android += 1;
    void Promise.all([report('one'), report('two')]).catch(() => undefined);
  }, 100);
  stops.push(() => clearInterval(timer));
  now['one'] = stopped(20, 20);
  const alarm = await told('APNs refuses what is sent, so workers stopped', 'on 1 of 2 workers');
  const text = textOf(alarm);
  expect(text).toContain(
    '*TopicDisallowed* was the answer to 20 of the last 20 pushes, on 1 of 2 workers. 460 of 500 devices have no answer yet. The others go on with it',
  );
  expect(text).toContain(
    'The key may not send to this topic: check `apns.topic` in the runbook and what the key is for. It is said of what is sent, not of single devices',
  );
  expect(text).toContain('then `/go resume fire us-ios` sends to whoever got nothing');
  await until('kept', async () => (await rig.cloud.facts.get(rig.launchId, `shot/${shotId}/stopped/ios`)) ?? undefined);
  failed = 120;
  now['two'] = stopped(78, 80);
  const both = await told('APNs refuses what is sent', '98 of the last 100 pushes, on 2 of 2 workers');
  expect(both.ts).toBe(alarm.ts);
  expect(textOf(both)).toContain(
    'Nothing more of it goes out, and no other shot to APNs either, until this one is closed',
  );
  // Longer than a standstill takes: what is explained needs no second alarm.
  const atAndroid = android;
  await until('time', async () => (android > atAndroid + 22 ? true : undefined));
  for (const other of ['iOS stands still', 'hardly being reached']) expect(await rig.messages(other)).toEqual([]);
  await (
    await conductor.halt(rig.launchId, { by: 'mia', source: 'slack', reason: 'wrong topic', pressedAtMs: Date.now() })
  ).recorded;
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'halt',
    segments: [
      segmentTotals('us-ios', 1, 500, { halted: 460, failed: 40, reachable: 40, reasons: { TopicDisallowed: 40 } }),
      segmentTotals('us-android', 1, 300),
    ],
  });
  const over = await told('The shot was halted; workers had stopped it for');
  expect(over.ts).toBe(alarm.ts);
  expect(textOf(over)).toContain('*500 devices can still be sent to*, once that is mended: `/go resume fire us-ios`');
  const notes = await until('both notes', async () => {
    const all = (await rig.entries('Noted'))
      .map(({ text: note = '' }) => note)
      .filter((note) => /workers (had )?stopped/.test(note));
    return all.length === 2 ? all : undefined;
  });
  expect(notes[0]).toMatch(
    /^APNs refuses what is sent, so workers stopped \(us-ios\), since .* UTC: TopicDisallowed was the answer to 20 of the last 20 pushes/,
  );
  expect(notes[1]).toMatch(/500 devices can still be sent to: \/go resume fire us-ios\.$/);
});
