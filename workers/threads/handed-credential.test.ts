import { afterEach, expect, test, vi } from 'vitest';
import { CredentialClock } from '../credentials/clock.ts';
import { HandedCredential } from './handed-credential.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a storm of refusals is told to the main thread once a second, and none of a credential that was replaced', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const told: number[] = [];
  const credential = new HandedCredential(new CredentialClock(), (version) => told.push(version));
  const issued = { authorization: 'bearer a', key: 'ABC1234DEF', mintedAtMs: 0, expiresAtMs: 3_600_000 };
  credential.refused(1);
  credential.take({ ...issued, version: 1 });
  for (let answer = 0; answer < 1_000; answer++) credential.refused(1);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(1_000);
  credential.refused(1);
  credential.take({ ...issued, version: 2 });
  vi.advanceTimersByTime(1_000);
  credential.refused(1);
  expect(told).toEqual([1, 1]);
});
