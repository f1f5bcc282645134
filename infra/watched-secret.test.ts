import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WatchedSecret } from './watched-secret.ts';

const MINUTE_MS = 60_000;
const lines: string[] = [];
const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
let found: string | Error = 'a';
let reads = 0;
let changes: string[] = [];
let secret: WatchedSecret<string>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  [found, reads, changes] = ['a', 0, []];
  lines.length = 0;
  secret = new WatchedSecret({
    name: 'APNs key',
    first: 'a',
    log,
    read: () => {
      reads += 1;
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
  });
  secret.onChanged(() => changes.push(secret.current()));
});
afterEach(() => {
  secret.close();
  vi.useRealTimers();
});

test('what has changed is there within a minute, and told once', async () => {
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect([reads, changes]).toEqual([1, []]);
  found = 'b';
  await vi.advanceTimersByTimeAsync(3 * MINUTE_MS);
  expect([secret.current(), changes]).toEqual(['b', ['b']]);
});

test("one that can't be used keeps the one before, is told once in words, and is forgotten when a good one comes", async () => {
  found = new Error('APNS_KEY: found nothing');
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect([secret.current(), changes, lines.length]).toEqual(['a', [], 1]);
  expect(secret.problem).toBe('the new APNs key is not used, the one before stays: APNS_KEY: found nothing');
  found = 'b';
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect([secret.current(), secret.problem]).toEqual(['b', null]);
});

test('a refusal reads it at once, a hundred of them once in ten seconds, and the last one is not forgotten', async () => {
  for (let refusal = 0; refusal < 100; refusal++) secret.refused();
  await vi.advanceTimersByTimeAsync(0);
  expect(reads).toBe(1);
  found = 'b';
  secret.refused();
  await vi.advanceTimersByTimeAsync(9_900);
  expect([reads, secret.current()]).toEqual([1, 'a']);
  await vi.advanceTimersByTimeAsync(100);
  expect([reads, secret.current()]).toEqual([2, 'b']);
});

test('what was given as a value is read by nobody, and a closed one neither', async () => {
  const fixed = new WatchedSecret({ name: 'APNs key', first: 'a', log, read: null });
  fixed.refused();
  await fixed.look();
  secret.refused();
  secret.close();
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS);
  expect([fixed.current(), reads, vi.getTimerCount()]).toEqual(['a', 0, 0]);
});
