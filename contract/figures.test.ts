import { expect, test } from 'vitest';
import { cumulative, deliveryChart, CHART_HEIGHT_PX, CHART_WIDTH_PX } from '../bot/conductor/figures/chart.ts';
import { countsOf, evenly, GO_AT_MS, launchForTests, shotForTests, snapshotOf } from '../bot/conductor/for-tests.ts';
import { finished, liveStatsMessage, progressBar } from '../bot/views/live-stats.ts';
import { summaryMessage } from '../bot/views/summary.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { percent, shares } from '../runbooks/launch/shares.ts';
import { shotFigures } from './figures.ts';
import { platformCounts } from './report.ts';

const none = countsOf([]);
const shot = shotForTests();
const launch = launchForTests(shot);

test('percentiles come from all workers’ histograms together, not from averages of theirs', () => {
  // One worker fast, one slow: 900 answers up to 1 s, 100 between 8 and 9 s.
  const { figures } = shotFigures(
    launch,
    shot,
    [
      snapshotOf('shot-1', countsOf(evenly(900, 0, 1_000)), none),
      snapshotOf('shot-1', countsOf(evenly(100, 8_000, 9_000)), none),
    ],
    GO_AT_MS + 10_000,
  );
  expect(figures.total.p50Ms).toBeGreaterThan(540);
  expect(figures.total.p50Ms).toBeLessThan(570);
  expect(figures.total.p95Ms).toBeGreaterThan(8_400);
  expect(figures.platforms.ios?.accepted).toBe(1_000);
  expect(figures.platforms.android?.p50Ms).toBeNull();
  expect(figures).toMatchObject({ devices: 5_000, boots: 2, firstWriteMs: 40, lastWriteMs: 9_000, peakPerSecond: 900 });
});

test('the rate is that of the last two seconds while it runs, and of the whole span of answers once closed', () => {
  const counts = countsOf([...evenly(400, 0, 2_000), ...evenly(1_000, 2_000, 4_000)]);
  const running = shotFigures(launch, shot, [snapshotOf('shot-1', counts, none)], GO_AT_MS + 4_500).figures;
  expect(running.perSecond).toBe(500);
  const closed = shotForTests({ closed: { atMs: GO_AT_MS + 30_000, cause: 'complete' } });
  expect(shotFigures(launch, closed, [snapshotOf('shot-1', counts, none)], GO_AT_MS + 60_000).figures).toMatchObject({
    perSecond: 350,
    sinceGoMs: 30_000,
  });
});

test('a histogram that can’t be read is counted as a problem and hides nothing else', () => {
  const { figures, problems } = shotFigures(
    launch,
    shot,
    [
      snapshotOf('shot-1', countsOf([100, 200]), none),
      snapshotOf('shot-1', countsOf([300], { histogram: 'garbage' }), none),
    ],
    GO_AT_MS + 1_000,
  );
  expect(problems).toBe(1);
  expect(figures.total).toMatchObject({ accepted: 3, p99Ms: 200 });
});

test('reasons with names that every object has are shown as often as they came, while it runs and in the summary', () => {
  const odd = JSON.parse('{"constructor":7,"__proto__":5,"toString":3}') as Record<string, number>;
  const of = (boot: number) =>
    snapshotOf('shot-1', platformCounts.parse(countsOf([100 * boot], { failed: 15, reasons: odd })), none);
  const { figures } = shotFigures(launch, shot, [of(1), of(2)], GO_AT_MS + 1_000);
  expect(Object.entries(figures.total.reasons)).toEqual([
    ['constructor', 14],
    ['__proto__', 10],
    ['toString', 6],
  ]);
  expect(JSON.stringify(liveStatsMessage(launch, shot, figures))).toContain('constructor 14, __proto__ 10, toString 6');
  const totals = { accepted: 1_485, failed: 15, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: odd };
  const closed = shotForTests({
    closed: { atMs: GO_AT_MS + 5_000, cause: 'complete' },
    totals: [
      { segment: 'us-ios', attempt: 1, devices: 1_500, totals },
      { segment: 'us-android', attempt: 1, devices: 1_500, totals },
    ],
  });
  const summary = JSON.stringify(
    summaryMessage(launchForTests(closed), closed, shotFigures(launch, closed, [], GO_AT_MS + 9_000).figures),
  );
  expect(summary).toContain('constructor 14, __proto__ 10, toString 6');
});

test('a worker’s counts by reason are whole numbers', () => {
  for (const reasons of [{ Other: -1 }, { Other: '1' }, [], null])
    expect(platformCounts.safeParse({ ...none, reasons }).success).toBe(false);
});

