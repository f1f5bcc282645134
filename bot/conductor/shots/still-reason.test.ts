import { expect, test } from 'vitest';
import { CANNOT_CLOSE, CANNOT_TAKE } from '../../../contract/complaints.ts';
import type { WorkerReport } from '../../../contract/report.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import type { Still } from '../../views/standstill.ts';
import { countsOf, reportOf, snapshotOf } from '../for-tests.ts';
import type { Evidence } from './shot-sight.ts';
import { isSure, stillReason } from './still-reason.ts';

/** Each reason at its limit, and which of two comes first. With the real store and room: stillness.test.ts, standstill.test.ts. */

const scene = Scene.ready(sampleRunbook());
const shot = scene.fired('all');
const launch = scene.state;
const nowMs = shot.pressedAtMs + 5_000;

type Lane = WorkerReport['lanes'][number];
const still = (...platforms: Platform[]): Still[] =>
  platforms.map((platform) => ({
    platform,
    sinceMs: shot.pressedAtMs,
    everMoved: false,
    left: 500,
    devices: 500,
    waiting: 0,
  }));
const report = (more: Partial<WorkerReport> = {}, lane: Partial<Lane> = {}): WorkerReport => {
  const one = reportOf(launch, 'w', nowMs, { state: 'sending', ...more });
  return { ...one, lanes: one.lanes.map((its) => ({ ...its, ...lane })) };
};
const seen = (...reports: WorkerReport[]): Evidence['workers'] =>
  reports.map((one) => ({ report: one, silentMs: 100 }));
const sending = { shots: [snapshotOf(shot.id, countsOf([10]), countsOf([]))] };
const FULL = { waiting: 0, inFlight: 3 };
const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  storeSilentMs: 0,
  workers: seen(report()),
  hidden: [],
  queues: { segments: FULL, ios: FULL, android: FULL },
  switches: 'as approved',
  ...more,
});
const kind = (more: Partial<Evidence> = {}, of: Still[] = still('ios'), given = launch) =>
  stillReason(given, shot, of, evidence(more), nowMs).kind;
const why = (more: Partial<Evidence>, of: Still[] = still('ios')) =>
  stillReason(launch, shot, of, evidence(more), nowMs).why;

test('with nothing to be seen the reason is unknown', () => {
  expect(kind()).toBe('unknown');
});

test('without a reason it is said a second and a half later: a report may be late; with one it is said at once', () => {
  const reason = (more: Partial<Evidence>) => stillReason(launch, shot, still('ios'), evidence(more), nowMs);
  const sure = (more: Partial<Evidence>, afterMs: number) =>
    isSure(reason(more), still('android', 'ios'), 2_000, shot.pressedAtMs + afterMs);
  expect([sure({}, 2_000), sure({}, 3_499), sure({}, 3_500)]).toEqual([false, false, true]);
  expect(sure({ switches: 'halted' }, 2_000)).toBe(true);
});

test('a store that owes an answer for a second is the reason before all others, and not a millisecond earlier', () => {
  expect(kind({ storeSilentMs: 999 })).toBe('unknown');
  expect(kind({ storeSilentMs: 1_000, switches: 'missing', workers: [] })).toBe('store');
});

test('a switch item that is missing or halted explains what workers do', () => {
  expect(kind({ switches: 'missing', workers: [] })).toBe('switch item');
  expect(kind({ switches: 'halted', workers: [] })).toBe('halt');
  expect(kind({ switches: null })).toBe('unknown');
});

test('half of the workers without a read of the switch item within 800 ms are the reason, fewer are not', () => {
  const blind = report({ switchReadAgoMs: 801 });
  const never = report({ switchReadAgoMs: null });
  const sees = report({ switchReadAgoMs: 800 });
  expect(kind({ workers: seen(sees, sees) })).toBe('unknown');
  expect(kind({ workers: seen(blind, sees, sees) })).toBe('unknown');
  expect(kind({ workers: seen(blind, sees) })).toBe('switch reads');
  expect(kind({ workers: seen(never) })).toBe('switch reads');
  expect(why({ workers: seen(blind, never) })).toContain('last read');
  expect(why({ workers: seen(never) })).not.toContain('last read');
});

test('a worker counts while it is not gone and its last report is younger than 3 s', () => {
  const one = (silentMs: number, more: Partial<WorkerReport> = {}) => ({
    workers: [{ report: report(more), silentMs }],
  });
  expect(kind(one(2_999))).toBe('unknown');
  expect(kind(one(3_000))).toBe('no worker');
  expect(kind(one(100, { state: 'gone' }))).toBe('no worker');
  expect(why(one(3_000))).toContain('the last one did');
  expect(why({ workers: [] })).toContain('at all');
});

