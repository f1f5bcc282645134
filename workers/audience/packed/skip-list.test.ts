import { expect, test } from 'vitest';
import { apns, csv, devicesOf, fcm, testFolder } from '../for-tests.ts';
import { loadAudience } from './load.ts';
import { packSkipList, SkipList } from './skip-list.ts';

test('exactly the devices on the list are skipped, whatever the case of hex; an empty list takes it back', async () => {
  await using folder = await testFolder();
  const rows = Array.from(
    { length: 400 },
    (_, i) => `u${i},${i % 2 === 0 ? 'ios' : 'android'},${i % 2 === 0 ? apns(i) : fcm(i)},en,us`,
  );
  const { manifestKey } = await folder.compile(await folder.file('d.csv', csv(...rows)), {
    batchSize: 33,
    shardBytesAtMost: 5_000,
  });
  const audience = await loadAudience(folder.objects, manifestKey);
  const bad = [
    apns(0xaa).toUpperCase(),
    apns(2),
    fcm(3),
    fcm(399),
    'not a token',
    apns(1),
    fcm(2),
    `${fcm(5)}x`,
    fcm(7).slice(0, -1),
  ];
  const { bytes, ref } = packSkipList([...bad, '', '  ', apns(0xaa), fcm(3)]);
  expect(ref.tokens).toBe(bad.length);
  expect(audience.applySkipList(bytes)).toBe(4);
  const skipped = () =>
    devicesOf(audience)
      .filter((device) => device.skipped)
      .map(({ token }) => token)
      .sort();
  expect(skipped()).toEqual([apns(0xaa), apns(2), fcm(3), fcm(399)].sort());
  const another = packSkipList([fcm(1)]);
  expect(audience.applySkipList(another.bytes)).toBe(1);
  expect(skipped()).toEqual([fcm(1)]);
  expect(audience.applySkipList(packSkipList([]).bytes)).toBe(0);
  expect(audience.applySkipList(another.bytes)).toBe(1);
  expect(audience.applySkipList(null)).toBe(0);
  expect(skipped()).toEqual([]);
});

test('a hex text that is an Android token is found too', async () => {
  await using folder = await testFolder();
  const { manifestKey } = await folder.compile(
    await folder.file('d.csv', csv(`a,android,${'AB'.repeat(32)},en,us`, `b,ios,${'AB'.repeat(33)},en,us`)),
  );
  const audience = await loadAudience(folder.objects, manifestKey);
  expect(audience.applySkipList(packSkipList(['AB'.repeat(32)]).bytes)).toBe(1);
});

test('the order of tokens does not change the hash, a token more does', () => {
  const list = [apns(1), fcm(2), apns(3)];
  expect(packSkipList(list.toReversed()).ref.hash).toBe(packSkipList(list).ref.hash);
  expect(packSkipList([...list, fcm(4)]).ref.hash).not.toBe(packSkipList(list).ref.hash);
});

test('what is added to a list takes nobody back, and what it has already changes nothing', () => {
  const first = packSkipList([apns(1), fcm(2)]);
  const more = packSkipList([fcm(2), apns(3), apns(1).toUpperCase()], first.bytes);
  expect(more.ref).toEqual(packSkipList([apns(1), fcm(2), apns(3)]).ref);
  expect(packSkipList([apns(1)], first.bytes).ref).toEqual(first.ref);
  expect(packSkipList([], more.bytes).ref).toEqual(more.ref);
  expect(() => packSkipList([apns(1)], Buffer.from('something else'))).toThrow(
    expect.objectContaining({ code: 'SKIP_LIST_CORRUPT' }),
  );
});

test('a skip list that is cut, unsorted or something else is refused, and the one before stays', async () => {
  await using folder = await testFolder();
  const { manifestKey } = await folder.compile(await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`)));
  const audience = await loadAudience(folder.objects, manifestKey);
  const { bytes } = packSkipList([apns(1), apns(2)]);
  audience.applySkipList(bytes);
  const unsorted = Buffer.concat([
    bytes.subarray(0, 16),
    ...Array.from({ length: bytes.readUInt32BE(12) }, (_, i) => bytes.subarray(16 + 16 * i, 32 + 16 * i)).toReversed(),
  ]);
  for (const wrong of [
    bytes.subarray(0, -1),
    bytes.subarray(0, 8),
    Buffer.from('something else entirely'),
    unsorted,
    Buffer.alloc(0),
  ]) {
    expect(() => audience.applySkipList(wrong)).toThrow(expect.objectContaining({ code: 'SKIP_LIST_CORRUPT' }));
    expect(audience.skipped('us-ios.00001', 0)).toBe(true);
  }
});

test('a list says how much of another it lacks', () => {
  const list = (...numbers: number[]) => new SkipList(packSkipList(numbers.map((number) => fcm(number))).bytes);
  const of = (count: number, step: number) => Array.from({ length: count }, (_, at) => at * step);
  expect(list(1, 2, 3).lacks(list())).toBe(0);
  expect(list().lacks(list(1, 2))).toBe(2);
  expect(list(1, 2, 3).lacks(list(1, 2, 3))).toBe(0);
  expect(list(1, 3).lacks(list(1, 2, 3, 4))).toBe(2);
  // Multiples of 3 below 900 that are odd are not among the even ones.
  expect(list(...of(450, 2)).lacks(list(...of(300, 3)))).toBe(150);
  expect(list(...of(900, 1)).lacks(list(...of(300, 3)))).toBe(0);
});
