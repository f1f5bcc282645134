import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { shareOf } from '../../contract/pace.ts';
import { sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { QuickLane } from './lane-for-tests.ts';
import { Pacer } from './pacer.ts';
import { ShotRun } from './shot-run.ts';
import type { ShotRuns } from './shot-runs.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** One worker of a full pool, alone on its roll: its share is the pace. */
function pacing(everyMs?: number) {
  const scene = Scene.ready(
    sampleRunbook({ delivery: { ios_per_second: 900, android_per_second: 600, android_ramp: '60s' } }),
  );
  const runs: ShotRun[] = [];
  const paces = { ios: [] as number[], android: [] as number[] };
  const laneOf = (platform: 'ios' | 'android') =>
    Object.assign(new QuickLane(), { pace: (perSecond: number) => void paces[platform].push(perSecond) });
  const memory = createSwitchMemory();
  const switchesSay = (pace: { ios: number; android: number }) =>
    writeReading(memory, { haltEpoch: 0, halted: false, pace }, sharedNowMs());
  const asked: object[] = [];
  const pacer = new Pacer({
    lanes: { ios: laneOf('ios'), android: laneOf('android') },
    runs: { all: () => runs } as unknown as ShotRuns,
    switches: new SwitchView(memory),
    clock: { nowMs: () => scene.nowMs },
    roll: {
      share: (pace, nowMs, options) => {
        asked.push({ nowMs, ...options });
        return shareOf(pace, { mode: 'fresh', size: 1, rank: 0 }, options);
      },
    },
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  const fire = (...segments: string[]) => {
    const shot = scene.fired(segments);
    const run = new ShotRun({ launch: scene.state, shot, entries: [] }, ['en']);
    runs.push(run);
    return run;
  };
  const perSecond = () => {
    pacer.update();
    return [pacer.share('ios').perSecond, pacer.share('android').perSecond];
  };
  return { scene, pacer, paces, runs, asked, switchesSay, fire, perSecond };
}

describe('the pace of a worker', () => {
  test('has no limit while no shot runs, before the first look too', () => {
    const { pacer, perSecond, paces, asked } = pacing();
    expect(pacer.share('ios')).toEqual({ perSecond: 0, active: true });
    expect([perSecond(), paces, asked]).toEqual([[0, 0], { ios: [0], android: [0] }, []]);
  });

  test("is the runbook's, by platform, and told to its lane; a switch is over it", () => {
    const { scene, fire, perSecond, paces, switchesSay, pacer, asked } = pacing();
    const run = fire('us-ios');
    expect([perSecond(), paces]).toEqual([[900, 0], { ios: [900], android: [0] }]);
    const { pool, delivery } = run.authority.launch.runbook;
    expect(asked).toEqual([
      {
        nowMs: scene.nowMs,
        planned: pool.workers,
        batchSize: delivery.batch_size,
        sendWithinMs: delivery.send_within,
      },
    ]);
    switchesSay({ ios: 70, android: 0 });
    expect([perSecond(), pacer.share('ios').active]).toEqual([[70, 0], true]);
  });

  test('rises from the GO of the first shot that runs, in whatever order they came here', () => {
    const { scene, fire, runs, perSecond } = pacing();
    const first = fire('us-android');
    const { pressedAtMs } = first.authority.shot;
    const late = new ShotRun(
      { ...first.authority, shot: { ...first.authority.shot, pressedAtMs: pressedAtMs + 15_000 } },
      ['en'],
    );
    runs.unshift(late);
    scene.nowMs = pressedAtMs + 30_000;
    expect(perSecond()).toEqual([0, 300]);
    first.isClosed = true;
    expect(perSecond()).toEqual([0, 150]);
    late.isClosed = true;
    expect(perSecond()).toEqual([0, 0]);
  });
});

describe('the pace is looked at', () => {
  test.each([
    { say: 'four times a second', everyMs: undefined, stepMs: 250 },
    { say: 'as often as is asked', everyMs: 20, stepMs: 20 },
  ])('$say, until it stops', ({ everyMs, stepMs }) => {
    const { pacer, paces } = pacing(everyMs);
    pacer.start();
    vi.advanceTimersByTime(stepMs - 1);
    expect(paces.ios).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(paces).toEqual({ ios: [0], android: [0] });
    pacer.stop();
    vi.advanceTimersByTime(10 * stepMs);
    expect(paces.ios).toHaveLength(1);
  });

  test('by nobody before it starts', () => {
    const { pacer, paces } = pacing();
    expect(() => pacer.stop()).not.toThrow();
    expect(paces.ios).toEqual([]);
  });
});
