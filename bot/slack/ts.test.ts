import { expect, test } from 'vitest';
import { before, tsAt } from './ts.ts';

test('a moment is written with six decimals, as Slack does', () => {
  expect(tsAt(1_800_000_000_000)).toBe('1800000000.000000');
  expect(tsAt(1_800_000_000_000.5)).toBe('1800000000.000500');
});

test('the moment before one is a microsecond earlier', () => {
  expect(before('1800000000.000000')).toBe('1799999999.999999');
  expect(before('1800000000.123457')).toBe('1800000000.123456');
});
