import { generateKeyPairSync } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  androidToken,
  countsOf,
  fcmAuthorization,
  grantForm,
  oauthAssertion,
  providersForTests,
  TestClient,
} from './for-tests.ts';
import type { TestAnswer, TestProviders } from './for-tests.ts';

let providers: TestProviders;
let client: TestClient;
let usual: OutgoingHttpHeaders;
const path = '/v1/projects/gobutton-local/messages:send';

beforeAll(async () => {
  providers = await providersForTests();
  client = await new TestClient(providers.fcmUrl, providers.ca).ready();
  usual = { authorization: await fcmAuthorization(providers), 'content-type': 'application/json' };
});
afterAll(async () => {
  client.close();
  await providers.stop();
});

const message = (launch: string, more: object = {}): object => ({
  notification: { title: 'Hello', body: 'Now' },
  data: { gobutton_launch: launch, gobutton_shot: 'shot-1' },
  ...more,
});
const post = (body: object | string, headers: OutgoingHttpHeaders = usual): Promise<TestAnswer> =>
  client.post(path, headers, typeof body === 'string' ? body : JSON.stringify(body));
const send = (launch: string, token: string, more: object = {}): Promise<TestAnswer> =>
  post({ message: { token, ...message(launch, more) } });

interface GoogleErrorBody {
  error: {
    code: number;
    status: string;
    message: string;
    details: { errorCode?: string; reason?: string; fieldViolations?: { field: string; description: string }[] }[];
  };
}
const errorOf = ({ body }: TestAnswer): GoogleErrorBody['error'] => (JSON.parse(body) as GoogleErrorBody).error;
const codeOf = (answer: TestAnswer): string =>
  answer.status === 200
    ? '200'
    : `${answer.status} ${errorOf(answer).details.find((detail) => detail.errorCode !== undefined)?.errorCode ?? ''}`.trim();

describe('an accepted message', () => {
  it('is named, each differently, and counted by the token inside the body', async () => {
    const names = new Set<string>();
    for (let number = 0; number < 50; number++) {
      const answer = await send('names', androidToken(number));
      expect(answer.headers['content-type']).toContain('application/json');
      names.add((JSON.parse(answer.body) as { name: string }).name);
    }
    await send('names', androidToken(7));
    expect(names.size).toBe(50);
    expect([...names][0]).toMatch(/^projects\/gobutton-local\/messages\/0:\d{16}%[0-9a-f]{16}$/);
    expect(await countsOf(providers, 'names')).toMatchObject({
      received: 51,
      distinctDevices: 50,
      duplicates: 1,
      byPlatform: { ios: { received: 0 }, android: { received: 51, duplicates: 1 } },
    });
  });

  it('may put its token anywhere, with any spacing, as token or fid, and beside a data key of that name', async () => {
    const launch = 'anywhere';
    const bodies = [
      { message: { ...message(launch), token: androidToken(1) } },
      { message: { token: androidToken(2), ...message(launch) }, validate_only: false },
      { message: { ...message(launch), fid: 'fidfidfidfidfidfidfid3' } },
      {
        message: {
          data: { token: androidToken(1), gobutton_launch: launch, gobutton_shot: 'shot-1' },
          token: androidToken(4),
        },
      },
      {
        message: {
          data: { token: androidToken(1), gobutton_launch: launch, gobutton_shot: 'shot-1' },
          token: androidToken(5),
        },
      },
    ];
    for (const body of bodies) expect((await post(body)).status).toBe(200);
    expect(
      (await post(JSON.stringify({ message: { token: androidToken(6), ...message(launch) } }, null, 2))).status,
    ).toBe(200);
    expect(
      (await post(JSON.stringify({ message: { ...message(launch), token: androidToken(7) } }, null, 2))).status,
    ).toBe(200);
    expect(await countsOf(providers, launch)).toMatchObject({ received: 7, distinctDevices: 7 });
  });
});

