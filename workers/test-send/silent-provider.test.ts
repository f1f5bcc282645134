import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { sendTestCopies } from './test-send.ts';
import type { TestClients } from './test-send.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a provider that says nothing to a copy is waited for 15 s, and the result says so', async () => {
  const send = () => new Promise<never>(() => undefined);
  const clients = { apns: { send }, fcm: { messaging: { send } } } as unknown as TestClients;
  let results: unknown = null;
  void sendTestCopies(clients, Scene.ready().state, 'T9', [
    { person: 'ana', platform: 'ios', locale: 'en', token: 'face0123' },
    { person: 'mia', platform: 'android', locale: 'en', token: 'cafe0123' },
  ]).then((found) => {
    results = found;
  });
  await vi.advanceTimersByTimeAsync(14_999);
  expect(results).toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  expect(results).toMatchObject([
    { person: 'ana', accepted: false, reason: 'NoAnswer' },
    { person: 'mia', accepted: false, reason: 'NoAnswer' },
  ]);
});
