import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { claimKey } from '../../contract/orders.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { sumTotals } from '../../runbooks/launch/totals.ts';
import { secondTry } from '../run/second-try.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/** Leases end to end: worker processes that die, stand still or are slow, against the providers' own count. */

let stage: Stage;
/** Its providers take 1.5 s for an answer. */
let slow: Stage;
const children: ChildProcess[] = [];
beforeAll(async () => {
  [stage, slow] = await Promise.all([startStage(), startStage()]);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all([stage.stop(), slow.stop()]);
});

async function workerProcess(
  launch: StagedLaunch,
  on = stage,
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../workers/main.ts')],
    { env: { ...on.env(launch.id), ...env }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  lines.on('line', () => undefined);
  await vi.waitFor(
    async () => {
      const reports = await on.cloud.live.reports(launch.id);
      if (reports.find(({ pid }) => pid === child.pid)?.state !== 'ready') throw new Error('not ready');
    },
    { timeout: 30_000, interval: 100 },
  );
  return child;
}

const totalsOf = (shot: Shot) => sumTotals(shot.totals ?? []);
const received = async (launch: StagedLaunch, atLeast: number) =>
  vi.waitFor(() => expect(launch.counts().received).toBeGreaterThan(atLeast), { timeout: 15_000, interval: 20 });

/** With so little pace one of them sends at a time. */
async function sending(launch: StagedLaunch, workers: readonly ChildProcess[]): Promise<ChildProcess | undefined> {
  const reports = await stage.cloud.live.reports(launch.id);
  const busiest = reports.toSorted(
    (a, b) => (b.shots[0]?.platforms.ios.written ?? 0) - (a.shots[0]?.platforms.ios.written ?? 0),
  )[0];
  return workers.find(({ pid }) => pid === busiest?.pid);
}

/** Devices a second of the pool, and how long a lease lasts. */
const PACE = 100;
const LEASE_MS = 2_000;
const DEVICES = 700;
/** More than a lease covers, and another one beside it. */
const BATCH = 500;
const paced = () =>
  stage.newLaunch({
    ios: DEVICES,
    android: 0,
    batchSize: BATCH,
    delivery: { ios_per_second: PACE, send_within: `${LEASE_MS / 1_000}s`, ios_not_after: '60s' },
  });
/** What a worker may have been allowed to write when it was stopped: its pace for a lease, and for the half that went before its renewal. */
const COVERED_MOST = PACE * (LEASE_MS / 1_000) * 1.5 + 10;

const SECOND_TRY = secondTry('leases of a second: a process that gets no core loses one');

/** They wait more than they work, so they run beside each other. */
describe.concurrent('leases, with real worker processes', { ...SECOND_TRY, timeout: 90_000 }, () => {
  test('a worker that is killed in a paced shot leaves uncertain what its last lease covered; the rest goes out in the same shot', async () => {
    const launch = await paced();
    const workers = await Promise.all([workerProcess(launch), workerProcess(launch)]);
    const shot = await launch.fire();
    await received(launch, DEVICES / 4);
    const first = await sending(launch, workers);
    first?.kill('SIGKILL');
    const totals = totalsOf(await launch.closed(shot.id, 60_000));
    expect(totals.accepted + totals.uncertain).toBe(DEVICES);
    expect(totals.uncertain).toBeGreaterThan(0);
    expect(totals.uncertain).toBeLessThanOrEqual(COVERED_MOST);
    const counts = launch.counts();
    expect(counts.duplicates).toBe(0);
    expect(counts.distinctDevices).toBeGreaterThanOrEqual(totals.accepted);
    expect(counts.distinctDevices).toBeLessThanOrEqual(totals.accepted + totals.uncertain);
  });

  test('a worker that stands still for longer than its lease writes nothing when it goes on, and then everything is known of it', async () => {
    const launch = await paced();
    const workers = await Promise.all([workerProcess(launch), workerProcess(launch)]);
    const shot = await launch.fire();
    await received(launch, DEVICES / 4);
    const first = await sending(launch, workers);
    first?.kill('SIGSTOP');
    const keys = (launch.audience.manifest.segments[0]?.batches ?? []).map(({ id }) =>
      claimKey(launch.id, 'ios', 1, id),
    );
    await vi.waitFor(
      async () => {
        const claims = await stage.cloud.claims.read(keys, true);
        expect([...claims.values()].some(({ parts }) => parts.length > 0)).toBe(true);
      },
      { timeout: 30_000, interval: 100 },
    );
    // The other one is at work when it comes back.
    first?.kill('SIGCONT');
    await launch.closed(shot.id, 60_000);
    const totals = await vi.waitFor(
      async () => {
        const now = totalsOf(await launch.shot(shot.id));
        expect(now).toMatchObject({ uncertain: 0, late: 0, failed: 0 });
        return now;
      },
      { timeout: 20_000, interval: 200 },
    );
    expect(totals.accepted + totals.halted).toBe(DEVICES);
    expect(totals.halted).toBeLessThanOrEqual(COVERED_MOST);
    expect(launch.counts()).toMatchObject({ duplicates: 0, received: totals.accepted });

    // What its lease had covered and nobody wrote is within reach of a further order.
    if (totals.halted === 0) return;
    const second = await launch.fire();
    expect(totalsOf(await launch.closed(second.id, 40_000)).accepted).toBe(totals.halted);
    expect(launch.counts()).toMatchObject({ duplicates: 0, received: DEVICES });
  });

  test('a pace of a tenth of a batch a second makes nothing late', async () => {
    const launch = await stage.newLaunch({
      ios: 0,
      android: 270,
      batchSize: 250,
      delivery: {
        android_event_quota: undefined,
        android_per_second: 25,
        android_ramp: '0s',
        android_not_after: '60s',
      },
    });
    await Promise.all([workerProcess(launch), workerProcess(launch)]);
    const shot = await launch.fire();
    expect(totalsOf(await launch.closed(shot.id, 60_000))).toMatchObject({
      accepted: 270,
      late: 0,
      uncertain: 0,
      halted: 0,
    });
    expect(launch.counts()).toMatchObject({ received: 270, duplicates: 0 });
  });

  test('a provider that takes 1.5 s for an answer makes nothing late: batches that take many leases are renewed', async () => {
    Object.assign(slow.providers.behaviour, { latencyMs: 1_500, streamLimit: 50 });
    const launch = await slow.newLaunch({
      ios: 1_200,
      android: 0,
      batchSize: 600,
      delivery: { send_within: '2s', ios_not_after: '60s' },
    });
    await Promise.all([workerProcess(launch, slow), workerProcess(launch, slow)]);
    const shot = await launch.fire();
    expect(totalsOf(await launch.closed(shot.id, 60_000))).toMatchObject({
      accepted: 1_200,
      late: 0,
      uncertain: 0,
      halted: 0,
    });
    expect(launch.counts()).toMatchObject({ received: 1_200, duplicates: 0 });
  });
});
