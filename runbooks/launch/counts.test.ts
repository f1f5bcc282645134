import { describe, expect, test } from 'vitest';
import { addReason, addReasons, counts, countsOf, noCounts, takeReasons, timesOf } from './counts.ts';
import type { Counts } from './counts.ts';

const ODD = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
const odd = () => countsOf(ODD.map((name, at) => [name, at + 1]));
const plain = () => JSON.parse(JSON.stringify(odd())) as Counts;

describe('names that every object has', () => {
  test('are counted from nothing, and stay through JSON and the schema', () => {
    for (const name of ODD) expect(timesOf(JSON.parse('{}') as Counts, name)).toBe(0);
    const parsed = counts.parse(plain());
    expect(Object.entries(parsed)).toEqual(Object.entries(odd()));
    for (const name of ['isPrototypeOf', 'toLocaleString']) expect(parsed[name]).toBeUndefined();
  });

  test('add up, and are taken off again', () => {
    const sum = noCounts();
    addReasons(sum, plain());
    addReasons(sum, plain());
    expect(ODD.map((name) => timesOf(sum, name))).toEqual([2, 4, 6, 8, 10]);
    takeReasons(sum, plain());
    expect(Object.entries(sum)).toEqual(Object.entries(odd()));
    takeReasons(sum, plain());
    expect(Object.keys(sum)).toEqual([]);
  });
});

test('a reason that found no place of its own is taken from the others', () => {
  const sum = countsOf([['Other', 5]]);
  takeReasons(sum, { Shutdown: 2 });
  expect(Object.entries(sum)).toEqual([['Other', 3]]);
});

test('64 reasons have a place of their own, and a long one is cut', () => {
  const sum = noCounts();
  for (let at = 0; at < 70; at++) addReason(sum, `Reason${at}`, 1);
  expect([Object.keys(sum).length, sum['Other']]).toEqual([65, 6]);
  const long = noCounts();
  addReason(long, 'x'.repeat(200), 1);
  expect(Object.keys(long)[0]).toHaveLength(80);
});

test('only whole numbers are counts', () => {
  for (const found of [{ a: -1 }, { a: 0.5 }, { a: '1' }, [1], null, 'a'])
    expect(counts.safeParse(found).success).toBe(false);
});
