import { describe, expect, it } from 'vitest';
import { cutNumber, readNumber } from './number.ts';
import type { NumberKind } from './number.ts';

/** The value, or the code and what it may mean. */
function became(text: string, kind: NumberKind = {}): number | string {
  const read = readNumber(text, kind);
  return read.ok ? read.value : `${read.code}${read.readings.length === 0 ? '' : ` ${read.readings.join(' or ')}`}`;
}

describe('a number as people write it', () => {
  it.each([
    ['40', 40],
    ['0', 0],
    [' 40 ', 40],
    ['600000', 600_000],
    ['600,000', 600_000],
    ['600 000', 600_000],
    ['600\u00a0000', 600_000],
    ['600\u202f000', 600_000],
    ['600\u2009000', 600_000],
    ['600_000', 600_000],
    ["600'000", 600_000],
    ['600’000', 600_000],
    ['600k', 600_000],
    ['600K', 600_000],
    ['600 k', 600_000],
    ['0.6m', 600_000],
    ['0.600m', 600_000],
    ['1.5k', 1_500],
    ['2 million', 2_000_000],
    ['4,000', 4_000],
    ['1,234,567', 1_234_567],
    ['1.234.567', 1_234_567],
    ['1,234.00', 1_234],
    ['1.234,00', 1_234],
    ['4.0', 4],
    ['10.00', 10],
    ['1.005k', 'NUMBER_TWO_READINGS 1005000 or 1005'],
    ['1.0055m', 1_005_500],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('%s is %s', (text, expected) => expect(became(text)).toBe(expected));

  it.each([
    ['4.000', '4000 or 4'],
    ['10.000', '10000 or 10'],
    ['1,5k', '15000 or 1500'],
    ['1,500k', '1500000 or 1500'],
    ['1.500k', '1500000 or 1500'],
    ['1,5', '15 or 1.5'],
    ['0,6m', '6000000 or 600000'],
    ['600.000', '600000 or 600'],
    ['0,600', '600 or 0.6'],
    ['1,50', '150 or 1.5'],
    ['100.000k', '100000000 or 100000'],
  ])('%s is refused, because it may be %s', (text, readings) =>
    expect(became(text)).toBe(`NUMBER_TWO_READINGS ${readings}`),
  );

  it.each([
    ['', 'NUMBER_MISSING'],
    ['-5', 'NUMBER_NEGATIVE'],
    ['−5', 'NUMBER_NEGATIVE'],
    ['-0', 'NUMBER_NEGATIVE'],
    ['1.5', 'NUMBER_FRACTION'],
    ['1,234.5', 'NUMBER_FRACTION'],
    ['.5', 'NUMBER_FRACTION'],
    ['1.2345k', 'NUMBER_FRACTION'],
    ['9007199254740993', 'NUMBER_RANGE'],
    ['9'.repeat(400), 'NUMBER_RANGE'],
    ['9999999999m', 'NUMBER_RANGE'],
    ...[
      '+4',
      '1e6',
      '0x10',
      '0b1',
      '007',
      '00',
      '6,00,000',
      '60,00',
      '4,',
      '4.',
      '1,2345,678',
      '1_000,000_000',
      '600  000',
      '600\n000',
      '4 00',
      '40-50',
      '40/50',
      '2x',
      '40+',
      '~40',
      'ten',
      'many',
      'NaN',
      'Infinity',
      '٤٠',
      '４０',
      '४०',
      '5%',
      '$40',
      '40/s',
      '40 per second',
      '40/min',
      '1.2.3',
      '1,2.3,4',
      '1__000',
      '1000,000',
      '1000 000',
      'kk',
      '4kk',
      '4b',
      '__proto__',
      '🙂',
    ].map((text) => [
      text,
      text === '60,00'
        ? 'NUMBER_TWO_READINGS 6000 or 60'
        : text === '1000,000'
          ? 'NUMBER_TWO_READINGS 1000000 or 1000'
          : 'NUMBER_UNREADABLE',
    ]),
  ])('%s is refused: %s', (text, code) => expect(became(text ?? '')).toBe(code));

  it('has a range that the refusal names', () => {
    expect(readNumber('0', { least: 1, most: 10_000 })).toMatchObject({
      code: 'NUMBER_RANGE',
      expected: 'a whole number from 1 to 10,000',
    });
    expect(readNumber('4.000')).toMatchObject({
      expected: '4000 or 4, whichever is meant: some read it as 4,000, others as 4',
    });
  });

  it('may be a rate, where one is wanted', () => {
    const rate = { perSecond: true };
    expect(
      ['600k/s', '600,000 per second', '600 000 a second', '600k / s', '600k/sec', '40'].map((text) =>
        became(text, rate),
      ),
    ).toEqual([600_000, 600_000, 600_000, 600_000, 600_000, 40]);
    expect(['600/min', '600 per minute', '600k an hour'].map((text) => became(text, rate))).toEqual(
      Array(3).fill('NUMBER_UNREADABLE'),
    );
  });

  it('may be a fraction, where one is wanted; then a comma can be a point', () => {
    const figure = { fractions: true };
    expect(['0.9', '24', '1.5', '0.004', '1,234.5', '1.23456'].map((text) => became(text, figure))).toEqual([
      0.9, 24, 1.5, 0.004, 1234.5, 1.23456,
    ]);
    expect(['0,9', '1,234', '1.500'].map((text) => became(text, figure))).toEqual([
      'NUMBER_TWO_READINGS 9 or 0.9',
      'NUMBER_TWO_READINGS 1234 or 1.234',
      'NUMBER_TWO_READINGS 1500 or 1.5',
    ]);
  });
});

it.each([
  ['40', '40', ''],
  ['600 000', '600 000', ''],
  ['600,000 because it is slow', '600,000', 'because it is slow'],
  ['600 000 per second it is slow', '600 000 per second', 'it is slow'],
  ['40 because 2 died', '40', 'because 2 died'],
  ['40 2 died', '40 2', 'died'],
  ['600, 000', '600, 000', ''],
  ['600 ,000', '600 ,000', ''],
  ['4 . 000', '4 . 000', ''],
  ['40.', '40', ''],
  ['40!', '40', ''],
  ['1.5 m', '1.5 m', ''],
  ['40 mice', '40', 'mice'],
  ['10k /s', '10k /s', ''],
  ['10k / s now', '10k / s', 'now'],
  ['lots of them', 'lots', 'of them'],
  ['4 ٠٠٠', '4 ٠٠٠', ''],
  ['40 -5', '40 -5', ''],
  ['', '', ''],
])('from %j the number %j is cut, and %j is left', (text, number, rest) =>
  expect(cutNumber(text)).toEqual({ number, rest }),
);
