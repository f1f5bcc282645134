import { expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import type { Still } from '../../views/standstill.ts';
import { countsOf, GO_AT_MS, launchForTests, reportOf, shotForTests, snapshotOf } from '../for-tests.ts';
import type { Evidence } from './shot-sight.ts';
import { stillReason } from './still-reason.ts';
import { paceOf, Stillness } from './stillness.ts';

const shot = shotForTests();
const launch = {
  ...launchForTests(shot),
  switches: {},
  runbook: {
    ...launchForTests(shot).runbook,
    pool: { name: 'p', scale_target: 'workers', workers: 2 },
    delivery: { ios_per_second: 0, android_per_second: 0, android_ramp: 0, uncertain: 'leave' },
  },
} as unknown as Launch;
const at = (sinceGoMs: number) => GO_AT_MS + sinceGoMs;
const times = (count: number) => Array.from({ length: count }, (_, i) => i % 900);
const sent = (ios: number, android: number, written = 0) => [
  snapshotOf('shot-1', countsOf(times(ios), { written: ios + written }), countsOf(times(android))),
];

/** Looks every 250 ms from one time to another, and gives the first look that finds something still. */
function firstStill(
  stillness: Stillness,
  fromMs: number,
  toMs: number,
  counts: Parameters<Stillness['look']>[2],
  of: Launch = launch,
): [sinceGoMs: number, still: Still[]] | null {
  for (let ms = fromMs; ms <= toMs; ms += 250) {
    const still = stillness.look(of, shot, counts, at(ms));
    if (still.length > 0) return [ms, still];
  }
  return null;
}

test('no push 2 s after GO is still, whoever has reported nothing', () => {
  expect(firstStill(new Stillness(2_000), 0, 5_000, [])).toMatchObject([
    2_000,
    [
      { platform: 'ios', everMoved: false, left: 3_000 },
      { platform: 'android', everMoved: false },
    ],
  ]);
});

test('whoever comes to a shot on its way sees 2 s of it before it says that it stands still', () => {
  expect(firstStill(new Stillness(2_000), 9_000, 20_000, [])).toMatchObject([
    11_000,
    [{ platform: 'ios' }, { platform: 'android' }],
  ]);
});

test('a slow pace is no standstill, unless its own pauses are over many times', () => {
  const paced = { ...launch, switches: { 'pace.ios': { value: 0.5 } } } as unknown as Launch;
  const stillness = new Stillness(2_000);
  expect(firstStill(stillness, 0, 5_750, sent(1, 2_000), paced)).toBeNull();
  expect(firstStill(stillness, 6_000, 8_000, sent(1, 2_000), paced)).toMatchObject([
    6_000,
    [{ platform: 'ios', everMoved: true }],
  ]);
});

test('the last few answers are waited for; a provider that holds many is not', () => {
  expect(firstStill(new Stillness(2_000), 0, 15_000, sent(2_990, 2_000, 10))).toBeNull();
  expect(firstStill(new Stillness(2_000), 0, 15_000, sent(2_000, 2_000, 1_000))).toMatchObject([
    2_000,
    [{ platform: 'ios', left: 1_000, waiting: 1_000 }],
  ]);
});

test('time in which nobody looked is no sign, and after its time limit a platform is not still but late', () => {
  const stillness = new Stillness(2_000);
  expect(firstStill(stillness, 0, 1_000, sent(10, 2_000))).toBeNull();
  expect(firstStill(stillness, 9_000, 9_500, sent(10, 2_000))).toBeNull();
  expect(firstStill(new Stillness(2_000), 60_000, 70_000, sent(10, 2_000))).toBeNull();
});

test('what moves is not still until it has stood again for so long, and says that it moved', () => {
  const stillness = new Stillness(2_000);
  expect(firstStill(stillness, 0, 750, sent(0, 2_000))).toBeNull();
  expect(firstStill(stillness, 1_000, 5_000, sent(5, 2_000))).toMatchObject([
    3_000,
    [{ platform: 'ios', sinceMs: at(1_000), everMoved: true }],
  ]);
});

test('who looks within 4 s of the press has seen all of a shot that has not begun, and nothing of one that has', () => {
  const first = (ms: number, counts: Parameters<Stillness['look']>[2]) =>
    new Stillness(2_000).look(launch, shot, counts, at(ms)).map(({ platform }) => platform);
  expect(first(3_999, [])).toEqual(['ios', 'android']);
  expect(first(4_000, [])).toEqual([]);
  expect(first(3_999, sent(1, 1))).toEqual([]);
});

test('a second between two looks is no time in which nobody looked', () => {
  const stillness = new Stillness(2_000);
  const look = (ms: number) => stillness.look(launch, shot, [], at(ms)).length;
  expect([look(0), look(1_000), look(2_000)]).toEqual([0, 0, 2]);
  expect(look(3_001)).toBe(2);
  expect(new Stillness(2_000).look(launch, shot, [], at(2_000))).toHaveLength(2);
});

test('a shot that all of is answered never stands still, and at its time limit none does', () => {
  expect(firstStill(new Stillness(2_000), 0, 30_000, sent(3_000, 2_000))).toBeNull();
  const stillness = new Stillness(2_000);
  expect(firstStill(stillness, 57_750, 59_500, [])).toBeNull();
  expect(stillness.look(launch, shot, [], at(60_000)).map(({ platform }) => platform)).toEqual(['android']);
});

test('only what is written and not answered waits: a few devices that nobody has written are not waited for', () => {
  expect(firstStill(new Stillness(2_000), 0, 5_000, sent(2_990, 2_000))).toMatchObject([
    2_000,
    [{ left: 10, waiting: 0 }],
  ]);
  expect(firstStill(new Stillness(2_000), 0, 5_000, sent(2_000, 2_000, 400))).toMatchObject([
    2_000,
    [{ left: 1_000, waiting: 400 }],
  ]);
  // A hundredth of a large shot counts as few, to the last of them.
  expect(firstStill(new Stillness(2_000), 0, 19_750, sent(2_970, 2_000, 30))).toBeNull();
  expect(firstStill(new Stillness(2_000), 0, 5_000, sent(2_969, 2_000, 31))?.[0]).toBe(2_000);
});

test('the pace of a ramp is that of the time since the press', () => {
  const delivery = { ...launch.runbook.delivery, android_per_second: 1_000, android_ramp: 60_000 };
  const ramped = { ...launch, runbook: { ...launch.runbook, delivery } } as unknown as Launch;
  expect(paceOf(ramped, shot, 'android', at(1_000))).toBeLessThan(paceOf(ramped, shot, 'android', at(59_000)));
});

test('the first seconds of a slow ramp are no standstill, and those of a fast one are', () => {
  const ramped = (full: number) => {
    const delivery = { ...launch.runbook.delivery, android_per_second: full, android_ramp: 60_000 };
    return { ...launch, runbook: { ...launch.runbook, delivery } } as unknown as Launch;
  };
  // 60 a second after a minute: ten pushes are due after 4.5 s.
  expect(firstStill(new Stillness(2_000), 0, 8_000, sent(3_000, 0), ramped(60))?.[0]).toBe(4_500);
  expect(firstStill(new Stillness(2_000), 0, 8_000, sent(3_000, 0), ramped(10_000))?.[0]).toBe(2_000);
});

const still: Still[] = [
  { platform: 'ios', sinceMs: at(3_000), everMoved: true, left: 1_000, devices: 3_000, waiting: 400 },
];
const worker = (more: Partial<WorkerReport> = {}, silentMs = 200) => ({
  report: reportOf(launch, `boot-${silentMs}`, at(5_000), { state: 'sending', ...more }),
  silentMs,
});
const apns = (more: Partial<WorkerReport['lanes'][number]>) => ({
  lanes: [
    {
      provider: 'apns' as const,
      connections: 4,
      primed: 4,
      streams: 400,
      inFlight: 0,
      credentialAgeMs: 1,
      credentialLeftMs: 3_000_000,
      ...more,
    },
  ],
});
/** And FCM beside it, in health. */
const withFcm = (more: Partial<WorkerReport['lanes'][number]>) => {
  const [fcm] = apns({ inFlight: 9 }).lanes;
  return { lanes: [...apns(more).lanes, ...(fcm === undefined ? [] : [{ ...fcm, provider: 'fcm' as const }])] };
};
const depth = { waiting: 0, inFlight: 3 };
const healthy: Evidence = {
  storeSilentMs: 0,
  workers: [worker()],
  hidden: [],
  queues: { segments: depth, ios: depth, android: depth },
  switches: 'as approved',
};

test.each<[string, Partial<Evidence>, RegExp]>([
  ['store', { storeSilentMs: 2_400 }, /has not answered the bot for 2 s/],
  ['switch item', { switches: 'missing' }, /gone from its table/],
  ['halt', { switches: 'halted' }, /switch item is halted/],
  [
    'switch reads',
    { workers: [worker({ switchReadAgoMs: 4_000 })] },
    /1 of 1 worker can't read the switch item \(last read 4 s ago\)/,
  ],
  ['no worker', { workers: [] }, /no worker reports at all/],
  ['no worker', { workers: [worker({}, 20_000), worker({}, 9_000)] }, /the last one did 9 s ago/],
  ['stopped', { workers: [worker({ say: 'STOPPED sending shot-1: the provider answered BadTopic' })] }, /BadTopic/],
  [
    'cannot',
    {
      workers: [
        worker({
          say: 'CANNOT TAKE batches of shot-1: claim l/ios/1/b1 has state "leased": it was written by a newer one',
        }),
      ],
    },
    /1 of 1 worker can't go on with it: .*written by a newer one/,
  ],
  [
    'none ready',
    { workers: [worker({ state: 'loading', say: 'audience cannot be loaded' })] },
    /none of 1 worker is ready. One says: audience cannot be loaded/,
  ],
  [
    'weather ios',
    {
      workers: [
        worker(
          apns({
            inFlight: 400,
            weather: { state: 'stopped', reason: 'Http502', forMs: 2_000, refused: 31, waiting: 500, againInMs: 900 },
          }),
        ),
      ],
    },
    /APNs takes no pushes just now: it answers \*Http502\* on 1 of 1 worker for 3 s, 31 times; 500 devices wait/,
  ],
  ['queue missing', { queues: { ...healthy.queues, ios: 'missing' } }, /queue of iOS batches does not exist/],
  [
    'queue missing',
    { queues: { ...healthy.queues, segments: 'missing', ios: 'missing' } },
    /queue of segment orders and iOS batches does not exist/,
  ],
  ['no connection ios', { workers: [worker(apns({ streams: 0 }))] }, /no connection to APNs is open/],
  ['no connection ios', { workers: [worker(withFcm({ streams: 0 }))] }, /no connection to APNs is open/],
  ['credential ios', { workers: [worker(apns({ credentialLeftMs: null }))] }, /no worker has a credential for APNs/],
  [
    'unknown',
    { workers: [worker(apns({ credentialLeftMs: null })), worker(apns({}))] },
    /nothing that the bot can see/,
  ],
  [
    'provider ios',
    { workers: [worker(apns({ inFlight: 400 }))] },
    /APNs answers nothing: 400 pushes on 4 connections have waited for 3 s/,
  ],
  [
    'provider ios',
    { workers: [worker(withFcm({ inFlight: 1 })), worker(apns({}))] },
    /APNs answers nothing: 1 push on 8 connections has waited for 3 s/,
  ],
  [
    'dead worker',
    { workers: [worker(), worker({ shots: sent(10, 10) }, 7_000)] },
    /1 worker that was sending it has gone silent/,
  ],
  [
    'dead worker',
    { workers: [worker(), worker({ shots: sent(10, 10) }, 7_000), worker({ shots: sent(10, 10) }, 8_000)] },
    /2 workers that were sending it have gone silent .*7 s ago/,
  ],
  // One that never sent any of it holds none of it.
  ['unknown', { workers: [worker(), worker({}, 7_000)] }, /nothing that the bot can see/],
  [
    'queues empty',
    { queues: { segments: { waiting: 0, inFlight: 0 }, ios: { waiting: 0, inFlight: 0 }, android: depth } },
    /queues are empty while devices are left/,
  ],
  ['queue waits', { queues: { ...healthy.queues, ios: { waiting: 12, inFlight: 0 } } }, /12 messages wait /],
  [
    'queue waits',
    { queues: { segments: { waiting: 0, inFlight: 1 }, ios: { waiting: 1, inFlight: 0 }, android: depth } },
    /1 message waits in/,
  ],
  ['unknown', {}, /nothing that the bot can see/],
])('the reason is %s', (kind, more, why) => {
  const reason = stillReason(launch, shot, still, { ...healthy, ...more }, at(6_000));
  expect(reason).toMatchObject({ kind, why: expect.stringMatching(why) as string });
  expect(reason.todo.length).toBeGreaterThan(20);
});
