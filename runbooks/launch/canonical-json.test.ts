import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test.each([
  [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
  [{ a: undefined, b: null }, '{"b":null}'],
  [{ Z: 1, a: { d: [], c: '"' } }, '{"Z":1,"a":{"c":"\\"","d":[]}}'],
  [[1, [true, false], 'x'], '[1,[true,false],"x"]'],
  [-0, '0'],
  ['é', '"é"'],
])('%j is written as %s', (value, text) => expect(canonicalJson(value)).toBe(text));

test('the order in which keys were written says nothing', () => {
  const keys = ['c', 'a', '10', '9', 'ä', 'B'];
  const of = (order: string[]) => canonicalJson(Object.fromEntries(order.map((key) => [key, 1])));
  expect(of(keys)).toBe(of(keys.toReversed()));
  expect(of(keys)).toBe('{"10":1,"9":1,"B":1,"a":1,"c":1,"ä":1}');
});

test.each([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['undefined', undefined],
  ['undefined', [undefined]],
  // eslint-disable-next-line no-sparse-arrays -- a hole is what this is about
  ['undefined', [1, , 2]],
  ['function', { a: () => 1 }],
  ['symbol', Symbol('x')],
  ['bigint', 1n],
])('what JSON would change is no text at all: %s', (found, value) => {
  expect(() => canonicalJson(value)).toThrow(
    expect.objectContaining({ code: 'NOT_CANONICAL', message: expect.stringContaining(`found ${found}`) as string }),
  );
});
