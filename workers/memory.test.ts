import pino from 'pino';
import { expect, test } from 'vitest';
import type { Launch } from '../runbooks/launch/launch.ts';
import { apns, csv, testFolder } from './audience/for-tests.ts';
import { packSkipList } from './audience/skip-list.ts';
import { Memory } from './memory.ts';

test('a list that only skips more is marked in the audience that threads hold, without letting go of it; another one is not', async () => {
  await using folder = await testFolder();
  const { audience } = await folder.compile(await folder.file('d.csv', csv(`a,ios,${apns(1)},en,us`, `b,ios,${apns(2)},en,us`)));
  const changes: (string | null)[] = [];
  const memory = new Memory({ objects: folder.objects, log: pino({ level: 'silent' }), onChange: (held) => changes.push(held?.manifest.hash ?? null) });
  const [first, longer, other] = [packSkipList([apns(1)]), packSkipList([apns(1), apns(2)]), packSkipList([apns(2)])];
  for (const { ref, bytes } of [first, longer, other]) await folder.objects.put(ref.key, bytes);
  const launch = (skipList: Launch['skipList']) => ({ shots: {}, audience, skipList }) as unknown as Launch;
  const skipped = () => [0, 1].map((index) => memory.audience?.skipped('us-ios.00001', index));
  await memory.follow(launch({ ...first.ref, covers: [null] }));
  expect([changes, skipped()]).toEqual([[null, audience.hash], [true, false]]);
  await memory.follow(launch({ ...longer.ref, covers: [first.ref.hash, null] }));
  expect([changes.length, skipped(), memory.current?.skipListHash]).toEqual([2, [true, true], longer.ref.hash]);
  await memory.follow(launch({ ...other.ref, covers: [] }));
  expect([changes.length, skipped(), memory.current?.skipListHash]).toEqual([4, [false, true], other.ref.hash]);
});
