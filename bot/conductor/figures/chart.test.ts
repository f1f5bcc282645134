import { expect, test } from 'vitest';
import { shotFigures } from '../../../contract/figures.ts';
import type { Shot } from '../../../runbooks/launch/launch.ts';
import { countsOf, evenly, GO_AT_MS, launchForTests, shotForTests, snapshotOf } from '../for-tests.ts';
import { chartSpec, cumulative } from './chart.ts';

/** What is drawn; that it becomes a picture: contract/figures.test.ts. */

const none = countsOf([]);

/** Names of the lines and labels of the marks, for a shot of which these were accepted. */
function drawn(of: Partial<Shot>, ios: number[], android: number[]) {
  const shot = shotForTests(of);
  const launch = launchForTests(shot);
  const snapshots = [snapshotOf(shot.id, countsOf(ios), countsOf(android))];
  const { data = [] } = chartSpec(launch, shot, shotFigures(launch, shot, snapshots, GO_AT_MS + 9_000).figures);
  const values = (name: string) =>
    data.flatMap((one) => (one.name === name && 'values' in one ? (one.values as Record<string, unknown>[]) : []));
  return {
    lines: [...new Set(values('points').map(({ line }) => line))],
    marks: values('marks').map(({ label, row }) => `${String(row)} ${String(label)}`),
    lastS: Math.max(...values('points').map(({ s }) => Number(s))),
  };
}

test('a shot to two platforms has a line for each besides that of all, a shot to one has that of all alone', () => {
  expect(drawn({}, evenly(100, 0, 1_000), evenly(50, 0, 1_000)).lines).toEqual([
    'all devices',
    'iOS (of its own)',
    'Android (of its own)',
  ]);
  expect(drawn({ segments: [{ segment: 'us-ios', attempt: 1 }] }, evenly(100, 0, 1_000), []).lines).toEqual([
    'all devices',
  ]);
});

test('times and the halt are marked one below the other, and the picture reaches beyond both; what is not known is left out', () => {
  const fired = drawn({}, evenly(1_000, 0, 2_000), []);
  expect(fired.marks.map((mark) => mark.slice(0, 5))).toEqual(['0 p50', '1 p95', '2 p99']);
  expect(fired.lastS).toBeCloseTo(2.08, 1);
  const halted = drawn({ haltedAtMs: GO_AT_MS + 5_000 }, evenly(1_000, 0, 2_000), []);
  expect(halted.marks.at(-1)).toBe('3 HALT 5.00 s');
  expect(halted.lastS).toBeCloseTo(5.2);
  expect(drawn({}, [], [])).toMatchObject({ marks: [], lastS: 1 });
});

test('the legend lies beneath the plot, where it hides no curve of a shot that was halted early', () => {
  const shot = shotForTests();
  const launch = launchForTests(shot);
  const { legends, padding } = chartSpec(launch, shot, shotFigures(launch, shot, [], GO_AT_MS).figures);
  const below = Number(/"height \+ (\d+)"/.exec(JSON.stringify(legends?.[0]?.legendY))?.[1]);
  expect(below).toBeGreaterThan(48);
  expect((padding as { bottom: number }).bottom).toBeGreaterThan(below + 20);
});

test('of no devices no share was accepted', () => {
  const { figures } = shotFigures(
    launchForTests(shotForTests()),
    shotForTests(),
    [snapshotOf('shot-1', countsOf([50]), none)],
    GO_AT_MS,
  );
  expect(cumulative(figures.total, 0, 0.1).map(({ share }) => share)).toEqual([0, 0]);
});
