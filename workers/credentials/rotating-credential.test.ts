import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { RotatingCredential } from './rotating-credential.ts';

const log = pino({ level: 'silent' });
const MINUTE_MS = 60_000;
let credential: RotatingCredential | null = null;

afterEach(() => {
  credential?.close();
  vi.useRealTimers();
});

async function started(fail: () => boolean = () => false) {
  vi.useFakeTimers({ now: 1_000_000 });
  let minted = 0;
  credential = new RotatingCredential({
    name: 'apns',
    log,
    mint: () =>
      fail()
        ? Promise.reject(new Error('no network'))
        : Promise.resolve({
            authorization: `bearer ${++minted}`,
            mintedAtMs: Date.now(),
            expiresAtMs: Date.now() + 60 * MINUTE_MS,
          }),
  });
  await credential.ready();
  return credential;
}

test('a credential is replaced at 25 minutes, so that a press finds one under 30', async () => {
  const one = await started();
  await vi.advanceTimersByTimeAsync(24 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 1');
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 2');
  expect(one.nowMs() - one.current().mintedAtMs).toBeLessThan(2 * MINUTE_MS);
  expect(one.current().version).toBe(2);
});

test('it stays while a shot runs and is replaced when the shot is over', async () => {
  const one = await started();
  one.freeze(true);
  await vi.advanceTimersByTimeAsync(40 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 1');
  one.freeze(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(one.current().authorization).toBe('bearer 2');
});

test('a frozen one that is dying is replaced all the same, a quarter of an hour before the provider refuses it for age', async () => {
  const one = await started();
  one.freeze(true);
  await vi.advanceTimersByTimeAsync(44 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 1');
  await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 2');
});

test('a failed replacement leaves the present one and is tried again', async () => {
  let failing = false;
  const one = await started(() => failing);
  failing = true;
  await vi.advanceTimersByTimeAsync(30 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 1');
  failing = false;
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 2');
});
