import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { providersForTests } from '../../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../../infra/local/providers/for-tests.ts';
import { WatchedSecret } from '../../infra/watched-secret.ts';
import { apns, csv, testFolder } from '../audience/for-tests.ts';
import { loadAudience } from '../audience/packed/load.ts';
import { apnsCredential } from '../credentials/apns-jwt.ts';
import { CredentialClock } from '../credentials/clock.ts';
import { ShotStop } from '../halt/shot-stop.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import { batchWrites } from '../send/batch-writes.ts';
import { leaseFor } from '../send/lease-for-tests.ts';
import { primeTemplate } from '../send/templates.ts';
import { SendingThreads } from './sending-threads.ts';
import { ThreadLane } from './thread-lane.ts';

/* Threads that stand for hours, against the local APNs and its rules for credentials. Its clock and the threads' are set ahead a minute at a time. */

const MINUTE_MS = 60_000;
const TOPIC = 'com.example.app';
const log = pino({ level: 'silent' });
let providers: TestProviders;
beforeAll(async () => {
  providers = await providersForTests({ behaviour: { apnsPerDevicePerMinute: 0, latencyMs: 1 } });
});
afterAll(() => providers.stop());

async function stand(connections: number) {
  const { credentials } = providers;
  providers.behaviour.clockAheadMs = 0;
  const first = {
    keyPem: await readFile(credentials.apnsKeyFile, 'utf8'),
    keyId: credentials.apnsKeyId,
    teamId: credentials.apnsTeamId,
  };
  const place = { key: first };
  const secret = new WatchedSecret({ name: 'APNs key', first, read: () => Promise.resolve(place.key), log });
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const { audience: ref } = await folder.compile(
    await folder.file(
      'devices.csv',
      csv(...Array.from({ length: 400 }, (_, at) => `user${at},ios,${apns(at + 1)},en,us`)),
    ),
    { batchSize: 100 },
  );
  const audience = await loadAudience(folder.objects, ref.manifestKey);
  const switches = createSwitchMemory();
  writeReading(switches, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 300_000);
  const clock = new CredentialClock();
  const threads = new SendingThreads({ count: 2, switches, log });
  const lane = new ThreadLane({
    threads,
    platform: 'ios',
    projectId: null,
    url: providers.apnsUrl,
    ca: providers.ca.toString(),
    connections,
    log,
    prime: primeTemplate('ios', 'standing', TOPIC),
    mayPrime: () => Promise.resolve(true),
    credential: apnsCredential({
      key: () => secret.current(),
      secret,
      log,
      nowMs: clock.nowMs,
      checkEveryMs: 2,
    }),
    timing: { clock, renewEveryMs: 1 },
  });
  stack.defer(async () => {
    await lane.close();
    await threads.stop();
  });
  threads.attach(audience);
  const { signal } = new AbortController();
  const staff = [{ token: `face0a${'0'.repeat(58)}` }];
  await lane.open(signal);
  await lane.prime(staff, signal);
  const shot = lane.prepare([
    {
      headers: { 'apns-topic': TOPIC, 'apns-push-type': 'alert' },
      body: Buffer.from('{"aps":{"alert":"hi"},"gobutton":{"launch":"standing","shot":"s"}}'),
    },
  ]);
  const batches = audience.manifest.segments.flatMap((segment) => segment.batches.map(({ id }) => id));
  const stopped = ShotStop.create().memory;
  const wrong = new Map<string, number>();
  let minute = 0;
  const own = stack.move();

  return {
    lane,
    place,
    wrong,
    minute: () => minute,
    /** The whole audience, as a worker would: frozen for as long as it runs. */
    fire: async (): Promise<void> => {
      lane.freezeCredential(true);
      await Promise.all(
        batches.map((batch) => {
          const terms = { haltEpoch: 0, lease: leaseFor(20_000), stopped };
          const view = audience.view(batch);
          return lane.send(shot, {
            ...batchWrites(view, null, new WriteCheck(terms, new SwitchView(switches))),
            settle(_index, outcome) {
              const what =
                outcome.state === 'accepted' ? null : outcome.state === 'held' ? outcome.why : outcome.reason;
              if (what !== null)
                wrong.set(`${what} at minute ${minute}`, (wrong.get(`${what} at minute ${minute}`) ?? 0) + 1);
            },
            elsewhere: { batch, devices: null, terms, wrote: () => undefined },
          });
        }),
      );
      lane.freezeCredential(false);
    },
    wait: async (minutes: number): Promise<void> => {
      for (let passed = 0; passed < minutes; passed++, minute++) {
        clock.setAhead((minute + 1) * MINUTE_MS);
        providers.behaviour.clockAheadMs = (minute + 1) * MINUTE_MS;
        await new Promise((resolve) => {
          setTimeout(resolve, 8);
        });
        await lane.prime(staff, signal);
      }
    },
    [Symbol.asyncDispose]: () => own.disposeAsync(),
  };
}

test('three hours of standing in threads, with shots close together around every renewal: no credential is refused', async () => {
  await using standing = await stand(8);
  const { fire, wait, wrong, lane, minute } = standing;
  while (minute() < 180) {
    // From 1 to 29 minutes apart, then two in quick succession.
    await wait(1 + ((minute() * 7) % 29));
    for (const gap of [4, 3, 0]) {
      await fire();
      await wait(gap);
    }
  }
  expect(Object.fromEntries(wrong)).toEqual({});
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ connections: 8, primed: 8, refusal: null }));
  expect(lane.status().credentialLeftMs).toBeGreaterThan(14 * MINUTE_MS);
});

test('a key that is revoked while threads send is replaced in all of them by the new one, and costs no device', async () => {
  await using standing = await stand(4);
  const { fire, wrong, lane, place } = standing;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const next = { keyId: 'NEXTKEY123', teamId: place.key.teamId };
  await fire();
  providers.replaceApnsKey({ ...next, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
  place.key = { ...next, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  await fire();
  expect(Object.fromEntries(wrong)).toEqual({});
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ key: 'NEXTKEY123' }));
});
