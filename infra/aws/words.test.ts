import { afterAll, beforeAll, expect, test } from 'vitest';
import { localCloudForTests } from '../local/cloud/for-tests.ts';
import { KeyTree } from './key-tree.ts';
import type { Objects } from './objects.ts';
import { sha256 } from './sha256.ts';
import { createWords } from './words.ts';
import type { Placed, Words } from './words.ts';

/** Keys of messages in a real bucket, and what deleting some of them leaves of the others. */

let local: Awaited<ReturnType<typeof localCloudForTests>>;
let objects: Objects;
beforeAll(async () => {
  local = await localCloudForTests();
  ({ objects } = local.cloud);
});
afterAll(async () => {
  await local.stop();
});

const sealAll = async (words: Words, launchId: string, seqs: readonly number[]): Promise<Placed[]> => {
  const boxes: Placed[] = [];
  for (const seq of seqs) boxes.push({ seq, box: await words.seal(launchId, seq, `words ${seq}`) });
  return boxes;
};
/** By a process that has read nothing before. */
const readAnew = (launchId: string, boxes: readonly Placed[]) => createWords(objects).open(launchId, boxes);
const placesOf = async (launchId: string) =>
  (await objects.list(`launches/${launchId}/words/`)).map(({ key }) => key).toSorted();

/** The bucket, with one thing that happens before a call of `when`. */
function between(when: 'put' | 'remove', happens: () => Promise<void>): Objects {
  let isOver = false;
  const once = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    await happens();
  };
  return {
    ...objects,
    put: async (...asked) => {
      if (when === 'put') await once();
      await objects.put(...asked);
    },
    remove: async (key) => {
      if (when === 'remove') await once();
      await objects.remove(key);
    },
  };
}

test('one message is deleted for everybody, and all others are read, by who knew the key before and who did not', async () => {
  const words = createWords(objects);
  const other = createWords(objects);
  const boxes = await sealAll(words, 'one', [1, 2, 3, 4]);
  expect(await other.open('one', boxes)).toEqual(['words 1', 'words 2', 'words 3', 'words 4']);
  await words.forgetBoxes('one', boxes.slice(1, 2));
  for (const reader of [words, other, createWords(objects)])
    expect(await reader.open('one', boxes)).toEqual(['words 1', null, 'words 3', 'words 4']);
  // Not even with all that lies there.
  expect(await placesOf('one')).toHaveLength(1);
  await words.forgetBoxes('one', boxes.slice(1, 2));
  await words.forgetBoxes('one', [boxes[3] as Placed]);
  expect(await readAnew('one', boxes)).toEqual(['words 1', null, 'words 3', null]);
  expect(await placesOf('one')).toHaveLength(1);
});

test('a message costs a look at the bucket and nothing else, and reading any number one more for each key', async () => {
  const asked: string[] = [];
  const counted: Objects = {
    put: async (...given) => (asked.push('put'), objects.put(...given)),
    get: async (...given) => (asked.push('get'), objects.get(...given)),
    list: async (...given) => (asked.push('list'), objects.list(...given)),
    remove: async (...given) => (asked.push('remove'), objects.remove(...given)),
  };
  const boxes = await sealAll(createWords(counted), 'cost', [1, 2, 3, 4, 5]);
  expect(asked).toEqual(['list', 'put', 'list', 'list', 'list', 'list']);
  asked.length = 0;
  const reader = createWords(counted);
  await reader.open('cost', boxes);
  await reader.open('cost', boxes);
  expect(asked).toEqual(['list', 'get', 'list']);
  asked.length = 0;
  await createWords(counted).forgetBoxes('cost', boxes.slice(0, 3));
  expect(asked).toEqual(['list', 'get', 'put', 'remove', 'list', 'get']);
});

