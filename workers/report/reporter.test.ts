import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { countsOf, evenly, reportOf, snapshotOf } from '../../bot/conductor/for-tests.ts';
import type { WorkerReport } from '../../contract/report.ts';
import type { ShotRuns } from '../send/shot-runs.ts';
import { Reporter } from './reporter.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const young = { isClosed: false, authority: { shot: { pressedAtMs: 0 } }, activeAtMs: Number.POSITIVE_INFINITY };

/** Reports of ten seconds of a pool of so many, while a shot of some seconds runs. */
async function reports(
  workers: number,
  runs: object[] = [young],
  write: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve(),
): Promise<WorkerReport[]> {
  const put: WorkerReport[] = [];
  const counts = countsOf(evenly(20_000, 0, 60_000));
  const reporter = new Reporter({
    live: {
      putReport: (report, _signer, signal) => {
        put.push(report);
        return write(signal);
      },
    },
    signer: null,
    workers: () => workers,
    metrics: null,
    clock: { nowMs: () => 1_000 },
    log: pino({ level: 'silent' }),
    runs: { all: () => runs } as unknown as ShotRuns,
    report: () => ({
      ...reportOf({ id: 'l', audience: null, skipList: null }, 'boot', 0),
      shots: [snapshotOf('S5', counts, counts)],
    }),
  });
  reporter.start();
  await vi.advanceTimersByTimeAsync(10_000);
  reporter.stop();
  return put;
}

const accepted = (report: WorkerReport | undefined) =>
  report?.shots[0]?.platforms.ios.curve.reduce((sum, [, count]) => sum + count, 0);

test('up to 60 workers report four times a second while a shot is young, more of them the more seldom, down to once a second', async () => {
  expect((await reports(2)).length).toBeGreaterThanOrEqual(38);
  expect((await reports(60)).length).toBeGreaterThanOrEqual(38);
  const half = (await reports(125)).length;
  expect(half).toBeGreaterThanOrEqual(18);
  expect(half).toBeLessThanOrEqual(22);
  for (const many of [250, 500, 5_000]) expect((await reports(many)).length).toBeLessThanOrEqual(11);
  expect((await reports(2, [])).length).toBeLessThanOrEqual(11);
});

test("the curves of a large pool's reports get coarser, and lose no count", async () => {
  const [few] = await reports(2);
  const [many] = await reports(500);
  expect(few?.shots[0]?.platforms.ios.curve.length).toBe(600);
  expect(many?.shots[0]?.platforms.ios.curve.length).toBeLessThanOrEqual(60);
  expect([accepted(few), accepted(many)]).toEqual([20_000, 20_000]);
  expect(many?.shots[0]?.platforms.ios.histogram).toBe(few?.shots[0]?.platforms.ios.histogram);
});

test('a report that hangs is aborted after its time, and holds up no other one', async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const put = await reports(2, [young], (signal) => {
    signals.push(signal);
    return signals.length === 1 ? new Promise(() => undefined) : Promise.resolve();
  });
  expect(signals[0]?.reason).toMatchObject({ code: 'REPORT_TIMEOUT' });
  expect(put.length).toBeGreaterThan(20);
});
