import { expect, test } from 'vitest';
import { Scene } from '../../test/properties/scene.ts';
import { sendTestCopies } from './test-send.ts';
import type { TestClients } from './test-send.ts';

test("several texts on one phone stand beside each other; the phone's own has the id of a shot, which replaces it", async () => {
  const ids: unknown[] = [];
  const clients = {
    apns: { send: async (sent: { options: { collapseId: string } }) => ids.push(sent.options.collapseId) },
    fcm: {
      messaging: {
        send: async (sent: { android: { notification: { tag: string } } }) => ids.push(sent.android.notification.tag),
      },
    },
  } as unknown as TestClients;
  const ana = { person: 'ana', platform: 'ios' as const, token: 'face0123' };
  const mia = { person: 'mia', platform: 'android' as const, token: 'cafe0123' };
  const results = await sendTestCopies(clients, Scene.ready().state, 'T9', [
    { ...ana, locale: 'en-GB' },
    { ...ana, locale: 'pt-BR', isExtra: true },
    { ...mia, locale: 'pt-BR', isExtra: true },
  ]);
  expect(ids).toEqual(['superbowl-2027.big-game', 'superbowl-2027.pt-BR.big-game', 'superbowl-2027.pt-BR.big-game']);
  expect(results.map(({ locale, accepted }) => [locale, accepted])).toEqual([
    ['en', true],
    ['pt-BR', true],
    ['pt-BR', true],
  ]);
});
