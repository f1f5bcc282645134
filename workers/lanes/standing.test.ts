import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { providersForTests } from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import { WatchedSecret } from '../../infra/watched-secret.ts';
import { apnsCredential } from '../credentials/apns-jwt.ts';
import type { ApnsKey } from '../credentials/apns-jwt.ts';
import { fcmCredential } from '../credentials/fcm-oauth.ts';
import { parseServiceAccount } from '../credentials/service-account.ts';
import { primeTemplate } from '../send/templates.ts';
import { apnsProvider, fcmProvider } from './provider.ts';
import type { LaneOptions } from './wire-lane.ts';
import { WireLane } from './wire-lane.ts';

/*
 * Lanes that stand for hours, against the local providers and their rules for credentials: 20 minutes between two JWTs
 * of a connection (docs/facts.md#apns-token-updates), an hour of life (docs/facts.md#apns-token-age). Both clocks are
 * set ahead a minute at a time; everything else is real.
 */

const MINUTE_MS = 60_000;
const TOPIC = 'com.example.app';
const { signal } = new AbortController();
const log = pino({ level: process.env['STAGE_LOG'] ?? 'silent' });
let providers: TestProviders;
const cleanup: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  providers = await providersForTests({
    behaviour: { apnsPerDevicePerMinute: 0, fcmPerDevicePerMinute: 0, latencyMs: 1 },
  });
});
afterEach(async () => {
  for (const stop of cleanup.splice(0)) await stop();
  providers.behaviour.clockAheadMs = 0;
});
afterAll(() => providers.stop());

interface Standing {
  lane: WireLane;
  /** Where the APNs key lives. */
  place: { key: ApnsKey };
  fire: (devices: number, haltAfter?: number, meanwhile?: (written: number) => void) => Promise<Record<string, number>>;
  wait: (minutes: number) => Promise<void>;
  renewed: () => Promise<void>;
}

