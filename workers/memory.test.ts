import pino from 'pino';
import { expect, test } from 'vitest';
import type { Launch } from '../runbooks/launch/launch.ts';
import { apns, csv, testFolder } from './audience/for-tests.ts';
import { packSkipList } from './audience/packed/skip-list.ts';
import { Memory } from './memory.ts';

test('a list that only skips more is marked in the audience that threads hold, without letting go of it; another one is not', async () => {
  await using folder = await testFolder();
  const { audience } = await folder.compile(
    await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`, `b,ios,${apns(2)},en,us`)),
  );
  const changes: (string | null)[] = [];
  const memory = new Memory({
    objects: folder.objects,
    log: pino({ level: 'silent' }),
    onChange: (held) => changes.push(held?.manifest.hash ?? null),
  });
  const [first, longer, other] = [packSkipList([apns(1)]), packSkipList([apns(1), apns(2)]), packSkipList([apns(2)])];
  for (const { ref, bytes } of [first, longer, other]) await folder.objects.put(ref.key, bytes);
  const launch = (skipList: Launch['skipList']) => ({ shots: {}, audience, skipList }) as unknown as Launch;
  const skipped = () => [0, 1].map((index) => memory.audience?.skipped('us-ios.00001', index));
  await memory.follow(launch({ ...first.ref, covers: [null] }));
  expect([changes, skipped()]).toEqual([
    [null, audience.hash],
    [true, false],
  ]);
  await memory.follow(launch({ ...longer.ref, covers: [first.ref.hash, null] }));
  expect([changes.length, skipped(), memory.current?.skipListHash]).toEqual([2, [true, true], longer.ref.hash]);
  await memory.follow(launch({ ...other.ref, covers: [] }));
  expect([changes.length, skipped(), memory.current?.skipListHash]).toEqual([4, [false, true], other.ref.hash]);
});

test('a skip list whose object was changed is not applied: what is in memory stays, and nothing new is loaded with it', async () => {
  await using folder = await testFolder();
  const { audience } = await folder.compile(
    await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`, `b,ios,${apns(2)},en,us`)),
  );
  const [first, longer] = [packSkipList([apns(1)]), packSkipList([apns(1), apns(2)])];
  const launch = (skipList: Launch['skipList']) => ({ shots: {}, audience, skipList }) as unknown as Launch;
  const memoryOf = () => new Memory({ objects: folder.objects, log: pino({ level: 'silent' }) });
  await folder.objects.put(first.ref.key, first.bytes);
  const running = memoryOf();
  await running.follow(launch({ ...first.ref, covers: [null] }));
  // Whoever can write the bucket empties both.
  for (const { ref } of [first, longer]) await folder.objects.put(ref.key, packSkipList([]).bytes);
  await expect(running.follow(launch({ ...longer.ref, covers: [first.ref.hash, null] }))).rejects.toThrow(
    /skip-lists.*changed after it was set/,
  );
  expect([running.current?.skipListHash, running.audience?.skipped('us-ios.00001', 0)]).toEqual([first.ref.hash, true]);
  const fresh = memoryOf();
  await expect(fresh.follow(launch({ ...first.ref, covers: [null] }))).rejects.toMatchObject({
    code: 'SKIP_LIST_CORRUPT',
  });
  expect([fresh.current, fresh.audience]).toEqual([null, null]);
  await expect(memoryOf().follow(launch({ ...first.ref, key: 'skip-lists/none.bin', covers: [null] }))).rejects.toThrow(
    /found no such object/,
  );
});

test('a list that was said to add to another and lacks some of it takes nobody back, also in a worker that starts with it', async () => {
  await using folder = await testFolder();
  const { audience } = await folder.compile(
    await folder.file('d.csv', csv(...[1, 2, 3].map((at) => `${at},ios,${apns(at)},en,us`))),
  );
  const [first, second, third] = [packSkipList([apns(1)]), packSkipList([apns(2)]), packSkipList([])];
  for (const { ref, bytes } of [first, second, third]) await folder.objects.put(ref.key, bytes);
  const launch = {
    shots: {},
    audience,
    skipList: { ...third.ref, covers: [second.ref.hash, first.ref.hash, null] },
  } as unknown as Launch;
  const memory = new Memory({ objects: folder.objects, log: pino({ level: 'silent' }) });
  await memory.follow(launch);
  expect(
    [0, 1, 2].map((index) => memory.audience?.skipped('us-ios.00001', index)).filter((skipped) => skipped === true),
  ).toHaveLength(2);
  expect(memory.current?.skipListHash).toBe(third.ref.hash);
});
