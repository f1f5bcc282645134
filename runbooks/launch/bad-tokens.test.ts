import { expect, test } from 'vitest';
import { badTokenCount, badTokenReasons, namesBadToken } from './bad-tokens.ts';
import { countsOf } from './counts.ts';

const BAD = [
  'BadDeviceToken',
  'DeviceTokenNotForTopic',
  'ExpiredToken',
  'Unregistered',
  'INVALID_TOKEN',
  'SENDER_ID_MISMATCH',
  'UNREGISTERED',
];
const OTHERS = ['INVALID_ARGUMENT', 'TooManyRequests', 'ExpiredProviderToken', 'QUOTA_EXCEEDED', 'constructor', ''];

test('these answers say that a token will not do, and no other does', () => {
  expect([...BAD, ...OTHERS].filter(namesBadToken)).toEqual(BAD);
});

test('of failures by reason those are named and counted, in an order of their own', () => {
  const failed = countsOf([
    ['UNREGISTERED', 4],
    ['TooManyRequests', 100],
    ['BadDeviceToken', 3],
  ]);
  expect(badTokenReasons(failed)).toEqual([
    ['BadDeviceToken', 3],
    ['UNREGISTERED', 4],
  ]);
  expect([badTokenCount(failed), badTokenCount({}), badTokenCount({ TooManyRequests: 9 })]).toEqual([7, 0, 0]);
});