async function stand(
  platform: 'ios' | 'android',
  { connections, mayPrime = () => true }: { connections: number; mayPrime?: (isRenewal: boolean) => boolean },
): Promise<Standing> {
  const { credentials } = providers;
  const timing = { log, nowMs: () => Date.now() + providers.behaviour.clockAheadMs, checkEveryMs: 2 };
  const ca = providers.ca.toString();
  const parsed = parseServiceAccount(await readFile(credentials.serviceAccountFile, 'utf8'));
  if (!parsed.ok) throw new Error(`no account: ${parsed.bad.join(', ')}`);
  const { account } = parsed;
  const first: ApnsKey = {
    keyPem: await readFile(credentials.apnsKeyFile, 'utf8'),
    keyId: credentials.apnsKeyId,
    teamId: credentials.apnsTeamId,
  };
  const place = { key: first };
  const secret = new WatchedSecret({ name: 'APNs key', first, read: () => Promise.resolve(place.key), log });
  cleanup.push(() => Promise.resolve(secret.close()));
  const own: Pick<LaneOptions, 'provider' | 'url' | 'credential'> =
    platform === 'ios'
      ? {
          provider: apnsProvider(),
          url: providers.apnsUrl,
          credential: apnsCredential({
            ...timing,
            key: () => secret.current(),
            secret,
          }),
        }
      : {
          provider: fcmProvider(account.projectId),
          url: providers.fcmUrl,
          credential: fcmCredential({ ...timing, account: () => account, tokenUrl: providers.tokenUrl, ca }),
        };
  const lane = new WireLane({
    ...own,
    ca,
    connections,
    log,
    prime: primeTemplate(platform, 'standing', TOPIC),
    renewEveryMs: 1,
    mayPrime: (_token, isRenewal) => Promise.resolve(mayPrime(isRenewal)),
  });
  cleanup.push(() => lane.close());
  const staff = [
    { token: platform === 'ios' ? `face0a${'0'.repeat(58)}` : `face0MiaPixelStaffPhone:APA91b${'M'.repeat(134)}` },
  ];
  await lane.open(signal);
  await lane.prime(staff, signal);
  let sent = 0;
  const tokenOf = (number: number): string =>
    platform === 'ios'
      ? number.toString(16).padStart(64, '0')
      : `${'c'.repeat(22)}:APA91b${number.toString().padStart(134, '0')}`;

  return {
    lane,
    place,
    /** A shot; what did not end as accepted, by reason. `haltAfter`: so many writes, then nothing more. */
    fire: async (devices, haltAfter = Number.POSITIVE_INFINITY, meanwhile = () => undefined) => {
      const wrong: Record<string, number> = {};
      const shot = lane.prepare([
        platform === 'ios'
          ? {
              headers: { 'apns-topic': TOPIC, 'apns-push-type': 'alert' },
              body: Buffer.from('{"aps":{"alert":"hi"},"gobutton":{"launch":"standing","shot":"s"}}'),
            }
          : {
              headers: {},
              body: Buffer.from(
                '{"notification":{"title":"hi"},"data":{"gobutton_launch":"standing","gobutton_shot":"s"}}',
              ),
            },
      ]);
      lane.freezeCredential(true);
      const from = sent;
      sent += devices;
      let written = 0;
      await lane.send(shot, {
        count: devices,
        token: (index) => tokenOf(from + index),
        template: () => 0,
        stop: () => (written >= haltAfter ? 'halted' : null),
        wrote: () => {
          written += 1;
          meanwhile(written);
        },
        settle(_index, outcome) {
          if (outcome.state === 'accepted') return;
          const what = outcome.state === 'held' ? outcome.why : outcome.reason;
          wrong[what] = (wrong[what] ?? 0) + 1;
        },
      });
      lane.freezeCredential(false);
      return wrong;
    },
    /** The clock goes on minute by minute; the worker looks after its connections as ever. */
    wait: async (minutes) => {
      for (let passed = 0; passed < minutes; passed++) {
        providers.behaviour.clockAheadMs += MINUTE_MS;
        await new Promise((resolve) => {
          setTimeout(resolve, 8);
        });
        await lane.prime(staff, signal);
      }
    },
    /** Until every connection has the newest credential and is authenticated under it. */
    renewed: () =>
      vi.waitFor(
        () => {
          expect(lane.status()).toMatchObject({
            primed: connections,
            credentialAgeMs: expect.toSatisfy((ageMs: number) => ageMs < 2 * MINUTE_MS),
          });
        },
        { interval: 2 },
      ),
  };
}

test('a launch that stands for 52 minutes with two shots and a halt sends the third shot whole', async () => {
  const { wait, fire, renewed, lane } = await stand('ios', { connections: 40 });
  await wait(25);
  await renewed();
  await wait(18);
  expect(await fire(20_000)).toEqual({});
  await wait(4);
  const { halted = 0, ...others } = await fire(20_000, 5_000);
  expect([halted > 10_000, others]).toEqual([true, {}]);
  await wait(4);
  expect(await fire(20_000)).toEqual({});
  await renewed();
  expect(lane.status()).toMatchObject({ connections: 40, primed: 40, refusal: null });
});

/** Fires, halts, resumes, or lets an order wait, so that every minute of three hours has had each, in one history or another. */
async function play({ fire, wait, lane }: Standing, offset: number): Promise<Record<string, number>> {
  const wrong: Record<string, number> = {};
  const shoot = async (haltAfter?: number) => {
    for (const [reason, times] of Object.entries(await fire(300, haltAfter)))
      if (reason !== 'halted') wrong[reason] = (wrong[reason] ?? 0) + times;
  };
  for (let minute = offset; minute < 180;) {
    await shoot();
    await wait(3);
    await shoot(100);
    await wait(1 + (minute % 5));
    await shoot();
    // An order waits for its press.
    lane.freezeCredential(true);
    await wait(minute % 17);
    await shoot();
    const standing = 5 + ((minute * 7 + offset) % 23);
    await wait(standing);
    minute += 4 + (minute % 5) + (minute % 17) + standing;
  }
  return wrong;
}

