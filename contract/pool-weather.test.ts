import { expect, test } from 'vitest';
import { launchForTests, reportOf, shotForTests } from '../bot/conductor/for-tests.ts';
import { sickOf, weatherOf } from './pool-weather.ts';
import type { LaneWeather, WorkerReport } from './report.ts';

const launch = launchForTests(shotForTests());
const AT_MS = 1_770_507_000_000;
const worker = (
  boot: string,
  apns: Partial<LaneWeather> | null,
  more: Partial<WorkerReport['lanes'][number]> = {},
  atMs = AT_MS,
): WorkerReport =>
  reportOf(launch, boot, atMs, {
    lanes: [
      {
        provider: 'apns',
        connections: 4,
        primed: 4,
        streams: 400,
        inFlight: 0,
        credentialAgeMs: 1,
        credentialLeftMs: 1,
        sick: null,
        weather:
          apns === null
            ? null
            : {
                state: 'stopped',
                reason: 'TooManyRequests',
                forMs: 5_000,
                refused: 10,
                waiting: 100,
                againInMs: 2_000,
                ...apns,
              },
        ...more,
      },
    ],
  });

test('workers are one: since the first of them, the word of most, sums, the next try; stopped only if all are', () => {
  const all = [
    worker('a', {}),
    worker('b', { reason: 'Http502', forMs: 9_000 }, {}, AT_MS + 300),
    worker('c', { againInMs: 700 }),
  ];
  expect(weatherOf(all)).toEqual([
    {
      platform: 'ios',
      state: 'stopped',
      reason: 'TooManyRequests',
      sinceMs: AT_MS - 8_700,
      workers: 3,
      stopped: 3,
      of: 3,
      refused: 30,
      waiting: 300,
      nextTryAtMs: AT_MS + 700,
    },
  ]);
  expect(weatherOf([...all, worker('d', null)])).toMatchObject([{ state: 'slow', workers: 3, stopped: 3, of: 4 }]);
  // Who may not send at all has the word.
  expect(
    weatherOf([worker('a', { state: 'slow' }), worker('b', { state: 'slow' }), worker('c', { reason: 'Http502' })]),
  ).toMatchObject([{ state: 'slow', reason: 'Http502', stopped: 1 }]);
  expect(weatherOf([worker('a', { againInMs: 0 }), worker('b', {})])).toMatchObject([{ nextTryAtMs: null }]);
});

test('an older worker says nothing, and fair weather is none', () => {
  const older = worker('a', null, {});
  delete older.lanes[0]?.weather;
  delete older.lanes[0]?.sick;
  expect([weatherOf([older, worker('b', null)]), sickOf([older, worker('b', null)])]).toEqual([[], []]);
});

test('sick connections are counted by provider, with the word of most', () => {
  expect(
    sickOf([
      worker('a', null, { sick: { connections: 2, reason: 'ServiceUnavailable' } }),
      worker('b', null, { sick: { connections: 1, reason: 'ServiceUnavailable' } }),
      worker('c', null, { sick: { connections: 0, reason: 'x' } }),
    ]),
  ).toEqual([{ platform: 'ios', connections: 3, of: 12, workers: 2, reason: 'ServiceUnavailable' }]);
});