test('a later attempt is over what the one before it left', () => {
  const again = shotForTests({ segments: [{ segment: 'us-ios', attempt: 2 }] });
  const attempts = {
    'us-ios': [
      { attempt: 1, shotId: 'shot-0', devices: 3_000, closed: true, totals: null },
      { attempt: 2, shotId: 'shot-1', devices: 120, closed: false, totals: null },
    ],
  };
  const { figures } = shotFigures({ ...launch, attempts }, again, [], GO_AT_MS + 1_000);
  expect(figures).toMatchObject({ devices: 120, platforms: { ios: { devices: 120 } } });
  expect(figures.platforms.android).toBeUndefined();
});

test('at the close the accounts say what happened, whatever the snapshots missed', () => {
  const closed = shotForTests({
    closed: { atMs: GO_AT_MS + 5_000, cause: 'complete' },
    totals: [
      {
        segment: 'us-ios',
        attempt: 1,
        devices: 3_000,
        totals: {
          accepted: 2_990,
          failed: 10,
          uncertain: 0,
          halted: 0,
          late: 0,
          skipped: 0,
          reasons: { Unregistered: 10 },
        },
      },
      {
        segment: 'us-android',
        attempt: 1,
        devices: 2_000,
        totals: { accepted: 1_999, failed: 0, uncertain: 1, halted: 0, late: 0, skipped: 0, reasons: {} },
      },
    ],
  });
  const { figures } = shotFigures(
    launch,
    closed,
    [snapshotOf('shot-1', countsOf(evenly(2_000, 0, 1_000)), none)],
    GO_AT_MS + 9_000,
  );
  expect(figures.total).toMatchObject({ accepted: 4_989, failed: 10, uncertain: 1, reasons: { Unregistered: 10 } });
  expect(finished(figures.total)).toBe(5_000);
  const summary = JSON.stringify(summaryMessage(launchForTests(closed), closed, figures));
  expect(summary).toContain('Every one of 5,000 devices is accounted for.');
  // Who got nothing comes first, and who may have got it is counted apart.
  expect(summary).toContain('"text":"Shot complete: 10 of 5,000 got nothing (refused), 1 may or may not have got it"');
  expect(summary).toContain(
    '*4,989 of 5,000 devices* were accepted by their provider.\\n*10 got nothing*: refused: app no longer installed 10 (Unregistered).\\n*1 may or may not have got it* (uncertain)',
  );
  // A line for each platform says it; each market is alone on its own.
  expect(summary).not.toContain('*us-ios*: ');
  expect(summary).toContain('app no longer installed 10 (Unregistered)');
  expect(summary).toContain(
    `10 tokens refused for good. For the skip list of the next launch, in its channel: \`/go audience skip-refused of ${launchForTests(closed).id}\``,
  );
  const rehearses = { launchId: 'day' } as Launch['rehearses'];
  expect(JSON.stringify(summaryMessage({ ...launchForTests(closed), rehearses }, closed, figures))).toContain(
    'The report in the channel of `day` has a button that skips them.',
  );
  const throttled = { ...figures, total: { ...figures.total, reasons: { TooManyRequests: 9, INVALID_ARGUMENT: 1 } } };
  expect(JSON.stringify(summaryMessage(launchForTests(closed), closed, throttled))).not.toContain('refused for good');
});

test('a shot that reached nobody of a platform is not called complete', () => {
  const closed = shotForTests({
    closed: { atMs: GO_AT_MS + 5_000, cause: 'complete' },
    totals: [
      {
        segment: 'us-ios',
        attempt: 1,
        devices: 3_000,
        totals: {
          accepted: 0,
          failed: 3_000,
          uncertain: 0,
          halted: 0,
          late: 0,
          skipped: 0,
          reasons: { TooManyProviderTokenUpdates: 3_000 },
        },
      },
      {
        segment: 'us-android',
        attempt: 1,
        devices: 2_000,
        totals: { accepted: 2_000, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0, reasons: {} },
      },
    ],
  });
  const { figures } = shotFigures(launch, closed, [], GO_AT_MS + 9_000);
  const { text } = summaryMessage(launchForTests(closed), closed, figures);
  expect(text).toContain('Shot failed on iOS: 3,000 of 5,000 got nothing (refused) · us-ios, us-android');
  expect(text).not.toContain('complete');
});

