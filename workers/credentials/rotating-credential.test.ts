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

/** The secret has changed. */
let change: () => void = () => undefined;
let looks = 0;

async function started(fail: () => boolean = () => false, meanwhile: () => void = () => undefined) {
  vi.useFakeTimers({ now: 1_000_000 });
  let minted = 0;
  looks = 0;
  credential = new RotatingCredential({
    name: 'apns',
    log,
    secret: {
      onChanged: (listener) => {
        change = listener;
      },
      refused: () => {
        looks += 1;
      },
    },
    mint: () =>
      (meanwhile(), fail())
        ? Promise.reject(new Error('no network'))
        : Promise.resolve({
            authorization: `bearer ${++minted}`,
            key: 'ABC1234DEF',
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

test('a changed secret makes a new one at once, and while a shot runs when it is over', async () => {
  const one = await started();
  change();
  await vi.advanceTimersByTimeAsync(0);
  expect(one.current().authorization).toBe('bearer 2');
  one.freeze(true);
  change();
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(one.current().authorization).toBe('bearer 2');
  one.freeze(false);
  await vi.advanceTimersByTimeAsync(0);
  expect(one.current().authorization).toBe('bearer 3');
});

test('one that the provider refused in mid-shot has its secret looked at, and is replaced when that has changed', async () => {
  const one = await started();
  one.freeze(true);
  one.refused(1);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect([looks, one.current().version]).toEqual([1, 1]);
  change();
  await vi.advanceTimersByTimeAsync(0);
  expect(one.current().version).toBe(2);
  // A connection of before.
  one.refused(1);
  change();
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect([looks, one.current().version]).toEqual([1, 2]);
});

test('a secret that changes while one is being made is used for the next one', async () => {
  let once = true;
  const one = await started(undefined, () => {
    if (once) change();
    once = false;
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(one.current().version).toBe(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(one.current().version).toBe(2);
});

test('a new one that could not be made is tried again, and the present one stays', async () => {
  let failing = false;
  const one = await started(() => failing);
  failing = true;
  change();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(one.current().authorization).toBe('bearer 1');
  failing = false;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(one.current().authorization).toBe('bearer 2');
});
