import { describe, expect, test } from 'vitest';
import { covers, coversOf, servesFor } from './skip-cover.ts';

/** `three` was added to `two`, that to `one`, and that to no list at all. */
const one = { hash: 'one', key: 'k', tokens: 1, covers: coversOf(null, null) };
const two = { hash: 'two', key: 'k', tokens: 2, covers: coversOf(one, 'one') };
const three = { hash: 'three', key: 'k', tokens: 3, covers: coversOf(two, 'two') };
const alone = { hash: 'alone', key: 'k', tokens: 1 };

describe('a skip list holds all of', () => {
  test.each([
    { list: 'three', held: three, of: ['three', 'two', 'one', null] },
    { list: 'two', held: two, of: ['two', 'one', null] },
    { list: 'one that took the place of another', held: alone, of: ['alone'] },
    { list: 'none', held: null, of: [null] },
  ])('$list: $of', ({ held, of }) => {
    const hashes = [null, 'one', 'two', 'three', 'alone'];
    expect(new Set(hashes.filter((hash) => covers(held, hash)))).toEqual(new Set(of));
  });

  test('newest first', () => expect(three.covers).toEqual(['two', 'one', null]));

  test.each([
    { say: 'it takes the place of the one before', before: one, adds: undefined },
    { say: 'there was no list, and it says that it adds to none of them', before: null, adds: undefined },
    { say: 'it adds to another than the one before', before: two, adds: 'one' },
    { say: 'it adds to no list, and there was one', before: one, adds: null },
  ])('nothing when $say', ({ before, adds }) => expect(coversOf(before, adds)).toEqual([]));
});

describe('what a worker holds in memory serves a shot', () => {
  test.each([
    { held: 'two', wanted: 'two', serves: true },
    { held: 'two', wanted: 'one', serves: true },
    { held: 'three', wanted: null, serves: true },
    { held: 'one', wanted: 'two', serves: false },
    { held: null, wanted: 'one', serves: false },
    { held: 'gone', wanted: 'gone', serves: true },
    { held: 'gone', wanted: 'one', serves: false },
    { held: 'two', wanted: 'gone', serves: false },
  ])('$held for $wanted: $serves', ({ held, wanted, serves }) => {
    expect(servesFor(three, held, wanted)).toBe(serves);
  });
});