test.each([0, 7, 22])(
  'three hours of firing, halting, resuming and standing from minute %i on: no credential is ever refused',
  async (offset) => {
    const ios = await stand('ios', { connections: 4 });
    await ios.wait(offset);
    expect(await play(ios, offset)).toEqual({});
    expect(ios.lane.status().connections).toBe(4);
  },
);

test('a shot at every single minute of three hours', async () => {
  const { wait, fire } = await stand('ios', { connections: 4 });
  for (let minute = 0; minute < 180; minute++) {
    expect([minute, await fire(200)]).toEqual([minute, {}]);
    await wait(1);
  }
});

test('the same for tokens of FCM', async () => {
  const android = await stand('android', { connections: 4 });
  expect(await play(android, 11)).toEqual({});
});

test('while an order waits nothing is moved, until the credential is dying', async () => {
  const { wait, lane, fire } = await stand('ios', { connections: 3 });
  await wait(24);
  lane.freezeCredential(true);
  await wait(20);
  expect(lane.status().credentialAgeMs).toBeGreaterThan(43 * MINUTE_MS);
  await wait(2);
  await vi.waitFor(() =>
    expect(lane.status()).toMatchObject({
      primed: 3,
      credentialAgeMs: expect.toSatisfy((ageMs: number) => ageMs < 3 * MINUTE_MS),
    }),
  );
  expect(await fire(500)).toEqual({});
});

test('without a ration authenticated connections stay until they are dying, and the next ones open up on a real answer', async () => {
  let rations = 3;
  const { wait, lane, fire } = await stand('ios', { connections: 3, mayPrime: () => rations-- > 0 });
  await wait(40);
  expect(lane.status()).toMatchObject({
    primed: 3,
    credentialAgeMs: expect.toSatisfy((ageMs: number) => ageMs > 39 * MINUTE_MS),
  });
  await wait(7);
  await vi.waitFor(() =>
    expect(lane.status()).toMatchObject({
      primed: 0,
      streams: 3,
      credentialAgeMs: expect.toSatisfy((ageMs: number) => ageMs < 24 * MINUTE_MS),
    }),
  );
  expect(await fire(500)).toEqual({});
  expect(lane.status().primed).toBe(3);
});

test('devices that were deleted get no priming push any more, whoever still has their tokens, and shots go out', async () => {
  let asked = 0;
  const { lane, fire } = await stand('ios', {
    connections: 3,
    mayPrime: () => {
      asked += 1;
      return true;
    },
  });
  await lane.prime([], signal);
  asked = 0;
  for (let minute = 0; minute < 50; minute++) {
    providers.behaviour.clockAheadMs += MINUTE_MS;
    await new Promise((resolve) => {
      setTimeout(resolve, 8);
    });
  }
  expect(await fire(500)).toEqual({});
  expect(asked).toBe(0);
});

function nextKey({ teamId }: ApnsKey): ApnsKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const made = { keyId: 'NEXTKEY123', teamId };
  providers.replaceApnsKey({ ...made, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
  return { ...made, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

test('a key that is revoked in mid-shot, with a new one in its place, costs no device', async () => {
  const { fire, lane, place } = await stand('ios', { connections: 8 });
  const before = place.key;
  expect(lane.status()).toMatchObject({ key: before.keyId });
  const wrong = await fire(20_000, Number.POSITIVE_INFINITY, (written) => {
    if (written === 5_000) place.key = nextKey(before);
  });
  expect(wrong).toEqual({});
  expect(await fire(2_000)).toEqual({});
  // A connection that was made anew and has had nothing to do is not primed yet.
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ key: 'NEXTKEY123', refusal: null }), { interval: 2 });
  expect(lane.status().primed).toBeGreaterThanOrEqual(1);
});
