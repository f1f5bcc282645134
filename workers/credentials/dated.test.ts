import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createStoreClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { apnsJwt } from './apns-jwt.ts';
import { CredentialClock } from './clock.ts';
import { googleClient } from './fcm-oauth.ts';

/** A machine that is ten minutes ahead: what it mints must carry the store's time. */
const AHEAD_MS = 600_000;
let trueMs = 0;
beforeEach(() => {
  trueMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: trueMs + AHEAD_MS });
});
afterEach(() => { vi.useRealTimers(); });

function storeClock() {
  const clock = createStoreClock();
  clock.answered({ dateMs: Math.floor(trueMs / 1_000) * 1_000, sentAtMs: sharedClockMs(), answeredAtMs: sharedClockMs() });
  return clock;
}

test('a credential clock shows the store\'s time, in threads too, and what a test sets ahead', () => {
  const clock = new CredentialClock();
  expect(clock.nowMs() - trueMs).toBe(AHEAD_MS);
  clock.follow(storeClock());
  const inThread = new CredentialClock(clock.memory);
  for (const one of [clock, inThread]) expect(Math.abs(one.nowMs() - trueMs)).toBeLessThan(1_200);
  clock.setAhead(3_600_000);
  expect(Math.abs(inThread.nowMs() - trueMs - 3_600_000)).toBeLessThan(1_200);
});

test('Google\'s library sends an assertion that is dated so', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const client = googleClient({ projectId: 'p', clientEmail: 'a@b.c', privateKey }, trueMs);
  let assertion = '';
  // Where it would go out to Google.
  Object.assign(client.transporter, { request: (options: { data: URLSearchParams }) => {
    assertion = options.data.get('assertion') ?? '';
    return Promise.resolve({ data: { access_token: 't', expires_in: 3_599 } });
  } });
  await client.authorize();
  expect(decodeJwt(assertion)).toMatchObject({ iat: Math.floor(trueMs / 1_000), exp: Math.floor(trueMs / 1_000) + 3_600, iss: 'a@b.c' });
});

test('a provider token for Apple too', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  expect(decodeJwt(await apnsJwt({ keyPem: privateKey, keyId: 'K', teamId: 'T' }, Math.floor(trueMs / 1_000))).iat).toBe(Math.floor(trueMs / 1_000));
});