test('the live message has bar, figures and HALT while it runs, and no HALT afterwards', () => {
  const counts = countsOf(evenly(1_000, 0, 2_000), { failed: 20, reasons: { Unregistered: 15, TooManyRequests: 5 } });
  const { figures } = shotFigures(launch, shot, [snapshotOf('shot-1', counts, none)], GO_AT_MS + 2_500);
  const running = JSON.stringify(liveStatsMessage(launch, shot, figures));
  for (const part of [
    'halt.press',
    '1,000 of 5,000 (20%)',
    'app no longer installed 15 (Unregistered), throttled 5 (TooManyRequests)',
    '20%',
  ])
    expect(running).toContain(part);
  expect(running).not.toContain('The rest');
  const halted = { ...shot, haltedAtMs: GO_AT_MS + 2_000 };
  expect(JSON.stringify(liveStatsMessage(launch, halted, figures))).not.toContain('halt.press');
  expect(JSON.stringify(liveStatsMessage(launch, halted, figures))).toContain('*Written before the halt*\\n1,020');
});

test('at the press the live message says that it goes, and holds HALT; figures follow with the first report', () => {
  const { figures } = shotFigures(launch, shot, [], GO_AT_MS + 50);
  const text = JSON.stringify(liveStatsMessage(launch, shot, figures));
  for (const part of ['Sending', 'halt.press', 'no worker has reported yet']) expect(text).toContain(part);
  for (const part of ['Failed', 'Rate now', 'Android']) expect(text).not.toContain(part);
});

test('what a halt cut off is no progress, and a halt that came after everything cut nothing off', () => {
  const closed = shotForTests({ haltedAtMs: GO_AT_MS + 2_000, closed: { atMs: GO_AT_MS + 3_000, cause: 'halt' } });
  const { figures } = shotFigures(
    launch,
    shot,
    [snapshotOf('shot-1', countsOf(evenly(1_000, 0, 2_000)), none)],
    GO_AT_MS + 2_500,
  );
  const of = (halted: number, view: typeof liveStatsMessage) =>
    JSON.stringify(view(launch, closed, { ...figures, total: { ...figures.total, accepted: 5_000 - halted, halted } }));
  expect(of(4_000, liveStatsMessage)).toMatch(/Halted: 1,000 of 5,000 accepted.*▓ 20%/s);
  expect(of(0, liveStatsMessage)).toMatch(/Done: 5,000 of 5,000 accepted.*█ 100%/s);
  expect(of(4_000, summaryMessage)).toContain('Shot ended by halt: 4,000 of 5,000 got nothing (cut off by the halt)');
  expect(of(0, summaryMessage)).toContain('Shot complete before the halt: all 5,000 accepted');
});

test('a bar is full, and a share 100%, only when nothing is missing', () => {
  expect(progressBar(4_999_999, 5_000_000)).toContain('99%');
  expect(progressBar(4_999_999, 5_000_000)).toContain('░');
  expect(progressBar(5_000_000, 5_000_000)).toBe(`${'█'.repeat(14)} 100%`);
  expect(percent(4_999_999, 5_000_000)).toBe('99.99%');
  expect(progressBar(0, 0)).toContain('0%');
});

test('the chart is a PNG of the expected size, for a running, a halted and an empty shot, with the figures as its alt text', async () => {
  const counts = countsOf(evenly(1_000, 0, 2_000));
  for (const [one, snapshots] of [
    [shot, [snapshotOf('shot-1', counts, counts)]],
    [{ ...shot, haltedAtMs: GO_AT_MS + 900 }, [snapshotOf('shot-1', counts, none)]],
    [shot, []],
  ] as const) {
    const { figures } = shotFigures(launch, one, snapshots, GO_AT_MS + 2_500);
    const { png, altText } = await deliveryChart(launch, one, figures);
    const view = new DataView(png.buffer, png.byteOffset);
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([CHART_WIDTH_PX, CHART_HEIGHT_PX]);
    expect(altText).toContain(snapshots.length === 0 ? 'no times were measured' : 'within');
    expect(altText.includes('halted 900 ms after GO')).toBe(one.haltedAtMs !== null);
  }
});

test('the curve stands still between answers and ends at the share of all devices', () => {
  const { figures } = shotFigures(
    launch,
    shot,
    [snapshotOf('shot-1', countsOf([50, 60, 3_050, 3_060]), none)],
    GO_AT_MS + 4_000,
  );
  expect(cumulative(figures.total, 8, 5)).toEqual([
    { s: 0, share: 0 },
    { s: 0.1, share: 0.25 },
    { s: 3, share: 0.25 },
    { s: 3.1, share: 0.5 },
    { s: 5, share: 0.5 },
  ]);
});

