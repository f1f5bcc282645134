import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyTree } from './key-tree.ts';

const SECRET = Buffer.alloc(32, 7);
const hex = (tree: KeyTree, place: number) => tree.keyOf(place)?.toString('hex') ?? null;
const PLACES = [0, 1, 2, 3, 1_000, 2 ** 31 - 1];

test('each place has a key of its own, which is the same whatever was asked for before', () => {
  const keys = PLACES.map((place) => hex(KeyTree.of(SECRET), place));
  expect(new Set(keys).size).toBe(PLACES.length);
  const one = KeyTree.of(SECRET);
  expect([...PLACES, ...PLACES.toReversed()].map((place) => hex(one, place))).toEqual([...keys, ...keys.toReversed()]);
  // As it is for ever: boxes are sealed by it.
  expect(keys[1]).toBe('5d327a6cfa0fd264e8703aabc9da2f3596d64b71a003230f52baafa2bd6adb26');
});

test('a tree without some places gives all others and not those, and what it is made of has none of theirs', () => {
  const place = fc.oneof(fc.nat(20), fc.nat(2 ** 31 - 1));
  fc.assert(
    fc.property(fc.uniqueArray(place, { minLength: 1, maxLength: 6 }), fc.array(place), (gone, asked) => {
      const whole = KeyTree.of(SECRET);
      const cut = whole.without(gone);
      const read = KeyTree.read(cut.bytes);
      const around = gone.flatMap((one) => [one - 1, one + 1]).filter((one) => one >= 0 && one < 2 ** 31);
      for (const one of [...gone, ...asked, ...around]) {
        const expected = gone.includes(one) ? null : hex(whole, one);
        expect(hex(cut, one)).toBe(expected);
        expect(read === null ? undefined : hex(read, one)).toBe(expected);
        expect(cut.holds(one)).toBe(expected !== null);
      }
      for (const one of gone) expect(cut.bytes.includes(whole.keyOf(one)?.toString('base64') ?? '')).toBe(false);
      expect(cut.name).toBeNull();
    }),
  );
});

test('in whichever order and by whoever places are taken out, the same tree is left', () => {
  const whole = KeyTree.of(SECRET);
  const both = whole.without([5, 1_000]).bytes;
  expect(whole.without([5]).without([1_000]).bytes).toEqual(both);
  expect(whole.without([1_000]).without([5]).bytes).toEqual(both);
  expect(whole.without([1_000]).without([5, 5, 1_000]).bytes).toEqual(both);
  expect(whole.without([4, 5]).without([]).bytes).toEqual(whole.without([5]).without([4]).bytes);
});

test('what two have in common is what neither had taken out, whichever is asked', () => {
  const whole = KeyTree.of(SECRET);
  const [one, other] = [whole.without([5, 7]), whole.without([7, 1_000])];
  expect(one.inCommon(other).bytes).toEqual(whole.without([5, 7, 1_000]).bytes);
  expect(other.inCommon(one).bytes).toEqual(one.inCommon(other).bytes);
  expect(whole.inCommon(one).bytes).toEqual(one.bytes);
  expect(one.inCommon(one).bytes).toEqual(one.bytes);
});

test('what is no tree is none', () => {
  const seed = randomBytes(32).toString('base64');
  expect(KeyTree.read(Buffer.from(JSON.stringify({ v: 1, nodes: [[0, 0, seed]] })))?.holds(1)).toBe(true);
  for (const text of [
    '',
    '7',
    seed,
    JSON.stringify({ v: 2, nodes: [] }),
    JSON.stringify({ v: 1, nodes: [[32, 0, seed]] }),
    JSON.stringify({ v: 1, nodes: [[0, 0, 'AAAA']] }),
  ])
    expect(KeyTree.read(Buffer.from(text)), text).toBeNull();
});
