import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { audienceRefOf, beside, manifestHash } from '../../../contract/manifest.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { apns, csv, devicesOf, fcm, testFolder } from '../for-tests.ts';
import { loadAudience } from './load.ts';

const LOCALES = ['es', 'en', 'pt-BR'];

/** 120 devices in three segments and several shards. */
async function compiled(folder: Awaited<ReturnType<typeof testFolder>>) {
  const rows = Array.from(
    { length: 120 },
    (_, i) =>
      `u${i},${i < 70 ? 'ios' : 'android'},${i < 70 ? apns(i) : fcm(i)},${LOCALES[i % 3]},${i < 30 ? 'br' : 'us'}`,
  );
  return folder.compile(await folder.file('d.csv', csv(...rows)), { batchSize: 8, shardBytesAtMost: 1_400 });
}

test('what was compiled is what is loaded: every device once, by segment, then locale, then row', async () => {
  await using folder = await testFolder();
  const { manifest, manifestKey } = await compiled(folder);
  const seen: number[][] = [];
  const audience = await loadAudience(folder.objects, manifestKey, {
    concurrency: 2,
    progress: (done, total) => seen.push([done, total]),
  });
  const total = manifest.shards.length;
  expect(total).toBeGreaterThan(4);
  expect(seen).toEqual(Array.from({ length: total + 1 }, (_, done) => [done, total]));
  const expected = Array.from({ length: 120 }, (_, i) => ({
    token: i < 70 ? apns(i) : fcm(i),
    locale: LOCALES[i % 3] ?? '',
    segment: i < 30 ? 'br-ios' : i < 70 ? 'us-ios' : 'us-android',
    order: (i < 30 ? 0 : i < 70 ? 1 : 2) * 1e6 + ['en', 'es', 'pt-BR'].indexOf(LOCALES[i % 3] ?? '') * 1e3 + i,
  }))
    .sort((a, b) => a.order - b.order)
    .map(({ token, locale, segment }) => ({ token, locale, segment }));
  expect(devicesOf(audience).map(({ token, locale, segment }) => ({ token, locale, segment }))).toEqual(expected);
  expect(audience.batch('us-ios.00005')).toEqual({ platform: 'ios', segment: 'us-ios', count: 8 });
  expect(audience.tokenAt('br-ios.00001', 1)).toBe(apns(4));
  expect(manifest.locales[audience.localeAt('br-ios.00001', 1)]).toBe('en');
  const target = new Uint8Array(100);
  expect(audience.tokenBytes('br-ios.00001', 1, target, 3)).toBe(64);
  expect(Buffer.from(target).toString('latin1', 3, 67)).toBe(apns(4));
  expect(audience.bytes).toBe(manifest.shards.reduce((sum, shard) => sum + shard.bytes, 15));
  expect(audienceRefOf(manifest, manifestKey)).toEqual({
    hash: manifest.hash,
    manifestKey,
    devices: 120,
    locales: { en: 40, es: 40, 'pt-BR': 40 },
    segments: [
      { id: 'br-ios', platform: 'ios', devices: 30, batches: 4, locales: { en: 10, es: 10, 'pt-BR': 10 } },
      { id: 'us-ios', platform: 'ios', devices: 40, batches: 5, locales: { en: 13, es: 14, 'pt-BR': 13 } },
      { id: 'us-android', platform: 'android', devices: 50, batches: 7, locales: { en: 17, es: 16, 'pt-BR': 17 } },
    ],
  });
});

test('a batch or device that is not there is an error, not another device', async () => {
  await using folder = await testFolder();
  const audience = await loadAudience(folder.objects, (await compiled(folder)).manifestKey);
  for (const id of ['us-ios.00006', 'nope', 'constructor', ''])
    expect(() => audience.batch(id)).toThrow(expect.objectContaining({ code: 'BATCH_UNKNOWN' }));
  for (const index of [-1, 6, 1e9, Number.NaN]) {
    expect(() => audience.tokenAt('br-ios.00004', index)).toThrow(RangeError);
    expect(() => audience.skipped('br-ios.00004', index)).toThrow(RangeError);
    expect(() => audience.view('br-ios.00004').locale(index)).toThrow(RangeError);
  }
});

