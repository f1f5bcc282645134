import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WatchedSecret } from '../infra/watched-secret.ts';
import { startStage } from '../test/worker-stage.ts';
import type { Stage } from '../test/worker-stage.ts';
import { CredentialClock } from './credentials/clock.ts';
import { fixedSecrets } from './credentials/provider-secrets.ts';
import { Lanes } from './lanes/lanes.ts';
import type { Worker } from './worker.ts';

/* Whole workers and their credentials. The clock of credentials and that of the providers are set ahead together; all else is real. */

const MINUTE_MS = 60_000;
let stage: Stage;
let clock = new CredentialClock();
beforeAll(async () => {
  stage = await startStage();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await stage.stopWorkers();
  stage.providers.behaviour.clockAheadMs = 0;
  clock = new CredentialClock();
});
afterAll(async () => {
  await stage.stop();
});

function ahead(ms: number): void {
  clock.setAhead(ms);
  stage.providers.behaviour.clockAheadMs = ms;
}
const timing = () => ({ timing: { clock, checkEveryMs: 10, renewEveryMs: 5 } });
const agesMin = (worker: Worker): number[] =>
  worker.report().lanes.map(({ credentialAgeMs }) => (credentialAgeMs ?? Number.NaN) / MINUTE_MS);
const isRenewed = (worker: Worker) =>
  vi.waitFor(
    () => {
      for (const lane of worker.report().lanes)
        expect(lane).toMatchObject({
          primed: lane.connections,
          credentialAgeMs: expect.toSatisfy((ageMs: number) => ageMs < 5 * MINUTE_MS),
        });
    },
    { interval: 5 },
  );

test('while an order waits for its GO a worker mints nothing and moves no connection; after its shot it does', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 300 });
  const froze = vi.spyOn(Lanes.prototype, 'freeze');
  let minted = 0;
  const log = pino(
    { level: 'info' },
    {
      write: (line: string) => {
        if (line.includes('provider credential minted')) minted += 1;
      },
    },
  );
  const worker = await launch.worker({ threads: 2, connections: 4 }, { ...timing(), log });
  const order = await launch.request();
  await vi.waitFor(() => expect(froze).toHaveBeenLastCalledWith(true));
  ahead(40 * MINUTE_MS);
  await sleep(300);
  expect([minted, Math.min(...agesMin(worker)) > 39]).toEqual([2, true]);
  const shot = await launch.approve(order);
  const { totals } = await launch.closed(shot.id);
  expect(totals?.map(({ totals: { accepted, failed } }) => [accepted, failed])).toEqual([
    [300, 0],
    [300, 0],
  ]);
  await isRenewed(worker);
  expect(minted).toBe(4);
});

test('a renewed credential that APNs refuses is named by the worker, which stays ready and sends under the one it has', async () => {
  const launch = await stage.newLaunch({ ios: 300, android: 0 });
  const worker = await launch.worker({ threads: 0 }, timing());
  // The machine's clock has leapt ahead: a JWT from the future is none.
  clock.setAhead(26 * MINUTE_MS);
  await vi.waitFor(
    () =>
      expect(worker.report().say).toBe(
        'APNs does not accept the renewed credential (InvalidProviderToken); the one in use ends in 33 min',
      ),
    { interval: 5 },
  );
  expect(worker.state).toBe('ready');
  const shot = await launch.fire();
  expect((await launch.closed(shot.id)).totals?.[0]?.totals).toMatchObject({ accepted: 300, failed: 0 });
  ahead(28 * MINUTE_MS);
  await isRenewed(worker);
  expect(worker.report().say).toBe('ready');
});

test('a hundred minutes at sixty times their speed: fired, halted and resumed around every renewal, and no device is refused', async () => {
  const launch = await stage.newLaunch({ ios: 2_400, android: 1_200, delivery: { ios_per_second: 1_200 } });
  const worker = await launch.worker({ threads: 2, connections: 8 }, timing());
  let aheadMs = 0;
  const runs = setInterval(() => ahead((aheadMs += 590)), 10);
  /** Minute by minute, as fast as the worker can look. */
  const wait = async (minutes: number) => {
    for (let passed = 0; passed < minutes; passed++) {
      ahead((aheadMs += MINUTE_MS));
      await sleep(8);
    }
  };
  const reasons: unknown[] = [];
  let accepted = 0;
  /** One attempt, halted after so many more pushes; true: something is left. */
  const shoot = async (lift: boolean, haltAfter: number): Promise<boolean> => {
    const { received } = launch.counts();
    const shot = await launch.fire({ lift });
    const isHalted = haltAfter < Number.POSITIVE_INFINITY;
    if (isHalted) {
      await vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(received + haltAfter), {
        interval: 2,
      });
      await launch.halt();
    }
    const { totals } = await launch.closed(shot.id);
    for (const one of totals ?? []) {
      accepted += one.totals.accepted;
      if (one.totals.failed + one.totals.uncertain > 0) reasons.push(one.totals);
    }
    return isHalted;
  };
  try {
    // The history that lost a platform, and then across the next renewal.
    await wait(26);
    await isRenewed(worker);
    await wait(17);
    await shoot(false, 200);
    await wait(4);
    await shoot(true, 200);
    await wait(4);
    await shoot(true, 200);
    await wait(50);
    await shoot(true, Number.POSITIVE_INFINITY);
  } finally {
    clearInterval(runs);
  }
  expect(aheadMs).toBeGreaterThan(101 * MINUTE_MS);
  expect([reasons, accepted]).toEqual([[], 3_600]);
  expect(launch.counts()).toMatchObject({ received: 3_600, duplicates: 0 });
});

test('a new secret that cannot be used stands in the report in words, beside the keys that are in use, and goes on being looked at until the end', async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 10 });
  const config = launch.config();
  const log = pino({ level: 'silent' });
  const { keyPem, keyId, teamId } = config.apns;
  const closed = vi.spyOn(WatchedSecret.prototype, 'close');
  const apns = new WatchedSecret({
    name: 'APNs key',
    first: { keyPem, keyId, teamId },
    read: () => Promise.reject(new Error('APNS_KEY_ID: found nothing')),
    log,
  });
  const worker = await launch.worker({ threads: 0 }, { secrets: { ...fixedSecrets(config, log), apns } });
  expect(worker.report().lanes[0]).toMatchObject({ provider: 'apns', key: keyId });
  await apns.look();
  expect(worker.report()).toMatchObject({
    state: 'ready',
    say: 'the new APNs key is not used, the one before stays: APNS_KEY_ID: found nothing',
  });
  await worker.stop();
  expect(closed).toHaveBeenCalledTimes(2);
});
