import { expect, test } from 'vitest';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import type { Home } from '../../../runbooks/launch/home.ts';
import { sampleRunbook, Scene } from '../../../test/properties/scene.ts';
import { homeNow } from './home-probe.ts';

const REGIONS = { home: 'us-east-1', standby: 'us-west-2' };
const launch = Scene.created(sampleRunbook({ regions: REGIONS })).state;
const cloudWith = (read: () => Promise<{ home: Home; asked: null }>) =>
  ({ region: 'us-east-1', homes: { read } }) as unknown as Cloud;
const at = (region: string) => cloudWith(() => Promise.resolve({ home: { region, firstShot: null }, asked: null }));

test('the gate is green where the launch is, and red where it was taken over or nobody can know', async () => {
  expect(await homeNow(at('us-east-1'), launch)).toMatchObject({ status: 'green' });
  expect(await homeNow(at('us-west-2'), launch)).toMatchObject({
    status: 'red',
    say: 'us-west-2 has this launch, and us-east-1 may send nothing of it',
  });
  const away = cloudWith(() => Promise.reject(new Error('away')));
  expect(await homeNow(away, launch)).toMatchObject({ status: 'red', value: null });
  expect(await homeNow(away, Scene.created().state)).toMatchObject({ status: 'green' });
});