test('a shard that is missing, cut, longer or changed in one bit stops the load with its name', async () => {
  await using folder = await testFolder();
  const { manifest, manifestKey } = await compiled(folder);
  const key = beside(manifestKey, manifest.shards[1]?.key ?? '');
  const good = (await folder.objects.get(key)) ?? new Uint8Array();
  const instead = (bytes: Uint8Array | null): Objects => ({
    ...folder.objects,
    get: async (wanted, signal) => (wanted === key ? bytes : folder.objects.get(wanted, signal)),
  });
  const flipped = Uint8Array.from(good);
  flipped[good.length >> 1] = (flipped[good.length >> 1] ?? 0) ^ 1;
  for (const [bytes, code, words] of [
    [null, 'SHARD_MISSING', 'found no such object'],
    [good.subarray(1), 'SHARD_CORRUPT', `found ${good.length - 1} bytes, expected ${good.length}`],
    [Buffer.concat([good, Buffer.from([0])]), 'SHARD_CORRUPT', 'bytes'],
    [flipped, 'SHARD_CORRUPT', 'sha256'],
    [new Uint8Array(), 'SHARD_CORRUPT', 'found 0 bytes'],
  ] as const) {
    await expect(loadAudience(instead(bytes), manifestKey)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(`${key}: .*${words}`) as string,
    });
  }
});

test('a manifest that is missing, not JSON, changed, or not the expected one is refused', async () => {
  await using folder = await testFolder();
  const { manifest, manifestKey } = await compiled(folder);
  const load = async (body: string) => {
    await folder.objects.put('other/manifest.json', Buffer.from(body));
    return loadAudience(folder.objects, 'other/manifest.json');
  };
  await expect(loadAudience(folder.objects, 'audiences/none/manifest.json')).rejects.toMatchObject({
    code: 'MANIFEST_MISSING',
  });
  await expect(load('{')).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  await expect(load(JSON.stringify({ ...manifest, v: 2 }))).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  await expect(load(JSON.stringify({ ...manifest, devices: 119 }))).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: expect.stringContaining('hash') as string,
  });
  const overlapping = {
    ...manifest,
    segments: manifest.segments.map((segment, i) =>
      i === 0 ? { ...segment, batches: segment.batches.map((batch) => ({ ...batch, start: 0 })) } : segment,
    ),
  };
  await expect(load(JSON.stringify({ ...overlapping, hash: manifestHash(overlapping) }))).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: expect.stringContaining('out of place') as string,
  });
  await expect(loadAudience(folder.objects, manifestKey, { hash: 'f'.repeat(64) })).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
  });
});

test('a failed or aborted load leaves no fetch running', async () => {
  await using folder = await testFolder();
  const { manifestKey } = await compiled(folder);
  let running = 0;
  let calls = 0;
  const counted: Objects = {
    ...folder.objects,
    get: async (key, signal) => {
      running++;
      try {
        calls++;
        if (calls === 3) throw new Error('S3 is away');
        return await folder.objects.get(key, signal);
      } finally {
        running--;
      }
    },
  };
  await expect(loadAudience(counted, manifestKey, { concurrency: 3 })).rejects.toThrow('S3 is away');
  expect(running).toBe(0);
  const stop = new AbortController();
  const aborted = loadAudience(folder.objects, manifestKey, {
    concurrency: 1,
    signal: stop.signal,
    progress: (done) => (done === 2 ? stop.abort(new Error('stopped')) : undefined),
  });
  await expect(aborted).rejects.toThrow('stopped');
});

test('another thread has the same audience and sees the skip list, without a copy', async () => {
  await using folder = await testFolder();
  const { manifestKey, skipList } = await folder.compile(
    await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`, `b,ios,${apns(2)},en,us`)),
    { skip: [apns(2)] },
  );
  const audience = await loadAudience(folder.objects, manifestKey);
  audience.applySkipList(await folder.objects.get(skipList?.key ?? ''));
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(new URL('loaded-audience.ts', import.meta.url).href)}).then(({ attachAudience }) => {
      const audience = attachAudience(workerData);
      parentPort.postMessage([0, 1].map((i) => [audience.tokenAt('us-ios.00001', i), audience.skipped('us-ios.00001', i)]));
    });`;
  const worker = new Worker(script, { eval: true, workerData: audience.share() });
  const [said] = (await once(worker, 'message')) as unknown[];
  await worker.terminate();
  expect(said).toEqual([
    [apns(1), false],
    [apns(2), true],
  ]);
});
