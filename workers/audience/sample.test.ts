import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { devicesOf, testFolder } from './for-tests.ts';
import { loadAudience } from './packed/load.ts';
import { sampleAudience, SAMPLE_LOCALES } from './sample.ts';

const LOCALES = Object.keys(SAMPLE_LOCALES);

test('the same seed gives the same bytes, another seed others, and as many devices as asked for', async () => {
  await using folder = await testFolder();
  const make = async (name: string, seed: string) => {
    const summary = await sampleAudience({ devices: 5_000, seed, out: `${folder.path}/${name}` });
    const bytes = await readFile(summary.path);
    expect(bytes.toString('latin1').split('\n').length).toBe(5_002);
    return createHash('sha256').update(bytes).digest('hex');
  };
  expect(await make('a.csv', '1')).toBe(await make('b.csv', '1'));
  expect(await make('c.csv', '2')).not.toBe(await make('a.csv', '1'));
});

test('all of a sample is accepted: half and half, phones first, the marks in their shares, some users with several devices', async () => {
  await using folder = await testFolder();
  const input = `${folder.path}/s.csv`;
  const summary = await sampleAudience({
    devices: 20_000,
    seed: '3',
    out: input,
    marks: { unregistered: 0.05, bad: 0.02, errors: 0.01, silent: 0.01 },
  });
  const compiled = await folder.compile(input, { locales: LOCALES });
  expect(compiled).toMatchObject({ rows: 20_000, duplicates: 0, rejected: {}, manifest: { devices: 20_000 } });
  expect(summary.platforms.ios / 20_000).toBeCloseTo(0.5, 1);
  expect(summary.users).toBeLessThan(15_000);
  expect(summary.users).toBeGreaterThan(11_000);
  expect(Object.keys(compiled.manifest.localeCounts).sort()).toEqual([...LOCALES].sort());
  const tokens = devicesOf(await loadAudience(folder.objects, compiled.manifestKey)).map(({ token }) => token);
  const share = (mark: string) => tokens.filter((token) => token.startsWith(mark)).length / 20_000;
  expect(share('dead00')).toBeCloseTo(0.05, 2);
  expect(share('badd00')).toBeCloseTo(0.02, 2);
  expect(share('50000a')).toBeCloseTo(0.01, 2);
  expect(share('51111e')).toBeCloseTo(0.01, 2);
  expect(tokens.filter((token) => token.startsWith('face0')).length).toBe(4);
  const rows = (await readFile(input, 'utf8'))
    .split('\n')
    .slice(1, 5)
    .map((row) => row.split(','));
  expect(rows.every(([, , token]) => token?.startsWith('face0'))).toBe(true);
  expect(new Set(rows.map(([, platform]) => platform))).toEqual(new Set(['ios', 'android']));
  expect(rows.map(([, , , locale]) => locale)).toEqual(['ar', 'en', 'ja', 'de']);
});

test('a dirty sample has every wrong kind, in each format, and still all of its good devices', async () => {
  await using folder = await testFolder();
  const hashes = new Set<string>();
  for (const [name, reasons] of [
    ['d.csv', 12],
    ['d.ndjson', 10],
    ['d.parquet', 9],
  ] as const) {
    const input = `${folder.path}/${name}`;
    const summary = await sampleAudience({ devices: 300, seed: '3', out: input, dirty: true });
    const compiled = await folder.compile(input, { locales: LOCALES });
    expect(Object.keys(compiled.rejected).length, name).toBe(reasons);
    expect(compiled.rows).toBe(300 + summary.dirty);
    expect(compiled.manifest.devices).toBe(300);
    expect(compiled.duplicates).toBe(1);
    hashes.add(compiled.manifest.hash);
  }
  expect(hashes.size).toBe(1);
});

test('own markets and locales are used; wrong options say what was expected', async () => {
  await using folder = await testFolder();
  const input = `${folder.path}/s.csv`;
  await sampleAudience({
    devices: 200,
    seed: '1',
    out: input,
    markets: { ca: 1 },
    locales: { fr: 1, en: 1 },
    phones: 0,
  });
  const compiled = await folder.compile(input, { locales: ['en', 'fr'] });
  expect(compiled.manifest.segments.map(({ id }) => id)).toEqual(['ca-ios', 'ca-android']);
  await expect(sampleAudience({ devices: 1, seed: '1', out: `${folder.path}/s.xml` })).rejects.toMatchObject({
    code: 'FORMAT_UNKNOWN',
  });
  await expect(sampleAudience({ devices: 0, seed: '1', out: input })).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
  });
  await expect(sampleAudience({ devices: 9, seed: '1', out: input, marks: { bad: 2 } })).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
  });
});