test('uncertain is not reached: the bar and its share count what was accepted, and grey for what ended otherwise', () => {
  expect(progressBar(0, 1_000, 1_000)).toBe(`${'▓'.repeat(14)} 0%`);
  expect(progressBar(500, 1_000, 500)).toBe(`${'█'.repeat(7)}${'▓'.repeat(7)} 50%`);
  expect(progressBar(500, 1_000, 250)).toBe(`${'█'.repeat(7)}${'▓'.repeat(3)}${'░'.repeat(4)} 50%`);
});

test('shares add up, round nothing up to all, and lose no hundredth', () => {
  expect(shares([9_955, 45, 0], 10_000)).toEqual(['99.55%', '0.45%', '0%']);
  expect(shares([995_512, 4_488], 1_000_000)).toEqual(['99.55%', '0.45%']);
  expect(shares([5_999_999, 1, 0], 6_000_000)).toEqual(['99.99%', '0.01%', '0%']);
  expect(shares([5_999_998, 1, 1], 6_000_000)).toEqual(['99.99%', '0.01%', '<0.01%']);
  expect(percent(57, 100)).toBe('57%');
  expect(percent(1, 6_000_000)).toBe('<0.01%');
});

test('a shot that nobody has answered is not called complete, and its headline says who may have got it', () => {
  const of = (state: 'uncertain' | 'accepted', devices: number) => ({
    accepted: 0,
    failed: 0,
    uncertain: 0,
    halted: 0,
    late: 0,
    skipped: 0,
    reasons: {},
    [state]: devices,
  });
  const closed = shotForTests({
    closed: { atMs: GO_AT_MS + 9_000, cause: 'complete' },
    totals: [
      { segment: 'us-ios', attempt: 1, devices: 3_000, totals: of('uncertain', 3_000) },
      { segment: 'us-android', attempt: 1, devices: 2_000, totals: of('accepted', 2_000) },
    ],
  });
  const { figures } = shotFigures(launchForTests(closed), closed, [], GO_AT_MS + 9_000);
  expect(summaryMessage(launchForTests(closed), closed, figures).text).toContain(
    'Shot without answers on iOS: 2,000 of 5,000 accepted, 3,000 may or may not have got it',
  );
  expect(liveStatsMessage(launchForTests(closed), closed, figures).text).toContain(
    'No answers on iOS: 2,000 of 5,000 accepted',
  );
});

test('with many markets the worst five are named and the others are one line', () => {
  const segments = Array.from({ length: 14 }, (_, at) => ({
    id: `m${at}-ios`,
    platform: 'ios' as const,
    devices: 1_000,
    batches: 1,
  }));
  const closed = shotForTests({
    segments: segments.map(({ id }) => ({ segment: id, attempt: 1 })),
    audience: { hash: 'a', manifestKey: 'k', devices: 14_000, segments, locales: {} },
    closed: { atMs: GO_AT_MS + 9_000, cause: 'not-after' },
    totals: segments.map(({ id }, at) => ({
      segment: id,
      attempt: 1,
      devices: 1_000,
      totals: { accepted: 1_000 - at, failed: 0, uncertain: 0, halted: 0, late: at, skipped: 0, reasons: {} },
    })),
  });
  const { figures } = shotFigures(launchForTests(closed), closed, [], GO_AT_MS + 9_000);
  const text = JSON.stringify(summaryMessage(launchForTests(closed), closed, figures));
  expect(text.match(/• /g)).toHaveLength(6);
  expect(text).toContain('• *m13-ios*: 987 of 1,000 accepted, *13 got nothing* (not sent in time)');
  expect(text).toContain('• 9 others: 8,964 of 9,000 accepted, *36 got nothing* (not sent in time)');
});

test('who had an answer before is no one who got nothing: a further attempt leaves them out', () => {
  const closed = shotForTests({
    segments: [{ segment: 'us-ios', attempt: 2 }],
    closed: { atMs: GO_AT_MS + 9_000, cause: 'complete' },
    totals: [
      {
        segment: 'us-ios',
        attempt: 2,
        devices: 100,
        totals: { accepted: 90, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 10, reasons: {} },
      },
    ],
  });
  const { figures } = shotFigures(launchForTests(closed), closed, [], GO_AT_MS + 9_000);
  expect(summaryMessage(launchForTests(closed), closed, figures).text).toContain(
    'Shot complete: 90 of 100 accepted, all others had their answer before',
  );
});
