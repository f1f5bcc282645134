import { expect, test } from 'vitest';
import { clock, isOfTheseYears, isReason, lengthText, listed, span } from './words.ts';

test.each([
  [[], 'nothing'],
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a, b and c'],
])('%j is listed as %s', (items, say) => expect(listed(items)).toBe(say));

test('a choice is listed with or', () => expect(listed(['a', 'b', 'c'], 'or')).toBe('a, b or c'));

test.each([
  [0, '00:00:00 UTC'],
  [-1_000, '23:59:59 UTC'],
  [253_402_300_799_000, '23:59:59 UTC'],
  [8.64e15 + 1, '8640000000000001'],
  [-8.64e15 - 1, '-8640000000000001'],
  [Number.NaN, 'NaN'],
])('%d is the time %s', (atMs, say) => expect(clock(atMs)).toBe(say));

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [89_999, '90 s'],
  [90_000, '2 min'],
  [5_399_999, '90 min'],
  [5_400_000, '2 h'],
  [172_799_999, '48 h'],
  [172_800_000, '2 days'],
])('%d ms are %s', (ms, say) => expect(span(ms)).toBe(say));

test('what nobody can see is no reason; before version 8 of entries only blanks were none', () => {
  expect([' \n', 'x', '', '\u200B\u0301'].map((text) => isReason(text))).toEqual([false, true, false, false]);
  expect([' \n', 'x', '', '\u200B\u0301'].map((text) => isReason(text, 7))).toEqual([false, true, false, true]);
});

test('what is wrong with the length of words', () => {
  expect(['', 'abc', '\u200B'].map(lengthText)).toEqual([
    'has 0 characters',
    'has 3 characters',
    'has nothing that can be seen',
  ]);
});

test('a time within ten years is one of these years, on either side', () => {
  const now = Date.UTC(2027, 0, 1);
  const tenYearsMs = 3_650 * 86_400_000;
  const off = [0, tenYearsMs, -tenYearsMs, tenYearsMs + 1, -tenYearsMs - 1, Number.NaN, Infinity];
  expect(off.map((ms) => isOfTheseYears(now + ms, now))).toEqual([true, true, true, false, false, false, false]);
});