test('a worker that stopped this shot to a platform that stands still is the reason, another shot or platform is not', () => {
  const stops = (shotId: string, platform: Platform) => ({
    workers: seen(
      report({ stopped: [{ shotId, platform, reason: 'TopicDisallowed' }] as never, say: 'TopicDisallowed' }),
    ),
  });
  expect(kind(stops(shot.id, 'ios'))).toBe('stopped');
  expect(kind(stops(shot.id, 'android'))).toBe('unknown');
  expect(kind(stops('shot-other', 'ios'))).toBe('unknown');
  // An older worker says it in words alone; one that says what it stopped is not read by its words.
  expect(kind({ workers: seen(report({ say: `STOPPED sending ${shot.id}` })) })).toBe('stopped');
  expect(kind({ workers: seen(report({ stopped: [], say: `STOPPED sending ${shot.id}` })) })).toBe('unknown');
});

test.each([CANNOT_TAKE, CANNOT_CLOSE])(
  'a worker that says “%s” of this shot is the reason, of another it is not',
  (word) => {
    expect(kind({ workers: seen(report({ say: `${word} ${shot.id}: no manifest` })) })).toBe('cannot');
    expect(kind({ workers: seen(report({ say: `${word} ${shot.id}0: no manifest` })) })).toBe('unknown');
  },
);

test('none ready is the reason only if none is: one that is ready or sends is enough', () => {
  const loading = report({ state: 'loading', say: 'loads' } as never);
  expect(kind({ workers: seen(loading) })).toBe('none ready');
  expect(kind({ workers: seen(loading, report({ state: 'ready' })) })).toBe('unknown');
  expect(kind({ workers: seen(loading, report({ state: 'sending' })) })).toBe('unknown');
});

test('lanes of the platform that stands still without a connection, without streams, or without a good credential', () => {
  const lanes = (lane: Partial<Lane>) => ({ workers: seen(report({}, lane)) });
  expect(kind(lanes({ connections: 0 }))).toBe('no connection ios');
  expect(kind(lanes({ streams: 0 }), still('android'))).toBe('no connection android');
  expect(kind({ workers: seen(report({}, { connections: 0 }), report()) })).toBe('unknown');
  expect(kind(lanes({ credentialLeftMs: 1 }))).toBe('unknown');
  expect(kind(lanes({ credentialLeftMs: 0 }))).toBe('credential ios');
  expect(kind(lanes({ credentialLeftMs: null }))).toBe('credential ios');
  // A worker without a lane to it says nothing of its connections.
  expect(kind({ workers: seen({ ...report(), lanes: [] }) })).toBe('unknown');
});

test('pushes that wait for an answer point to the provider, and none do not', () => {
  expect(kind({ workers: seen(report({}, { inFlight: 0 })) })).toBe('unknown');
  expect(kind({ workers: seen(report({}, { inFlight: 1 })) }, still('android'))).toBe('provider android');
  expect(why({ workers: seen(report({}, { inFlight: 1 })) })).toContain('has waited');
});

test('a worker that was sending this shot and has gone silent or is gone holds it, one of another shot does not', () => {
  const beside = (silentMs: number, more: Partial<WorkerReport>) => ({
    workers: [...seen(report()), { report: report(more), silentMs }],
  });
  expect(kind(beside(3_000, sending))).toBe('dead worker');
  expect(kind(beside(100, { ...sending, state: 'gone' }))).toBe('dead worker');
  expect(kind(beside(2_999, sending))).toBe('unknown');
  expect(kind(beside(3_000, { shots: [snapshotOf('shot-other', countsOf([10]), countsOf([]))] }))).toBe('unknown');
});

test('a queue that does not exist comes before what connections say; how full the others are comes after', () => {
  const queues = (more: Partial<Evidence['queues']>) => ({
    queues: { segments: FULL, ios: FULL, android: FULL, ...more },
  });
  const shut = { workers: seen(report({}, { connections: 0 })) };
  expect(kind({ ...shut, ...queues({ ios: 'missing' }) })).toBe('queue missing');
  expect(kind({ ...shut, ...queues({ segments: 'missing' }) })).toBe('queue missing');
  // Another platform's queue is not this one's reason.
  expect(kind(queues({ android: 'missing' }))).toBe('unknown');
  const empty = { waiting: 0, inFlight: 0 };
  expect(kind(queues({ segments: empty, ios: empty }))).toBe('queues empty');
  expect(kind({ ...shut, ...queues({ segments: empty, ios: empty }) })).toBe('no connection ios');
  expect(kind(queues({ segments: empty }))).toBe('unknown');
  expect(kind(queues({ ios: { waiting: 1, inFlight: 0 } }))).toBe('queue waits');
  // What is not known is not empty.
  expect(kind(queues({ segments: null, ios: empty }))).toBe('unknown');
});