describe('a message that is like one from before', () => {
  const launch = 'alike';
  const body = (token: string, title = 'Hello'): string =>
    `{"message":{"token":"${token}","notification":{"title":"${title}"},"data":{"gobutton_launch":"${launch}","gobutton_shot":"s"}}}`;

  it('is parsed if its token might end the string that it stands in', async () => {
    const token = androidToken(1);
    for (const _ of [1, 2]) expect((await post(body(token))).status).toBe(200);
    const filled = (text: string): string => text.padEnd(token.length, '0');
    expect(codeOf(await post(body(filled('","topic":"'))))).toBe('400 INVALID_ARGUMENT');
    expect((await post(body(`${token.slice(0, -1)}"`))).status).toBe(400);
    expect((await post(body(`${token.slice(0, -1)}\\`))).status).toBe(400);
    // An escape stands for another character: a longer text, and the token of before.
    expect((await post(body(token.replace('A', '\\u0041')))).status).toBe(200);
    expect(await countsOf(providers, launch)).toMatchObject({ distinctDevices: 1, answers: { '200': 3 } });
  });

  it('is parsed if it differs in a byte beside the token, of whatever length', async () => {
    expect((await post(body(androidToken(2)))).status).toBe(200);
    expect((await post(body(androidToken(3)).replace('"title"', '"titel"'))).status).toBe(400);
    expect((await post(body(androidToken(3)).replace('"}}}', '"}}]'))).status).toBe(400);
    expect((await post(body(androidToken(3)).replace('{"message"', '{"massage"'))).status).toBe(400);
    expect((await post(body(androidToken(3), 'x'.repeat(4096)))).status).toBe(400);
    expect((await post(body(androidToken(3)))).status).toBe(200);
  });

  it('names its own device where another place names the same one first', async () => {
    const twice = (other: string, token: string): string =>
      `{"message":{"data":{"token":"${other}","gobutton_launch":"twice","gobutton_shot":"s"},"token":"${token}"}}`;
    expect((await post(twice(androidToken(1), androidToken(1)))).status).toBe(200);
    expect((await post(twice(androidToken(2, 'dead00'), androidToken(1)))).status).toBe(200);
    expect((await post(twice(androidToken(1), androidToken(2, 'dead00')))).status).toBe(404);
    expect(await countsOf(providers, 'twice')).toMatchObject({ received: 3, distinctDevices: 2 });
  });
});

