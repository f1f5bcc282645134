import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startStage } from '../../../test/worker-stage.ts';
import type { Stage } from '../../../test/worker-stage.ts';
import { main } from '../cli.ts';
import { devicesOf } from '../for-tests.ts';
import { fatesOf, findDevices, folded } from './find-devices.ts';
import { loadAudience } from './load.ts';
import { shardPeople } from './shard-people.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  await stage.stopWorkers();
});
afterAll(async () => {
  await stage.stop();
});

async function device(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const code = await main(['device', ...args], stage.env(''), out, err);
  return { code, out: String(out.read() ?? ''), err: String(err.read() ?? '') };
}

test('a person or a token is found with its text and what became of it, and no token is printed', async () => {
  const launch = await stage.newLaunch({ ios: 30, android: 10, marks: { 3: 'dead00' } });
  const { manifestKey } = launch.audience.audience;
  const loaded = await loadAudience(stage.cloud.objects, manifestKey);
  const all = devicesOf(loaded);
  const before = await device(all[0]?.token ?? '', '--launch', launch.id);
  expect(before).toMatchObject({ code: 0, err: '' });
  expect(before.out).toMatch(/device 1 +iOS, ios, found by its token\ntext +en: .+\nshot +none: ios was not fired/);

  await launch.worker({ threads: 1 });
  await launch.closed((await launch.fire()).id);
  const fates = await Promise.all(
    all.map(async ({ token, platform }) => {
      const { out } = await device(platform === 'ios' ? token.toUpperCase() : token, '--launch', launch.id);
      expect(out).not.toContain(token);
      return out;
    }),
  );
  const refused = fates.filter((out) => out.includes('refused by the provider for good: the token is bad'));
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatch(/failures of its batch: Unregistered 1/);
  expect(fates.filter((out) => out.includes('accepted by the provider'))).toHaveLength(39);

  const shards = loaded.manifest.shards;
  const people = await Promise.all(shards.map((one) => shardPeople(stage.cloud.objects, manifestKey, one)));
  const [user = ''] = people.flat();
  expect((await device(user.toUpperCase(), '--launch', launch.id)).out).toMatch(/device 1 +.*, found by its user/);
});

test('of a later attempt that has no account of its batch: who was settled before had no part in it, of who was left it is not known', async () => {
  const launch = await stage.newLaunch({ ios: 4, android: 0, marks: { 1: 'dead00' } });
  await launch.worker({ threads: 1 });
  const shot = await launch.closed((await launch.fire()).id);
  const again = { ...shot, id: 'S9', segments: [{ segment: 'ios', attempt: 2 }] };
  const running = { ...again, closed: null };
  const { manifestKey } = launch.audience.audience;
  const loaded = await loadAudience(stage.cloud.objects, manifestKey);
  const states = async (later: typeof again | typeof running) =>
    await Promise.all(
      devicesOf(loaded).map(async ({ token }) => {
        const [found] = await findDevices(stage.cloud.objects, manifestKey, loaded.manifest, token);
        if (found === undefined) throw new Error('NOT_FOUND');
        const fates = await fatesOf(stage.cloud.claims, launch.id, [shot, later], found);
        return fates.map(({ state }) => state).join(', then ');
      }),
    );
  for (const later of [again, running])
    expect((await states(later)).toSorted()).toEqual([
      'accepted, then absent',
      'accepted, then absent',
      'accepted, then absent',
      'bad-token, then absent',
    ]);
  const other = { ...again, segments: [{ segment: 'ios', attempt: 3 }] };
  const [found] = await findDevices(
    stage.cloud.objects,
    manifestKey,
    loaded.manifest,
    devicesOf(loaded)[0]?.token ?? '',
  );
  if (found === undefined) throw new Error('NOT_FOUND');
  // Without what the first attempt says nobody can tell.
  expect((await fatesOf(stage.cloud.claims, launch.id, [other], found)).map(({ state }) => state)).toEqual(['gone']);
});

test('who is not there, two words, and a launch that nobody knows are answered in words', async () => {
  const launch = await stage.newLaunch({ ios: 3, android: 3 });
  const { code, out } = await device('nobody', '--launch', launch.id);
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Not in the audience: no device of a user/) as string,
  });
  expect(await device('a', 'b', '--launch', launch.id)).toMatchObject({
    code: 2,
    err: expect.stringContaining('found "b" with device, expected no word more') as string,
  });
  expect(await device('a')).toMatchObject({ code: 2 });
  expect(await device('a', '--launch', 'gone')).toMatchObject({
    code: 1,
    err: expect.stringContaining('LAUNCH_UNKNOWN') as string,
  });
});

test('ids are compared without case and Unicode form', () => {
  expect(folded(' Straße ')).toBe(folded('STRASSE'));
  expect(folded('e\u0301')).toBe(folded('É'));
});
