import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { audienceRefOf, wrongSum } from '../../contract/manifest.ts';
import type { Split } from '../../runbooks/launch/entries.ts';
import { acceptProblems } from './accept.ts';
import { summaryOf } from './commands/compile-summary.ts';
import type { CompileOptions } from './compile.ts';
import { apns, csv, devicesOf, fcm, testFolder } from './for-tests.ts';
import { loadAudience } from './packed/load.ts';
import { isHeldOut } from './split.ts';

const split: Split = {
  salt: 'weekly',
  variants: [
    { id: 'a', share: 0.45 },
    { id: 'b', share: 0.45 },
  ],
  holdOut: 0.1,
};

/** As the page says that anybody can work it out. */
function placeOf(user: string): number {
  return Number.parseInt(createHash('sha256').update(`weekly/${user}`).digest('hex').slice(0, 12), 16) / 2 ** 48;
}
const expectedOf = (user: string): string => (placeOf(user) < 0.1 ? 'held out' : placeOf(user) < 0.55 ? 'a' : 'b');

const USERS = 1_000;
const locales = ['en', 'es', 'pt-BR'];
const rows = Array.from({ length: USERS }, (_, n) => [
  `u${n},ios,${apns(n + 1)},${locales[n % 3] ?? ''},us`,
  `u${n},android,${fcm(n + 1)},${locales[(n + 1) % 3] ?? ''},us`,
]).flat();

test('who is held out is the same for one user as in a compile', () => {
  for (let n = 0; n < USERS; n += 1) expect(isHeldOut(split, `u${n}`)).toBe(expectedOf(`u${n}`) === 'held out');
});

test('every device of a user is of one variant by the hash of the user, and who is held out is in no batch', async () => {
  await using folder = await testFolder();
  const input = await folder.file('all.csv', csv(...rows));
  const compiled = await folder.compile(input, { split, batchSize: 100 });
  // On any number of threads.
  expect((await folder.compile(input, { split, batchSize: 100, threads: 1 })).manifest).toEqual(compiled.manifest);
  const audience = await loadAudience(folder.objects, compiled.manifestKey);
  const got = new Map(devicesOf(audience).map(({ token, locale }) => [token, locale]));
  for (let n = 0; n < USERS; n += 1) {
    const variant = expectedOf(`u${n}`);
    const texts = [got.get(apns(n + 1)), got.get(fcm(n + 1))];
    expect(texts).toEqual(
      variant === 'held out'
        ? [undefined, undefined]
        : [`${locales[n % 3] ?? ''}/${variant}`, `${locales[(n + 1) % 3] ?? ''}/${variant}`],
    );
  }
  const counted = Object.groupBy(
    Array.from({ length: USERS }, (_, n) => `u${n}`),
    expectedOf,
  );
  const { manifest } = compiled;
  expect(compiled).toMatchObject({ rows: 2 * USERS, heldOut: 2 * (counted['held out']?.length ?? 0), rejected: {} });
  expect(manifest).toMatchObject({
    devices: 2 * USERS - compiled.heldOut,
    split,
    heldOut: compiled.heldOut,
    locales: ['en/a', 'en/b', 'es/a', 'es/b', 'pt-BR/a', 'pt-BR/b'],
  });
  for (const segment of manifest.segments)
    expect(segment).toMatchObject({
      variants: { a: counted['a']?.length, b: counted['b']?.length },
      heldOut: counted['held out']?.length,
    });
  expect(wrongSum(manifest)).toBeNull();
  expect(audienceRefOf(manifest, 'k')).toMatchObject({
    split,
    heldOut: compiled.heldOut,
    segments: [{ id: 'us-ios', variants: { a: counted['a']?.length } }, { id: 'us-android' }],
  });
});

test('batches are of one variant and take turns, so that none goes out before the other', async () => {
  await using folder = await testFolder();
  const uneven = {
    ...split,
    variants: [
      { id: 'a', share: 0.72 },
      { id: 'b', share: 0.18 },
    ],
  };
  const { manifest } = await folder.compile(await folder.file('all.csv', csv(...rows)), {
    split: uneven,
    batchSize: 20,
  });
  const [ios] = manifest.segments;
  const order = ios?.batches.map(({ variant }) => variant).join('') ?? '';
  // Some 720 of a and 180 of b, in batches of 20: b stands among a, not behind it.
  expect(order).toMatch(/^a+ba+ba+ba+b/);
  for (const id of ['a', 'b']) {
    const whole = ios?.batches.filter(({ variant }) => variant === id).slice(0, -1) ?? [];
    expect(new Set(whole.map(({ count }) => count))).toEqual(new Set([20]));
  }
});