test('a pace of less than ten a second explains a platform that hardly moves', () => {
  const paced = (value: number) => ({
    ...launch,
    switches: { ...launch.switches, 'pace.ios': { ...launch.switches['pace.ios'], value } as never },
  });
  expect(kind({}, still('ios'), paced(9))).toBe('pace ios');
  expect(kind({}, still('ios'), paced(10))).toBe('unknown');
  expect(kind({}, still('android'), paced(9))).toBe('unknown');
  expect(kind({}, still('ios'), paced(0))).toBe('unknown');
});

test('a pace that somebody set goes back to what the runbook says, its own does not, and a ramp rises by itself', () => {
  const of = (delivery: object, set?: number) =>
    stillReason(
      {
        ...launch,
        switches: { ...launch.switches, 'pace.android': { ...launch.switches['pace.android'], value: set } as never },
        runbook: { ...launch.runbook, delivery: { ...launch.runbook.delivery, ...delivery } },
      },
      shot,
      still('android'),
      evidence(),
      shot.pressedAtMs + 2_080,
    );
  expect(of({ android_per_second: 60, android_ramp: 60_000 })).toEqual({
    kind: 'pace android',
    why: 'the ramp of FCM has just begun: 2 a second now, 60 at its end.',
    todo: 'Nothing: it rises by itself.',
  });
  expect(of({ android_per_second: 6, android_ramp: 0 })).toMatchObject({
    why: 'the pace of FCM is 6 a second, as the runbook says.',
    todo: '`/go pace android 10k` sets another.',
  });
  expect(of({ android_per_second: 60, android_ramp: 0 }, 5)).toMatchObject({
    why: 'the pace of FCM is 5 a second.',
    todo: '`/go pace android 0` goes back to what the runbook says.',
  });
});

test("a provider's weather comes after what workers say of the shot and before what connections say", () => {
  const weather = { state: 'stopped', reason: 'TooManyRequests', forMs: 2_000, refused: 9, waiting: 5, againInMs: 500 };
  const rough = (more: Partial<WorkerReport> = {}) => ({
    workers: seen(report(more, { weather, connections: 0 } as never)),
  });
  expect(kind(rough())).toBe('weather ios');
  expect(kind(rough({ say: `${CANNOT_TAKE} ${shot.id}: no manifest` }))).toBe('cannot');
});

test('of workers that cannot be heard it is said that they may go on; what others say of the reason is not hidden by a few of them', () => {
  const [one, two] = [report(), report({ bootId: 'two' })];
  const hidden = [report({ bootId: 'hidden', host: 'ip-10-0-0-9' })];
  const reason = (more: Partial<Evidence>) => stillReason(launch, shot, still('ios'), evidence(more), nowMs);
  expect(reason({ workers: seen(one), hidden })).toMatchObject({
    kind: 'hidden',
    isUnseen: true,
    why: expect.stringMatching(/^reports of 1 worker \(ip-10-0-0-9\) were overwritten or deleted/) as string,
  });
  expect(reason({ workers: [], hidden })).toMatchObject({ kind: 'hidden' });
  // That another one stood there before is no word of who is dead.
  const dead = [...seen(one, two), { report: report({ ...sending, bootId: 'hidden' }), silentMs: 9_000 }];
  expect(reason({ workers: dead, hidden })).toMatchObject({ kind: 'hidden' });
  const weather = { state: 'stopped', reason: 'TooManyRequests', forMs: 2_000, refused: 9, waiting: 5, againInMs: 500 };
  const rough = [one, two].map((each) => ({ ...each, lanes: each.lanes.map((lane) => ({ ...lane, weather })) }));
  expect(reason({ workers: seen(...(rough as WorkerReport[])), hidden })).toMatchObject({
    kind: 'weather ios',
    isUnseen: true,
  });
  expect(reason({ workers: seen(one, two) })).not.toHaveProperty('isUnseen');
});
