import { expect, test } from 'vitest';
import type { HomeStore } from '../../infra/aws/home-store.ts';
import type { Home } from '../../runbooks/launch/home.ts';
import { firstHome, toSend } from '../../runbooks/launch/home.ts';
import { workerKeyring } from '../../test/keys.ts';
import { LAUNCH_ID, sampleRunbook, Scene } from '../../test/properties/scene.ts';
import { homeCheck } from './home-check.ts';
import { wallClock } from './lease-for-tests.ts';
import { ShotRuns } from './shot-runs.ts';

const REGIONS = { home: 'us-east-1', standby: 'us-west-2' };

/** A fired shot as a worker of this region finds it, with the home as it stands. */
function worker(region: string, scene: Scene, state: { home: Home; isAway: boolean; asked: number }) {
  const homes: Pick<HomeStore, 'send'> = {
    send: (_launchId, _regions, of, shotId) => {
      state.asked += 1;
      if (state.isAway) return Promise.reject(new Error('away'));
      const next = toSend(state.home, of, shotId);
      if (next.ok) state.home = next.home;
      return Promise.resolve(next);
    },
  };
  return new ShotRuns({
    journal: { entries: () => Promise.resolve(scene.entries), keyring: workerKeyring() },
    launchId: LAUNCH_ID,
    head: () => Promise.resolve(null),
    loaded: () => ({ audienceHash: scene.state.audience?.hash ?? '', skipListHash: null, locales: ['en'] }),
    clock: wallClock,
    atHome: homeCheck({ homes: homes as HomeStore, region }),
    onRun: () => undefined,
  });
}

test('a worker takes up a shot only where the launch is, and what it found holds from then on', async () => {
  const scene = Scene.ready(sampleRunbook({ regions: REGIONS }));
  const { id } = scene.fired(['us-ios']);
  const state = { home: firstHome(REGIONS), isAway: false, asked: 0 };
  expect(await worker('us-west-2', scene, state).find(id)).toMatchObject({ ok: false, code: 'HOME_ELSEWHERE' });
  expect(state.home.firstShot).toBeNull();
  const runs = worker('us-east-1', scene, state);
  expect(await runs.find(id)).toMatchObject({ ok: true });
  expect(state.home).toEqual({ region: 'us-east-1', firstShot: id });
  state.isAway = true;
  expect(await runs.find(id)).toMatchObject({ ok: true });
  expect(state.asked).toBe(2);
});

test('where the home can’t be read nothing is sent, and it is asked again', async () => {
  const scene = Scene.ready(sampleRunbook({ regions: REGIONS }));
  const { id } = scene.fired(['us-ios']);
  const state = { home: firstHome(REGIONS), isAway: true, asked: 0 };
  const runs = worker('us-east-1', scene, state);
  await expect(runs.find(id)).rejects.toThrow('away');
  state.isAway = false;
  expect(await runs.find(id)).toMatchObject({ ok: true });
});

test('a launch with one region asks nobody', async () => {
  const scene = Scene.ready();
  const { id } = scene.fired(['us-ios']);
  const state = { home: firstHome(REGIONS), isAway: true, asked: 0 };
  expect(await worker('us-east-1', scene, state).find(id)).toMatchObject({ ok: true });
  expect(state.asked).toBe(0);
});
