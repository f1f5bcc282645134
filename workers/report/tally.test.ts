import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { expect, test } from 'vitest';
import { shotSnapshot } from '../../contract/report.ts';
import { Metrics } from './metrics.ts';
import { ShotTally } from './tally.ts';

const GO = 1_000_000;

function tallied() {
  const tally = new ShotTally('S1', GO);
  for (let at = 0; at < 1_000; at++) {
    tally.wrote('ios', GO + at);
    tally.settled('ios', 'accepted', null, GO + at);
  }
  tally.wrote('android', GO + 5);
  tally.settled('android', 'failed', 'UNREGISTERED', GO + 20);
  return tally;
}

test('a snapshot fits the contract and carries times since GO that can be merged', () => {
  const snapshot = shotSnapshot.parse(tallied().snapshot());
  expect(snapshot).toMatchObject({
    firstWriteAtMs: GO,
    platforms: { ios: { written: 1_000, accepted: 1_000 }, android: { failed: 1, reasons: { UNREGISTERED: 1 } } },
  });
  const { ios } = snapshot.platforms;
  expect(ios.curve).toEqual(Array.from({ length: 10 }, (_, slot) => [slot, 100]));
  const histogram = decodeFromCompressedBase64(ios.histogram);
  expect(histogram.totalCount).toBe(1_000);
  expect(Math.abs(histogram.getValueAtPercentile(95) - 950)).toBeLessThan(5);
});

test('each snapshot has all answers up to it, those of later than the first seconds too, and counts none twice', () => {
  const tally = new ShotTally('S1', GO);
  const answeredAt = (sinceGoMs: number) => tally.settled('ios', 'accepted', null, GO + sinceGoMs);
  const seen = () => {
    const { curve, histogram } = tally.snapshot().platforms.ios;
    return { curve, count: decodeFromCompressedBase64(histogram).totalCount };
  };
  for (const sinceGoMs of [40, 8_191]) answeredAt(sinceGoMs);
  expect(seen()).toEqual({
    curve: [
      [0, 1],
      [81, 1],
    ],
    count: 2,
  });
  for (const sinceGoMs of [41, 8_192, 60_000, 5_000_000]) answeredAt(sinceGoMs);
  expect(tally.percentileMs('ios', 100)).toBeGreaterThan(3_590_000);
  expect(seen()).toEqual({
    curve: [
      [0, 2],
      [81, 2],
      [600, 1],
      [36_000, 1],
    ],
    count: 6,
  });
  expect(seen()).toEqual(seen());
  expect(Math.abs(tally.percentileMs('ios', 50) - 8_191)).toBeLessThan(10);
});

test('a clock that is behind counts as zero, never as negative', () => {
  const tally = new ShotTally('S1', GO);
  tally.settled('ios', 'accepted', null, GO - 50);
  expect(tally.snapshot().platforms.ios.curve).toEqual([[0, 1]]);
});

test('metric lines are embedded metrics: rates since the last line, failures by reason, nothing when nothing moved', () => {
  const lines: Record<string, unknown>[] = [];
  let nowMs = GO + 2_000;
  const metrics = new Metrics({
    launchId: 'l',
    pool: 'p',
    bootId: 'b',
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    nowMs: () => nowMs,
  });
  const tally = tallied();
  metrics.emit(tally);
  expect(lines.map((line) => [line['Platform'], line['Reason'] ?? null])).toEqual([
    ['ios', null],
    ['android', null],
    ['android', 'UNREGISTERED'],
  ]);
  expect(lines[0]).toMatchObject({
    Pool: 'p',
    Accepted: 1_000,
    AcceptedPerSecond: 1_000,
    launchId: 'l',
    shotId: 'S1',
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [{ Namespace: 'gobutton', Dimensions: [['Pool', 'Platform']] }] },
  });
  nowMs += 500;
  metrics.emit(tally);
  expect(lines.length).toBe(3);
  tally.settled('ios', 'accepted', null, nowMs);
  metrics.emit(tally);
  expect(lines[3]).toMatchObject({ Platform: 'ios', Accepted: 1, AcceptedPerSecond: 2 });
});