describe('authorization', () => {
  it('is asked for, in the shape that Google answers', async () => {
    for (const [authorization, reason] of [
      [undefined, 'CREDENTIALS_MISSING'],
      ['Bearer ya29.other', 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
      ['Bearer ya29.local.zzzzzzzzz-abc.'.padEnd(75, 'A'), 'ACCESS_TOKEN_TYPE_UNSUPPORTED'],
    ] as const) {
      const answer = await post(
        { message: { token: androidToken(1), ...message('auth') } },
        authorization === undefined ? {} : { authorization },
      );
      expect(answer.status).toBe(401);
      expect(errorOf(answer)).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', details: [{ reason }] });
    }
    expect((await countsOf(providers, 'auth')).received).toBe(0);
  });

  it('issues tokens for an hour, to the service account alone', async () => {
    const grant = async (form: string): Promise<[number, Record<string, unknown>]> => {
      const answer = await client.post('/token', { 'content-type': 'application/x-www-form-urlencoded' }, form);
      return [answer.status, JSON.parse(answer.body) as Record<string, unknown>];
    };
    expect(await grant(grantForm(await oauthAssertion(providers)))).toEqual([
      200,
      { access_token: expect.stringMatching(/^ya29\./) as string, expires_in: 3600, token_type: 'Bearer' },
    ]);
    expect((await grant(grantForm(await oauthAssertion(providers, { claims: { aud: providers.tokenUrl } }))))[0]).toBe(
      200,
    );
    const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    const now = Math.floor(Date.now() / 1000);
    for (const change of [
      { key: otherKey },
      { header: { alg: 'none' } },
      { claims: { iss: 'somebody@else' } },
      { claims: { aud: 'https://example.com/token' } },
      { claims: { scope: 'https://www.googleapis.com/auth/drive' } },
      { claims: { iat: now - 7200, exp: now - 3600 } },
      { claims: { exp: now + 7200 } },
      { claims: { iat: now + 3600, exp: now + 7000 } },
      { claims: { exp: 'later' } },
    ]) {
      const [status, body] = await grant(grantForm(await oauthAssertion(providers, change)));
      expect([status, body.error], JSON.stringify(change)).toEqual([400, 'invalid_grant']);
    }
    expect((await grant(grantForm('no-jwt')))[1].error).toBe('invalid_grant');
    expect((await grant('grant_type=password'))[1].error).toBe('unsupported_grant_type');
  });

  it('refuses another project, the batch endpoint, and another method', async () => {
    const body = JSON.stringify({ message: { token: androidToken(1), ...message('paths') } });
    const elsewhere = await client.post('/v1/projects/other/messages:send', usual, body);
    expect([elsewhere.status, errorOf(elsewhere).status]).toEqual([403, 'PERMISSION_DENIED']);
    expect((await client.post('/batch', usual, body)).status).toBe(404);
    expect((await client.post('/v1/projects/gobutton-local/messages', usual, body)).status).toBe(404);
    expect((await client.answerOf(client.open({ ':method': 'GET', ':path': path, ...usual }, ''))).status).toBe(405);
    expect((await countsOf(providers, 'paths')).received).toBe(0);
  });
});

describe('fields', () => {
  it.each<[string, object]>([
    ['message.notification.titel', { notification: { titel: 'x' } }],
    ['message.priority', { priority: 'high' }],
    ['message.data[count]', { data: { count: 3 } }],
    ['message.data', { data: { from: 'x' } }],
    ['message.data', { data: { googleLink: 'x' } }],
    ['message.data', { data: { text: '\ud83d' } }],
    ['message.notification.body', { notification: { body: 'half \ud83d' } }],
    ['message.android.ttl', { android: { ttl: 3600 } }],
    ['message.android.ttl', { android: { ttl: '3600' } }],
    ['message.android.ttl', { android: { ttl: '2419201s' } }],
    ['message.android.ttl', { android: { ttl: '-1s' } }],
    ['message.android.priority', { android: { priority: 'urgent' } }],
    ['message.android.notification.notification_count', { android: { notification: { notification_count: 1.5 } } }],
    ['message.android.notification', { android: { notification: { subtitle: 'x' } } }],
    ['message.android.notification', { android: { notification: { actions: [] } } }],
    ['message.android.notification.color', { android: { notification: { color: 'green' } } }],
    ['message.android.notification.color', { android: { notification: { color: '#58cc0' } } }],
    ['message.android.notification.image', { android: { notification: { image: 'game.jpg' } } }],
    ['message.notification.image', { notification: { image: 5 } }],
    ['message.android.notification.visibility', { android: { notification: { visibility: 'public' } } }],
    [
      'message.android.notification.notification_priority',
      { android: { notification: { notification_priority: 'MAX' } } },
    ],
    ['message.android.notification.tag', { android: { notification: { tag: 5 } } }],
    ['message.apns.payload', { apns: { payload: { alert: 'x' } } }],
    ['message.apns.payload', { notification: undefined, apns: { payload: { aps: {} } } }],
    ['message.apns.headers', { apns: { headers: { 'apns-priority': '7' } } }],
    ['message.apns.headers', { notification: undefined, apns: { headers: { 'apns-priority': '10' } } }],
    ['message.apns.headers', { apns: { headers: { 'apns-push-type': 'background', 'apns-priority': '5' } } }],
    ['message.apns.headers', { notification: undefined, apns: { headers: { 'apns-push-type': 'background' } } }],
    ['message.apns.headers', { notification: undefined, apns: { headers: { 'apns-push-type': 'alert' } } }],
    ['message.apns.headers', { apns: { headers: { 'apns-collapse-id': 'x'.repeat(65) } } }],
    ['message.apns.headers[apns-priority]', { apns: { headers: { 'apns-priority': 10 } } }],
    ['message.apns.fcm_options.image', { apns: { fcm_options: { image: 'game.jpg' } } }],
    ['message.notification', { notification: 'Hello' }],
    ['message.android.direct_boot_ok', { android: { direct_boot_ok: 'yes' } }],
    ['message', { topic: 'news' }],
    ['message', { notification: { title: 'x'.repeat(4100) } }],
  ])('%s is named for %o', async (field, more) => {
    const answer = await send('fields', androidToken(1), more);
    expect(answer.status).toBe(400);
    const { status, details, message: text } = errorOf(answer);
    expect(status).toBe('INVALID_ARGUMENT');
    const violation = details.find((detail) => detail.fieldViolations !== undefined)?.fieldViolations?.[0];
    expect(`${violation?.field ?? ''} ${text}`).toContain(field.split('.').at(-1) ?? field);
    expect(field.startsWith(violation?.field ?? '?')).toBe(true);
  });

  it('takes what the documentation allows, in snake_case and lowerCamelCase', async () => {
    const full = {
      android: {
        collapse_key: 'c',
        priority: 'HIGH',
        ttl: '0s',
        direct_boot_ok: true,
        bandwidthConstrainedOk: false,
        restricted_satellite_ok: true,
        notification: {
          tag: 't',
          channel_id: 'ch',
          sound: 'default',
          notificationCount: 3,
          visibility: 'PUBLIC',
          vibrate_timings: ['0.5s'],
          event_time: '2026-01-02T03:04:05Z',
          body_loc_args: ['a'],
          image: 'https://cdn.example.com/game.jpg',
          color: '#58CC02',
          icon: 'ic_push',
          click_action: 'OPEN',
          notification_priority: 'PRIORITY_MAX',
        },
        fcm_options: { analytics_label: 'l' },
      },
      apns: {
        headers: { 'apns-priority': '10', 'apns-collapse-id': 'x'.repeat(64) },
        payload: { aps: { alert: 'x' } },
        fcm_options: { image: 'https://cdn.example.com/game.jpg' },
      },
      webpush: { headers: { TTL: '1' } },
      fcmOptions: { analytics_label: 'l' },
    };
    expect(codeOf(await send('fields', androidToken(1), full))).toBe('200');
    expect(codeOf(await send('fields', androidToken(1), { android: { ttl: '2419200s' } }))).toBe('200');
    expect(codeOf(await send('fields', androidToken(1), { android: { ttl: '3.5s' } }))).toBe('200');
    const silent = { notification: undefined, apns: { headers: { 'apns-priority': '5' } } };
    expect(codeOf(await send('fields', androidToken(1), silent))).toBe('200');
    expect(codeOf(await send('fields', androidToken(1), { apns: { payload: { aps: {} } } }))).toBe('200');
  });

  it('measures 4,096 bytes of UTF-8 without the target', async () => {
    const around = Buffer.byteLength(JSON.stringify(message('size', { notification: { title: '' } })));
    const sized = (bytes: number): object => ({
      notification: { title: '€'.repeat(Math.floor((bytes - around) / 3)) + 'x'.repeat((bytes - around) % 3) },
    });
    expect(codeOf(await send('size', androidToken(1), sized(4096)))).toBe('200');
    expect(codeOf(await send('size', androidToken(1), sized(4097)))).toBe('400 INVALID_ARGUMENT');
    expect((await send('size', androidToken(1), { notification: { title: 'x'.repeat(200_000) } })).status).toBe(413);
  });

  it('refuses what is no JSON, no message, without a device, or for a malformed token', async () => {
    expect((await post('{"message":')).status).toBe(400);
    expect((await post('')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    expect((await post({ validate_only: true })).status).toBe(400);
    expect(codeOf(await post({ message: message('nobody') }))).toBe('400 INVALID_ARGUMENT');
    expect(codeOf(await post({ message: { topic: 'news', ...message('nobody') } }))).toBe('400 INVALID_ARGUMENT');
    expect(codeOf(await post({ message: { token: '', ...message('nobody') } }))).toBe('400 INVALID_ARGUMENT');
    expect(codeOf(await send('nobody', androidToken(1)))).toBe('200');
    expect(codeOf(await send('nobody', 'no token'))).toBe('400 INVALID_ARGUMENT');
    expect(codeOf(await send('nobody', 'short:token'))).toBe('400 INVALID_ARGUMENT');
    expect((await countsOf(providers, 'nobody')).received).toBe(3);
  });

  it('validate_only judges and delivers nothing', async () => {
    const validate = (token: string, more: object = {}): Promise<TestAnswer> =>
      post({ validate_only: true, message: { token, ...message('validate', more) } });
    const good = await validate(androidToken(1, 'face0'));
    expect(JSON.parse(good.body)).toEqual({ name: 'projects/gobutton-local/messages/fake_message_id' });
    expect(codeOf(await validate(androidToken(1, 'dead00')))).toBe('404 UNREGISTERED');
    expect(codeOf(await validate(androidToken(1), { android: { ttl: 'x' } }))).toBe('400 INVALID_ARGUMENT');
    expect((await countsOf(providers, 'validate')).received).toBe(0);
    expect(providers.phones.all()).toEqual([]);
  });
});

describe('marked tokens and quotas', () => {
  it.each([
    ['dead00', '404 UNREGISTERED'],
    ['badd00', '400 INVALID_ARGUMENT'],
    ['42900a', '429 QUOTA_EXCEEDED'],
    ['50000a', '500 INTERNAL'],
    ['50300a', '503 UNAVAILABLE'],
    ['face0', '200'],
  ])('%s gets %s', async (mark, expected) => {
    const answer = await send('marks', androidToken(1, mark));
    expect(codeOf(answer)).toBe(expected);
    expect(answer.headers['retry-after']).toBe(expected.startsWith('429') ? '60' : undefined);
  });

  it('51111e is received and never answered', async () => {
    const stream = client.open(
      { ':method': 'POST', ':path': path, ...usual },
      JSON.stringify({ message: { token: androidToken(1, '51111e'), ...message('silent') } }),
    );
    const answer = client.answerOf(stream);
    expect(codeOf(await send('silent', androidToken(2)))).toBe('200');
    expect(stream.closed).toBe(false);
    stream.close();
    await answer;
    expect(await countsOf(providers, 'silent')).toMatchObject({ received: 2, answers: { 200: 1 } });
  });

  it('above the quota of a minute, messages get 429 with the time to wait', async () => {
    providers.behaviour.fcmQuotaPerMinute = 10;
    const answers = await Promise.all(Array.from({ length: 15 }, (_, number) => send('quota', androidToken(number))));
    providers.behaviour.fcmQuotaPerMinute = 0;
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    for (const answer of refused) {
      expect(errorOf(answer)).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(50);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
    }
    expect(await countsOf(providers, 'quota')).toMatchObject({ received: 10, answers: { '200': 10 } });
  });

  it('a device has a limit of its own, and overload is 503', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    providers.behaviour.fcmPerDevicePerMinute = 3;
    const codes: string[] = [];
    for (let count = 0; count < 4; count++) codes.push(codeOf(await send('often', androidToken(77))));
    expect(codes).toEqual(['200', '200', '200', '429 QUOTA_EXCEEDED']);
    providers.behaviour.overloadPerSecond = 1;
    const both = await Promise.all([send('often', androidToken(78)), send('often', androidToken(79))]);
    providers.behaviour.overloadPerSecond = 0;
    expect(both.map(codeOf)).toEqual(['200', '503 UNAVAILABLE']);
  });

  it('has its own stream limit from the first moment', () => {
    expect(client.streamLimit).toBe(100);
  });
});
