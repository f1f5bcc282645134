import { expect, test } from 'vitest';
import type { RehearsalSample } from '../../../runbooks/launch/entries.ts';
import { sampleSize } from '../../../runbooks/launch/rehearsal-launch.ts';
import { apns, csv, devicesOf, fcm, testFolder } from '../for-tests.ts';
import { loadAudience } from './load.ts';
import { shardPeople } from './shard-people.ts';
import { takeSample } from './take-sample.ts';

const LOCALES = ['en', 'es', 'pt-BR'];
/** 400 devices in four segments, over several shards and batches. */
const rows = Array.from({ length: 400 }, (_, i) => {
  const isIos = i % 4 !== 3;
  return `u${i},${isIos ? 'ios' : 'android'},${isIos ? apns(i) : fcm(i)},${LOCALES[i % 3]},${i % 5 === 0 ? 'br' : 'us'}`;
});

test('a sample holds so many devices of the audience and nobody else, the same at every try, and a larger one the smaller', async () => {
  await using folder = await testFolder();
  const { audience, manifestKey } = await folder.compile(await folder.file('d.csv', csv(...rows)), {
    batchSize: 30,
    shardBytesAtMost: 8_000,
  });
  const { objects } = folder;
  const take = async (sample: RehearsalSample) => {
    const taken = await takeSample({
      objects,
      manifestKey,
      hash: audience.hash,
      sample,
      atMost: sampleSize(sample, audience),
    });
    const loaded = await loadAudience(objects, taken.manifestKey, { hash: taken.hash });
    return { taken, loaded, tokens: new Set(devicesOf(loaded).map(({ token }) => token)) };
  };
  const whole = devicesOf(await loadAudience(objects, manifestKey));
  const all = new Set(whole.map(({ token }) => token));
  const [small, large, again] = [await take({ first: 25 }), await take({ share: 0.25 }), await take({ first: 25 })];
  expect([small.tokens.size, large.tokens.size]).toEqual([25, 100]);
  expect(small.taken).toMatchObject({ devices: 25, sampleOf: audience.hash });
  expect(again.taken.hash).toBe(small.taken.hash);
  expect([...large.tokens].every((token) => all.has(token))).toBe(true);
  expect([...small.tokens].every((token) => large.tokens.has(token))).toBe(true);
  expect(large.taken.segments.map(({ id }) => id).toSorted()).toEqual(['br-android', 'br-ios', 'us-android', 'us-ios']);

  const market = await take({ segments: ['br-ios', 'br-android'] });
  expect(market.taken.segments.map(({ id, devices }) => [id, devices])).toEqual(
    audience.segments.filter(({ id }) => id.startsWith('br')).map(({ id, devices }) => [id, devices]),
  );
  expect((await take({ first: 1_000 })).tokens).toEqual(all);

  // Each keeps its language and its person, whom a list of opt-outs may name.
  const localeOf = new Map(whole.map(({ token, locale }) => [token, locale]));
  expect(devicesOf(large.loaded).every(({ token, locale }) => localeOf.get(token) === locale)).toBe(true);
  expect(large.taken.locales).toEqual(
    devicesOf(large.loaded).reduce<Record<string, number>>(
      (sum, { locale }) => ({ ...sum, [locale]: (sum[locale] ?? 0) + 1 }),
      {},
    ),
  );
  const personOf = new Map(rows.map((row) => [row.split(',')[2] ?? '', row.split(',')[0] ?? '']));
  const [part] = large.loaded.manifest.shards;
  if (part === undefined) throw new Error('no shard');
  const people = await shardPeople(objects, large.taken.manifestKey, part);
  const tokens = devicesOf(large.loaded).slice(0, people.length);
  expect(people).toEqual(tokens.map(({ token }) => personOf.get(token)));
});

test('a segment that the audience has not is refused, and nothing is stored', async () => {
  await using folder = await testFolder();
  const { manifestKey, audience } = await folder.compile(await folder.file('d.csv', csv(...rows)));
  await expect(
    takeSample({
      objects: folder.objects,
      manifestKey,
      hash: audience.hash,
      sample: { segments: ['fr-ios'] },
      atMost: 0,
    }),
  ).rejects.toMatchObject({
    code: 'SEGMENT_EMPTY',
    message: expect.stringContaining('br-android, us-android') as string,
  });
});

test('a sample of an audience with variants keeps them apart, and holds nobody who is held out', async () => {
  await using folder = await testFolder();
  const shares = [
    { id: 'a', share: 0.45 },
    { id: 'b', share: 0.45 },
  ];
  const { audience, manifestKey } = await folder.compile(await folder.file('d.csv', csv(...rows)), {
    batchSize: 30,
    split: { salt: 'sale', variants: shares, holdOut: 0.1 },
  });
  const { objects } = folder;
  const taken = await takeSample({ objects, manifestKey, hash: audience.hash, sample: { first: 100 }, atMost: 100 });
  expect(taken).toMatchObject({ devices: 100, split: audience.split });
  const variantOf = (loaded: Awaited<ReturnType<typeof loadAudience>>) =>
    new Map(
      devicesOf(loaded).map(({ token, batch, locale }) => [
        token,
        `${loaded.manifest.segments.flatMap(({ batches }) => batches).find(({ id }) => id === batch)?.variant} ${locale}`,
      ]),
    );
  const before = variantOf(await loadAudience(objects, manifestKey));
  const now = variantOf(await loadAudience(objects, taken.manifestKey, { hash: taken.hash }));
  expect([...now].filter(([token, variant]) => before.get(token) !== variant)).toEqual([]);
  const counted = taken.segments.flatMap(({ variants = {} }) => Object.values(variants));
  expect(counted.reduce((sum, devices) => sum + devices, 0)).toBe(100);
});

test('another audience than the one that is rehearsed is refused', async () => {
  await using folder = await testFolder();
  const { manifestKey } = await folder.compile(await folder.file('d.csv', csv(...rows)));
  const taking = takeSample({ objects: folder.objects, manifestKey, hash: 'c', sample: { first: 1 }, atMost: 1 });
  await expect(taking).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
});
