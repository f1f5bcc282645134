import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LaunchIndexItem } from '../../infra/aws/live-store.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { Scene } from '../../test/properties/scene.ts';
import { haltable } from './launch-here.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const launch = Scene.ready().state;
const item = (launchId: string): LaunchIndexItem => ({
  launchId,
  name: 'Super Bowl',
  channelId: launch.channelId,
  pool: 'p',
  createdAtMs: 1,
  closed: false,
});

const find = (read: (launchId: string) => Promise<Launch | null>, known: Launch | null = null) =>
  haltable(
    {
      rooms: { launchesOf: () => Promise.resolve([item('newest'), item('older')]) },
      journal: { peek: () => known, launch: read },
      log: pino({ level: 'silent' }),
    },
    launch.channelId,
  );

test('what this process knows is enough for a halt, and nothing is read', async () => {
  expect(await find(() => Promise.reject(new Error('it was read')), launch)).toBe(launch);
});

test('a record that can’t be read is halted by what the index says', async () => {
  const newer = () => Promise.reject(new Error('RECORD_BROKEN: it was written by a newer one'));
  expect(await find(newer)).toEqual({ id: 'newest', name: 'Super Bowl', closed: false });
});

test('a record that does not answer holds up a halt for 0.8 s', async () => {
  const found = find(() => new Promise<never>(() => undefined));
  await vi.advanceTimersByTimeAsync(800);
  expect(await found).toMatchObject({ id: 'newest' });
});

test('a launch that never came to be is passed over', async () => {
  expect(await find((id) => Promise.resolve(id === 'newest' ? null : launch))).toBe(launch);
});
