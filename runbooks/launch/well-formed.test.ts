import { expect, test } from 'vitest';
import { wellFormed } from './well-formed.ts';

test('half an emoji is the mark of a lost character, wherever it stands, and all else is as it was', () => {
  const half = '👍'.slice(0, 1);
  const value = { [`a${half}`]: [`b${half}`, 1, null, true, { c: '👍' }], d: undefined, e: -0.5 };
  expect(wellFormed(value)).toEqual({ 'a\uFFFD': ['b\uFFFD', 1, null, true, { c: '👍' }], d: undefined, e: -0.5 });
  expect(Object.keys(wellFormed({ d: undefined }))).toEqual(['d']);
});
