import { expect, test } from 'vitest';
import { apnsRow, fcmRow, meaningOf } from './answers.ts';

test.each([
  ['apns', 400, 'BadDeviceToken', 'token', 'failed'],
  ['apns', 413, 'PayloadTooLarge', 'campaign', 'failed'],
  ['apns', 403, 'InvalidProviderToken', 'credential', 'again'],
  ['apns', 429, 'TooManyRequests', 'provider', 'again'],
  ['apns', 503, 'ServiceUnavailable', 'provider', 'failed'],
  ['apns', 500, 'InternalServerError', 'provider', 'failed'],
  ['fcm', 404, 'UNREGISTERED', 'token', 'failed'],
  ['fcm', 400, 'INVALID_ARGUMENT', 'campaign', 'failed'],
  ['fcm', 401, 'THIRD_PARTY_AUTH_ERROR', 'device', 'failed'],
  ['fcm', 429, 'QUOTA_EXCEEDED', 'provider', 'again'],
  ['fcm', 503, 'UNAVAILABLE', 'provider', 'uncertain'],
  ['fcm', 500, 'INTERNAL', 'provider', 'uncertain'],
  // A front end's page: nothing behind it has seen the request, unless it is one of a gateway.
  ['apns', 302, 'Http302', 'provider', 'again'],
  ['fcm', 404, 'Http404', 'provider', 'again'],
  ['apns', 403, 'Http403', 'provider', 'again'],
  ['apns', 429, 'Http429', 'provider', 'again'],
  ['apns', 502, 'Http502', 'provider', 'uncertain'],
  ['fcm', 503, 'Http503', 'provider', 'uncertain'],
  // What a provider may say one day.
  ['apns', 400, 'SomethingNew', 'device', 'failed'],
  ['apns', 403, 'SomethingNew', 'device', 'failed'],
  ['fcm', 401, 'SOMETHING_NEW', 'credential', 'again'],
  ['apns', 429, 'SomethingNew', 'provider', 'again'],
  ['fcm', 503, 'SOMETHING_NEW', 'provider', 'uncertain'],
  ['apns', 400, '__proto__', 'device', 'failed'],
  ['apns', 400, 'constructor', 'device', 'failed'],
] as const)('%s %i %s is about the %s, and the device is %s', (provider, status, reason, concerns, fate) => {
  const row = provider === 'apns' ? apnsRow(status, reason) : fcmRow(status, reason);
  expect([row.concerns, row.fate]).toEqual([concerns, fate]);
});

test('what a reason means is found by its word alone', () => {
  expect(meaningOf('TopicDisallowed')).toMatch(/apns\.topic/);
  expect(meaningOf('QUOTA_EXCEEDED')).toMatch(/go pace android/);
  expect(meaningOf('Http502')).toMatch(/proxy/);
  expect([meaningOf('constructor'), meaningOf('Anything')]).toEqual([null, null]);
});
