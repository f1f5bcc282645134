import { afterAll, beforeAll, expect, test } from 'vitest';
import { LAUNCH_ID, Scene } from '../../test/properties/scene.ts';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import type { Cloud } from './cloud.ts';
import { createCloud } from './create-cloud.ts';

let east: Awaited<ReturnType<typeof localCloudForTests>>;
let west: Awaited<ReturnType<typeof localCloudForTests>>;
const made: Cloud[] = [];
beforeAll(async () => {
  [east, west] = await Promise.all([localCloudForTests(), localCloudForTests()]);
});
afterAll(async () => {
  for (const cloud of made) cloud.close();
  await Promise.all([east.stop(), west.stop()]);
});

function copy() {
  const cloud = createCloud({ ...east.config, otherRegion: west.url });
  made.push(cloud);
  return cloud.recordCopy('us-east-1', 'us-west-2');
}

/** So many entries of a launch, in the east. */
async function write(launchId: string, count: number, from = { seq: 0, hash: '' }) {
  const [first] = Scene.ready().entries;
  if (first === undefined) throw new Error(LAUNCH_ID);
  let head = from;
  for (let n = 0; n < count; n += 1) {
    const appended = await east.cloud.record.append(launchId, head, first);
    if (!appended.won) throw new Error('taken');
    head = { seq: appended.entry.seq, hash: appended.entry.hash };
  }
  return head;
}

const message = { ts: '1', user: 'U', text: 'hi', atMs: 1, edits: null, deleted: false, permalink: null, files: [] };

test('the other region has the same entries and messages, and what is new is added to them', async () => {
  const head = await write('followed', 60);
  await east.cloud.record.appendMessage('followed', { seq: 0, hash: '' }, message);
  const one = copy();
  expect(await one.follow('followed')).toBe(60);
  await write('followed', 1, head);
  expect(await one.follow('followed')).toBe(61);
  // Another bot that begins anew.
  expect(await copy().follow('followed')).toBe(61);
  expect(await west.cloud.record.readAfter('followed', 0)).toEqual(await east.cloud.record.readAfter('followed', 0));
  expect(await west.cloud.record.messagesAfter('followed', 0)).toMatchObject([{ text: '', forgotten: true, seq: 1 }]);
  // S3 brings the keys of what people wrote.
  for (const { key } of await east.cloud.objects.list('launches/followed/words/'))
    await west.cloud.objects.put(key, (await east.cloud.objects.get(key)) ?? Buffer.alloc(0));
  expect(await west.cloud.record.messagesAfter('followed', 0)).toMatchObject([{ text: 'hi', seq: 1 }]);
  expect(await copy().follow('none')).toBe(0);
});

test('two bots that carry the same entries at once are in nobody’s way', async () => {
  await write('twice', 40);
  expect(await Promise.all([copy().follow('twice'), copy().follow('twice')])).toEqual([40, 40]);
  expect(await west.cloud.record.readAfter('twice', 0)).toHaveLength(40);
});

test('once the other region has gone on by itself nothing of ours follows, however late the copy comes', async () => {
  const head = await write('apart', 3);
  const early = copy();
  await early.follow('apart');
  const [first] = Scene.ready().entries;
  if (first === undefined) throw new Error(LAUNCH_ID);
  await west.cloud.record.append('apart', head, first);
  await write('apart', 2, head);
  for (const one of [early, copy()]) await expect(one.follow('apart')).rejects.toMatchObject({ code: 'RECORDS_APART' });
  const standing = await west.cloud.record.readAfter('apart', 0);
  expect(standing).toHaveLength(4);
  expect(standing[3]?.hash).not.toBe((await east.cloud.record.readAfter('apart', 3))[0]?.hash);
});
