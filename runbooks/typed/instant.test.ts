import { expect, it } from 'vitest';
import { readInstant } from './instant.ts';

it.each([
  ['2027-02-07T23:30Z', '2027-02-07T23:30:00.000Z'],
  ['2027-02-07 18:30 +01:00', '2027-02-07T17:30:00.000Z'],
  ['2027-02-07T18:30-0500', '2027-02-07T23:30:00.000Z'],
  ['2027-02-07 23:30 UTC', '2027-02-07T23:30:00.000Z'],
  ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ['2027-02-07T23:30:15.5Z', '2027-02-07T23:30:15.500Z'],
])('%s is a moment', (text, iso) => {
  const read = readInstant(text);
  expect(read.ok && new Date(read.atMs).toISOString()).toBe(iso);
});

it.each([
  ['2027-02-30T23:30Z', 'NO_SUCH_DAY', 'February 2027 has 28 days'],
  ['2027-02-29T23:30Z', 'NO_SUCH_DAY', '28 days'],
  ['2100-02-29T00:00Z', 'NO_SUCH_DAY', '28 days'],
  ['2027-04-31T00:00Z', 'NO_SUCH_DAY', 'April 2027 has 30 days'],
  ['2027-13-01T00:00Z', 'NO_SUCH_DAY', 'month'],
  ['2027-00-01T00:00Z', 'NO_SUCH_DAY', 'month'],
  ['2027-01-00T00:00Z', 'NO_SUCH_DAY', '31 days'],
  ['2027-02-07T24:00Z', 'NO_SUCH_TIME', '23:59:59'],
  ['2027-02-07T23:60Z', 'NO_SUCH_TIME', '23:59:59'],
  ['2027-02-07T23:59:60Z', 'NO_SUCH_TIME', '23:59:59'],
  ['2027-02-07T23:30+15:00', 'NO_SUCH_TIME', '+14:00'],
  ['2027-02-07T23:30', 'NOT_AN_INSTANT', 'zone'],
  ['07.02.2027 23:30 UTC', 'NOT_AN_INSTANT', 'zone'],
  ['', 'NOT_AN_INSTANT', 'zone'],
])('%s is none', (text, code, expected) => {
  const read = readInstant(text);
  expect(read).toMatchObject({ ok: false, code });
  if (!read.ok) expect(read.expected).toContain(expected);
});
