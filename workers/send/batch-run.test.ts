import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { claimKey } from '../contract.ts';
import { startStage } from '../../test/worker-stage.ts';
import type { Stage, StagedLaunch } from '../../test/worker-stage.ts';
import type { BatchView } from '../audience/loaded-audience.ts';
import { loadAudience } from '../audience/load.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../halt/switch-view.ts';
import type { Lane, LaneJob } from '../lanes/lane.ts';
import { stateOf, totalsOf, unpackStates } from './account-codec.ts';
import { workerKeyring } from '../../test/keys.ts';
import { authorityFor } from './authority.ts';
import { claimBatch, sendBatch } from './batch-run.ts';
import { ShotRun } from './shot-run.ts';

let stage: Stage;
beforeAll(async () => { stage = await startStage(); });
afterEach(() => { vi.useRealTimers(); });
afterAll(async () => { await stage.stop(); });

/** A lane that keeps its jobs, so that a test decides when something would be written. */
class HeldLane implements Lane {
  readonly platform: Platform;
  readonly job = Promise.withResolvers<LaneJob>();
  readonly done = Promise.withResolvers<void>();
  constructor(platform: Platform) {
    this.platform = platform;
  }
  async open() { await Promise.resolve(); }
  async prime() { await Promise.resolve(); }
  prepare() { return { templates: [] }; }
  send(_shot: unknown, job: LaneJob) {
    this.job.resolve(job);
    return this.done.promise;
  }
  async room() { await Promise.resolve(); }
  pace() { /* as fast as asked */ }
  freezeCredential() { /* it has none */ }
  status() { return { provider: 'apns' as const, connections: 0, primed: 0, streams: 0, inFlight: 0, credentialAgeMs: null, credentialLeftMs: null, refusal: null }; }
  async close() { await Promise.resolve(); }
}

async function batchOf(launch: StagedLaunch, shotId: string): Promise<{ run: ShotRun; view: BatchView }> {
  const verdict = authorityFor(launch.id, shotId, await stage.journal.entries(launch.id), workerKeyring(), null);
  if (!verdict.ok) throw new Error(verdict.say);
  const audience = await loadAudience(stage.cloud.objects, launch.audience.audience.manifestKey, { hash: launch.audience.audience.hash });
  audience.applySkipList(null);
  return { run: new ShotRun(verdict.authority, audience.manifest.locales), view: audience.view(launch.audience.manifest.segments[0]?.batches[0]?.id ?? '') };
}

test('a claim ends in its time although the wall clock is set back', async () => {
  const launch = await stage.newLaunch({ ios: 10, android: 0, delivery: { send_within: '300ms' } });
  const shot = await launch.fire({ wake: false });
  const { run, view } = await batchOf(launch, shot.id);
  const memory = createSwitchMemory();
  const lane = new HeldLane('ios');
  const context = { claims: stage.cloud.claims, lane, switches: new SwitchView(memory), bootId: 'boot', log: pino({ level: 'silent' }), onLateAccount: () => undefined };
  const message = { v: 1 as const, launchId: launch.id, shotId: shot.id, segment: 'ios', attempt: 1, batch: view.id };
  const claimed = await claimBatch(context, run, message, view);
  if (!claimed.won) throw new Error('not won');
  const sending = sendBatch(context, run, message, view, claimed);
  const job = await lane.job.promise;

  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  const read = () => writeReading(memory, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs());
  read();
  expect(job.stop()).toBeNull();
  await vi.waitFor(() => {
    read();
    expect(job.stop()).toBe('late');
  }, { timeout: 2_000, interval: 10 });
  for (let device = 0; device < job.count; device++) job.settle(device, { state: 'held', why: 'late' });
  lane.done.resolve();
  await sending;
});

test.each([
  ['ios', 'bad-token', ['Unregistered', 'BadDeviceToken', 'DeviceTokenNotForTopic', 'ExpiredToken']],
  ['ios', 'failed', ['TooManyRequests', 'InternalServerError', 'PayloadTooLarge', 'Http404']],
  ['android', 'bad-token', ['UNREGISTERED', 'SENDER_ID_MISMATCH', 'INVALID_TOKEN']],
  // A bad message, or a token that FCM's text doesn't name.
  ['android', 'failed', ['INVALID_ARGUMENT', 'NOT_FOUND', 'QUOTA_EXCEEDED', 'INTERNAL']],
] as const)('the account of an %s batch says %s for a device that the provider answered with one of %j', async (platform, state, reasons) => {
  const launch = await stage.newLaunch({ ios: 0, android: 0, [platform]: reasons.length + 1 });
  const shot = await launch.fire({ wake: false });
  const { run, view } = await batchOf(launch, shot.id);
  const lane = new HeldLane(platform);
  const context = { claims: stage.cloud.claims, lane, switches: new SwitchView(createSwitchMemory()), bootId: 'boot', log: pino({ level: 'silent' }), onLateAccount: () => undefined };
  const message = { v: 1 as const, launchId: launch.id, shotId: shot.id, segment: platform, attempt: 1, batch: view.id };
  const claimed = await claimBatch(context, run, message, view);
  if (!claimed.won) throw new Error('not won');
  const sending = sendBatch(context, run, message, view, claimed);
  const job = await lane.job.promise;
  for (const [device, reason] of reasons.entries()) job.settle(device, { state: 'failed', reason });
  job.settle(reasons.length, { state: 'accepted' });
  lane.done.resolve();
  await sending;
  const key = claimKey(launch.id, platform, 1, view.id);
  const account = (await stage.cloud.claims.read([key], true)).get(key)?.account;
  expect([...unpackStates(account?.states ?? new Uint8Array(), view.count)].map(stateOf)).toEqual([...reasons.map(() => state), 'accepted']);
  expect(account?.reasons).toEqual(Object.fromEntries(reasons.map((reason) => [reason, 1])));
  expect(totalsOf([{ states: new Uint8Array(), reasons: {}, ...account, count: view.count }]).totals).toMatchObject({ accepted: 1, failed: reasons.length, ...(state === 'failed' ? { reachable: reasons.length } : {}) });
});