test('what a process seals that has not seen yet that its tree was cut is read, and after that a tree of its own is made', async () => {
  const words = createWords(objects);
  const [first] = (await sealAll(words, 'late', [1])) as [Placed];
  let looks = 0;
  const slow = createWords({
    ...objects,
    list: async (prefix) => {
      const there = await objects.list(prefix);
      looks += 1;
      if (looks === 2) await words.forgetBoxes('late', [first]);
      return there;
    },
  });
  await slow.open('late', [first]);
  const [second, third] = (await sealAll(slow, 'late', [2, 3])) as [Placed, Placed];
  expect(second.box.key).toBe(first.box.key);
  // S3 keeps what was put anew from then on; words that come must not gain by it.
  expect(third.box.key).not.toBe(first.box.key);
  expect(await readAnew('late', [first, second, third])).toEqual([null, 'words 2', 'words 3']);
});

test('a run that is cut off between the two leaves nothing that the next one does not end', async () => {
  const words = createWords(objects);
  const boxes = await sealAll(words, 'cut', [1, 2, 3]);
  const killed = createWords(between('remove', () => Promise.reject(new Error('killed'))));
  await expect(killed.forgetBoxes('cut', boxes.slice(0, 1))).rejects.toThrow('killed');
  expect(await placesOf('cut')).toHaveLength(2);
  expect(await readAnew('cut', boxes)).toEqual(['words 1', 'words 2', 'words 3']);
  // For the same message, which one of the two has not any more.
  await expect(
    createWords(between('remove', () => Promise.reject(new Error('killed')))).forgetBoxes('cut', boxes.slice(0, 1)),
  ).rejects.toThrow('killed');
  await words.forgetBoxes('cut', boxes.slice(0, 1));
  expect(await placesOf('cut')).toHaveLength(1);
  expect(await readAnew('cut', boxes)).toEqual([null, 'words 2', 'words 3']);
  const again = createWords(between('remove', () => Promise.reject(new Error('killed'))));
  await expect(again.forgetBoxes('cut', boxes.slice(2))).rejects.toThrow('killed');
  // By a run for another message of the same key.
  await words.forgetBoxes('cut', boxes.slice(1, 2));
  expect(await placesOf('cut')).toHaveLength(1);
  expect(await readAnew('cut', boxes)).toEqual([null, null, null]);
});

test.each([
  ['put', 0, 1],
  ['put', 0, 2],
  ['remove', 0, 1],
  ['remove', 0, 2],
] as const)(
  'two who delete at once delete both and nothing else, whoever is between the %s of the other (%i to %i)',
  async (when, from, to) => {
    const launchId = `two-${when}-${to}`;
    const words = createWords(objects);
    const boxes = await sealAll(words, launchId, [1, 2, 3]);
    const slower = createWords(between(when, () => createWords(objects).forgetBoxes(launchId, boxes.slice(from, to))));
    await slower.forgetBoxes(launchId, boxes.slice(1, 2));
    expect(await readAnew(launchId, boxes)).toEqual([null, null, 'words 3']);
    expect(await placesOf(launchId)).toHaveLength(1);
  },
);

test('a place that no chain has is refused, and nothing is sealed', async () => {
  await expect(createWords(objects).seal('far', 2 ** 31, 'words')).rejects.toThrow('WORDS_NO_PLACE');
});

test('what somebody has put into the bucket in the place of a key opens nothing, and stops nobody', async () => {
  const words = createWords(objects);
  const boxes = await sealAll(words, 'odd', [1, 2]);
  const name = boxes[0]?.box.key ?? '';
  for (const place of [name, `${name}/${'0'.repeat(64)}`, 'x', `${name}/a/b`])
    await objects.put(`launches/odd/words/${place}`, Buffer.from('{"v":1,"nodes":[]}'));
  expect(await readAnew('odd', boxes)).toEqual(['words 1', 'words 2']);
  await words.forgetBoxes('odd', boxes.slice(1));
  expect(await readAnew('odd', boxes)).toEqual(['words 1', null]);
});

test('a secret that somebody has put there under the name of another one seals nothing', async () => {
  const { bytes } = KeyTree.of(Buffer.alloc(32, 7));
  const name = 'a'.repeat(64);
  await objects.put(`launches/foreign/words/${name}/${sha256(bytes)}`, bytes);
  const [box] = await sealAll(createWords(objects), 'foreign', [1]);
  expect(box?.box.key).not.toBe(name);
});