test('a compile says how many have each variant and how many are held out, and misses nobody for that', async () => {
  await using folder = await testFolder();
  const compiled = await folder.compile(await folder.file('all.csv', csv(...rows)), { split });
  const { manifest, heldOut } = compiled;
  const said = summaryOf(compiled, { rejectsPath: null } as CompileOptions);
  expect(said).toContain('a 45 %, b 45 %, 10 % held out of the users, by the hash of weekly/user');
  expect(said).toMatch(new RegExp(`held out +${heldOut}, on purpose`));
  expect(said).toMatch(/us-ios +\d+ in \d+ batches, \d+ held out/);
  // As many as the last launch had, where nobody was held out or as many.
  expect(acceptProblems(compiled, { launchId: 'before', devices: 2 * USERS })).toEqual([]);
  const [problem = ''] = acceptProblems(compiled, { launchId: 'before', devices: 4 * USERS });
  expect(problem).toContain(`2,000 devices (${heldOut} of them held out) are 50 % fewer than the 4,000 of before`);
  expect(manifest.devices).toBe(2 * USERS - heldOut);
});

test('more texts than a shard can tell apart are refused, with how many there are', async () => {
  await using folder = await testFolder();
  const many =
    'en es de fr it nl sv da nb fi pl cs sk hu ro bg el tr ru uk he ar hi th vi id ms ja ko zh ca eu gl'.split(' ');
  const input = await folder.file('many.csv', csv(...many.map((locale, n) => `u${n},ios,${apns(n + 1)},${locale},us`)));
  const variants = Array.from('abcdefgh', (id) => ({ id, share: 0.125 }));
  await expect(
    folder.compile(input, { locales: many, split: { salt: 's', variants, holdOut: 0 } }),
  ).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
    message: 'locales: found 33 in use, 264 with their variants, expected at most 256',
  });
});

test('a hold-out alone makes no variants: texts and batches have none', async () => {
  await using folder = await testFolder();
  const only = { salt: 'weekly', variants: [], holdOut: 0.1 };
  const { manifest, heldOut } = await folder.compile(await folder.file('all.csv', csv(...rows)), { split: only });
  expect(manifest.locales).toEqual(['en', 'es', 'pt-BR']);
  expect(manifest.segments[0]).not.toHaveProperty('variants');
  expect(manifest.segments[0]?.batches[0]).not.toHaveProperty('variant');
  expect(heldOut).toBe(
    2 * Array.from({ length: USERS }, (_, n) => `u${n}`).filter((user) => placeOf(user) < 0.1).length,
  );
});

test('a segment whose every device is held out is no segment, and its devices are counted all the same', async () => {
  await using folder = await testFolder();
  const held = Array.from({ length: USERS }, (_, n) => n).find((n) => expectedOf(`u${n}`) === 'held out') ?? 0;
  const input = await folder.file('two.csv', csv(...rows, `u${held},ios,${apns(9_999)},en,fr`));
  const { manifest, heldOut } = await folder.compile(input, { split });
  expect(manifest.segments.map(({ id }) => id)).toEqual(['us-ios', 'us-android']);
  expect(heldOut).toBe(manifest.segments.reduce((sum, one) => sum + (one.heldOut ?? 0), 0) + 1);
  expect(manifest.heldOut).toBe(heldOut);
});

test('a manifest in which a batch is of no variant, of an unknown one, or counted under another one is none', async () => {
  await using folder = await testFolder();
  const { manifest } = await folder.compile(await folder.file('all.csv', csv(...rows.slice(0, 200))), { split });
  const withBatch = (change: object): string | null => {
    const wrong = structuredClone(manifest);
    const [segment] = wrong.segments;
    if (segment?.batches[0] !== undefined) segment.batches[0] = { ...segment.batches[0], ...change };
    return wrongSum(wrong);
  };
  expect(withBatch({})).toBeNull();
  const first = manifest.segments[0]?.batches[0]?.variant;
  expect(withBatch({ variant: first === 'a' ? 'b' : 'a' })).toMatch(
    /in batches of the variant [ab] and \d+ of its own/,
  );
  expect(withBatch({ variant: 'c' })).toMatch(/in batches of the variant/);
  expect(withBatch({ variant: undefined })).toMatch(/in batches of the variant/);
  const bare = structuredClone(manifest);
  const [segment] = bare.segments;
  const batch = segment?.batches[0];
  if (segment?.variants === undefined || batch?.variant === undefined) throw new Error('expected variants');
  segment.variants[batch.variant] = (segment.variants[batch.variant] ?? 0) - batch.count;
  delete batch.variant;
  expect(wrongSum(bare)).toBe(`batch ${batch.id} of no variant`);
  const { split: _, ...unsplit } = manifest;
  expect(wrongSum(unsplit as typeof manifest)).toMatch(/in batches of the variant/);
});

test('a split by what is no id of a campaign is refused before anything is read into a query', async () => {
  await using folder = await testFolder();
  const input = await folder.file('one.csv', csv(...rows.slice(0, 2)));
  await expect(folder.compile(input, { split: { ...split, salt: "x' OR 1=1" } })).rejects.toMatchObject({
    code: 'ARGUMENT_INVALID',
    message: expect.stringContaining('expected the id of a campaign'),
  });
});
