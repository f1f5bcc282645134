import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  apnsAuthorization,
  countsOf,
  fcmAuthorization,
  iosToken,
  providersForTests,
  TestClient,
} from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import type { Phone } from '../../infra/local/providers/phones.ts';
import { Scene } from '../../test/properties/scene.ts';
import { templatesOf } from './templates.ts';

/** What a silent rehearsal sends, to providers that judge a push type by its payload. */

let providers: TestProviders;
beforeAll(async () => {
  providers = await providersForTests();
});
afterAll(() => providers.stop());

const shotOf = () => {
  const scene = Scene.ready();
  const shot = scene.fired();
  return { ...shot, shown: { ...shot.shown, silent: true as const } };
};
const PHONE = `face0${'0'.repeat(58)}1`;

test('every text of a silent shot is the same background push, APNs takes it, and a phone shows nothing', async () => {
  const [first, ...others] = templatesOf('ios', shotOf(), 'day-rehearsal-1', ['en', 'pt-BR']);
  if (first === undefined) throw new Error('no template');
  expect(others).toEqual([first]);
  const client = new TestClient(providers.apnsUrl, providers.ca);
  const authorization = await apnsAuthorization(providers);
  const answer = await client.post(`/3/device/${PHONE}`, { authorization, ...first.headers }, first.body.toString());
  expect([answer.status, answer.body]).toEqual([200, '']);
  // The same payload as an alert, or with another priority, is refused.
  for (const [more, reason] of [
    [{ 'apns-push-type': 'alert' }, 'InvalidPushType'],
    [{ 'apns-priority': '10' }, 'BadPriority'],
  ] as const) {
    const refused = await client.post(
      `/3/device/${iosToken(7)}`,
      { authorization, ...first.headers, ...more },
      first.body.toString(),
    );
    expect(JSON.parse(refused.body)).toMatchObject({ reason });
  }
  client.close();
  const phones = (await (await fetch(`${providers.controlUrl}/phones`)).json()) as Phone[];
  expect(phones.map(({ notifications }) => notifications)).toMatchObject([
    [{ background: true, title: '', sound: null }],
  ]);
});

test('to FCM it is a data message, which FCM takes', async () => {
  const [first] = templatesOf('android', shotOf(), 'day-rehearsal-2', ['en', 'pt-BR']);
  if (first === undefined) throw new Error('no template');
  const message: unknown = JSON.parse(first.body.toString());
  expect(message).not.toHaveProperty('notification');
  const client = new TestClient(providers.fcmUrl, providers.ca);
  const token = `${'c'.repeat(22)}:APA91b${'0'.repeat(134)}`;
  const answer = await client.post(
    '/v1/projects/gobutton-local/messages:send',
    { authorization: await fcmAuthorization(providers), 'content-type': 'application/json' },
    JSON.stringify({ message: { token, ...(message as object) } }),
  );
  client.close();
  expect([answer.status, answer.body]).toMatchObject([200, expect.any(String)]);
  expect(await countsOf(providers, 'day-rehearsal-2')).toMatchObject({ received: 1, answers: { 200: 1 } });
});
