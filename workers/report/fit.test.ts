import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { PlatformCounts, ShotSnapshot, WorkerReport } from '../../contract/report.ts';
import { addReason, noCounts } from '../../runbooks/launch/counts.ts';
import type { ShotRuns } from '../send/shot-runs.ts';
import { fitted } from './fit.ts';
import { Foreign } from './foreign.ts';
import { Reporter } from './reporter.ts';

const ITEM_BYTES = 400_000;
const HOUR_SLOTS = 36_000;

function counts(slots: number, more: Partial<PlatformCounts> = {}): PlatformCounts {
  const curve = Array.from({ length: slots }, (_, slot): [number, number] => [slot, 7]);
  return {
    written: slots * 7,
    accepted: slots * 7,
    failed: 0,
    uncertain: 0,
    halted: 0,
    late: 0,
    skipped: 0,
    reasons: {},
    histogram: 'h'.repeat(20_000),
    curve,
    ...more,
  };
}

const shot = (shotId: string, slots: number, more: Partial<PlatformCounts> = {}): ShotSnapshot => ({
  shotId,
  platforms: { ios: counts(slots, more), android: counts(slots, more) },
  firstWriteAtMs: 1,
  lastWriteAtMs: 2,
});

function reportWith(shots: ShotSnapshot[], say = 'ready'): WorkerReport {
  return {
    v: 1,
    launchId: 'l',
    bootId: 'b',
    host: 'h',
    pid: 1,
    atMs: 0,
    startedAtMs: 0,
    state: 'sending',
    say,
    audienceHash: null,
    skipListHash: null,
    shardsLoaded: 0,
    shardsTotal: 0,
    lanes: [],
    switchReadAgoMs: null,
    rssMb: 1,
    foreign: { orders: 0, batches: 0, last: '' },
    shots,
  };
}

const bytes = (report: WorkerReport) => Buffer.byteLength(JSON.stringify(report));
const accepted = (report: WorkerReport) => report.shots.map(({ platforms }) => platforms.ios.accepted);
const inCurve = (report: WorkerReport, at: number) =>
  report.shots[at]?.platforms.ios.curve.reduce((sum, [, more]) => sum + more, 0);

test('an ordinary report is written as it is', () => {
  const report = reportWith([shot('S1', 600)]);
  expect(fitted(report)).toEqual(report);
});

test('a shot of an hour fits: its curve is coarser and loses nothing', () => {
  const report = reportWith([shot('S1', HOUR_SLOTS)]);
  expect(bytes(report)).toBeGreaterThan(ITEM_BYTES);
  const fit = fitted(report);
  expect(bytes(fit)).toBeLessThan(ITEM_BYTES);
  expect(inCurve(fit, 0)).toBe(HOUR_SLOTS * 7);
  expect(fit.shots[0]?.platforms.ios.curve.at(-1)?.[0]).toBe(HOUR_SLOTS - 1);
});

test('of many long shots the first ones give up their times; no count is left out', () => {
  const fit = fitted(reportWith(Array.from({ length: 12 }, (_, at) => shot(`S${at}`, HOUR_SLOTS))));
  expect(bytes(fit)).toBeLessThan(ITEM_BYTES);
  expect(accepted(fit)).toEqual(Array.from({ length: 12 }, () => HOUR_SLOTS * 7));
  expect([inCurve(fit, 0), inCurve(fit, 11)]).toEqual([0, HOUR_SLOTS * 7]);
});

test('what is written is what fits', async () => {
  const put: WorkerReport[] = [];
  const reporter = new Reporter({
    live: {
      putReport: async (report: WorkerReport) => {
        put.push(report);
      },
    },
    signer: null,
    workers: () => 1,
    report: () => reportWith([shot('S1', HOUR_SLOTS)]),
    runs: { all: () => [] } as unknown as ShotRuns,
    metrics: null,
    clock: { nowMs: () => 0 },
    log: pino({ level: 'silent' }),
  });
  await reporter.publish();
  expect(put.map(bytes).every((size) => size < ITEM_BYTES)).toBe(true);
});

test('words from outside are cut before they are in a report: a sentence, a message, reasons that are all different', () => {
  const lines: unknown[] = [];
  const foreign = new Foreign({
    error: (line: unknown) => {
      lines.push(line);
    },
  });
  for (let at = 0; at < 100; at++) foreign.batch('x'.repeat(255_000));
  expect(lines.length).toBeGreaterThan(0);
  expect(Math.max(...lines.map((line) => JSON.stringify(line).length))).toBeLessThan(300);
  foreign.order(`no order:\n${'x'.repeat(255_000)}`);
  expect(foreign.counts).toMatchObject({
    orders: 1,
    batches: 100,
    last: expect.stringMatching(/^no order: x{100,}…$/) as string,
  });
  expect(foreign.counts.last).toHaveLength(200);
  const reasons = noCounts();
  for (let at = 0; at < 5_000; at++) addReason(reasons, `${at}${'r'.repeat(10_000)}`, 2);
  const fit = fitted(reportWith([shot('S1', 10, { reasons })], 'y'.repeat(500_000)));
  expect(bytes(fit)).toBeLessThan(60_000);
  expect(fit.say).toHaveLength(500);
  expect(Object.values(reasons).reduce((sum, times) => sum + times, 0)).toBe(10_000);
});
