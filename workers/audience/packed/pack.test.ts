import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { apns, fcm, testFolder } from '../for-tests.ts';
import { Packer, SHARD_BYTES_AT_MOST } from './pack.ts';

async function pack(
  folder: string,
  batchSize: number,
  shardBytesAtMost: number | undefined,
  segments: readonly (readonly [string, 'ios' | 'android', number])[],
) {
  const packer = new Packer({ folder, batchSize, ...(shardBytesAtMost === undefined ? {} : { shardBytesAtMost }) });
  for (const [id, platform, devices] of segments) {
    await packer.segment(id, platform);
    for (let i = 0; i < devices; i++) await packer.add(platform === 'ios' ? apns(i) : fcm(i), 0, `user-${id}-${i}`);
  }
  return packer.finish();
}

test('batches are whole but for the last of a segment, and never span segments', async () => {
  await using folder = await testFolder();
  const { segments, shards } = await pack(folder.path, 4, undefined, [
    ['a-ios', 'ios', 8],
    ['b-ios', 'ios', 3],
    ['c-ios', 'ios', 9],
  ]);
  expect(segments.map(({ batches }) => batches.map(({ count }) => count))).toEqual([[4, 4], [3], [4, 4, 1]]);
  expect(segments.flatMap(({ batches }) => batches.map(({ start }) => start))).toEqual([0, 4, 8, 11, 15, 19]);
  expect(segments[2]?.batches.map(({ id }) => id)).toEqual(['c-ios.00001', 'c-ios.00002', 'c-ios.00003']);
  expect(shards.map(({ devices }) => devices)).toEqual([20]);
});

test('shards hold one platform, stay under their size and end between batches', async () => {
  await using folder = await testFolder();
  const { segments, shards } = await pack(folder.path, 10, 2_000, [
    ['a-ios', 'ios', 95],
    ['a-android', 'android', 25],
  ]);
  expect(shards.map(({ id, platform, devices }) => [id, platform, devices])).toEqual([
    ['ios-0001', 'ios', 50],
    ['ios-0002', 'ios', 45],
    ['android-0001', 'android', 10],
    ['android-0002', 'android', 15],
  ]);
  for (const shard of shards) {
    expect(shard.bytes).toBeLessThanOrEqual(2_000);
    expect((await readFile(shard.path)).length).toBe(shard.bytes);
    expect((await readFile(shard.usersPath, 'utf8')).trimEnd().split('\n').length).toBe(shard.devices);
  }
  expect(segments.map(({ batches }) => batches.map(({ shard, count }) => `${shard} ${count}`))).toEqual([
    [
      'ios-0001 10',
      'ios-0001 10',
      'ios-0001 10',
      'ios-0001 10',
      'ios-0001 10',
      'ios-0002 10',
      'ios-0002 10',
      'ios-0002 10',
      'ios-0002 10',
      'ios-0002 5',
    ],
    ['android-0001 10', 'android-0002 10', 'android-0002 5'],
  ]);
});

test('very long tokens and user ids end a batch early instead of bursting a shard', async () => {
  await using folder = await testFolder();
  const packer = new Packer({ folder: folder.path, batchSize: 2_000 });
  await packer.segment('us-android', 'android');
  for (let i = 0; i < 4_000; i++) await packer.add(String(i).padStart(4_096, 'x'), 0, 'ü'.repeat(200));
  const { segments, shards } = await packer.finish();
  expect(shards.length).toBeGreaterThan(1);
  for (const shard of shards) expect(shard.bytes).toBeLessThanOrEqual(SHARD_BYTES_AT_MOST);
  expect(segments[0]?.batches.every(({ count }) => count < 2_000)).toBe(true);
  expect(segments[0]?.devices).toBe(4_000);
});
