import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

test.each<[string | null, number | null]>([
  ['3', 3_000],
  ['0', 0],
  [' 12 ', 12_000],
  ['999999999', 999_999_999_000],
  [null, null],
  ['', null],
  ['-1', null],
  ['1.5', null],
  ['soon', null],
  ['3600000000000', null],
])('Retry-After: %s', (value, expected) => {
  expect(
    retryAfterMs(
      value === null
        ? []
        : [
            ['content-type', 'x'],
            ['retry-after', value],
          ],
    ),
  ).toBe(expected);
});

test('a date is read by the clock of the answer, or ours where it has none, and never lies behind', () => {
  const at = 'Sun, 29 Nov 2026 10:00:30 GMT';
  expect(
    retryAfterMs(
      [
        ['date', 'Sun, 29 Nov 2026 10:00:00 GMT'],
        ['retry-after', at],
      ],
      0,
    ),
  ).toBe(30_000);
  expect(retryAfterMs([['retry-after', at]], Date.parse('Sun, 29 Nov 2026 10:00:10 GMT'))).toBe(20_000);
  expect(retryAfterMs([['retry-after', at]], Date.parse('Sun, 29 Nov 2026 11:00:00 GMT'))).toBe(0);
});
