import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../../contract/manifest.ts';
import { manifestHash } from '../../../contract/manifest.ts';
import { claimKey } from '../../../contract/orders.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import { stateCode, toAccount } from '../../../settle/account-codec.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { segmentTotals } from '../../../test/properties/scene.ts';
import type { Context } from '../context.ts';
import { TIMINGS } from '../timings.ts';
import { LateAccounts } from './late-accounts.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const BATCH = { id: 'i-0', shard: 'i', start: 0, count: 500 };
const all = (state: 'accepted' | 'uncertain') => toAccount(new Uint8Array(BATCH.count).fill(stateCode(state)), {});

/** A closed shot whose one batch was closed on the worker that holds it. */
async function closedOnItsHolder(): Promise<{ key: string; shotId: string }> {
  const body: Omit<Manifest, 'hash'> = {
    v: 1,
    devices: BATCH.count,
    batchSize: 1_000,
    locales: ['en'],
    localeCounts: { en: BATCH.count },
    shards: [{ id: 'i', platform: 'ios', key: 'i.shard', bytes: 1, sha256: sha256('i'), devices: BATCH.count }],
    segments: [{ id: 'us-ios', platform: 'ios', devices: BATCH.count, batches: [BATCH] }],
  };
  const hash = manifestHash(body);
  const manifestKey = `audiences/${hash}/manifest.json`;
  await rig.cloud.objects.put(manifestKey, new TextEncoder().encode(JSON.stringify({ ...body, hash })));
  await rig.create({ ready: false });
  await rig.append({
    kind: 'set-audience',
    by: 'ana',
    audience: {
      hash,
      manifestKey,
      devices: BATCH.count,
      segments: [{ id: 'us-ios', platform: 'ios', devices: BATCH.count, batches: 1 }],
      locales: { en: BATCH.count },
    },
  });
  await rig.append({ kind: 'tick-gate', by: 'mia', gate: 'copy-read', green: true, note: '' });
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(await rig.request()));
  const key = claimKey(rig.launchId, 'us-ios', 1, BATCH.id);
  await rig.cloud.claims.claim(key, { bootId: 'b', token: 't', claimedAtMs: 1, sendUntilMs: 2 });
  await rig.cloud.claims.close(key, all('uncertain'), (await rig.cloud.claims.read([key], true)).get(key) ?? null);
  await rig.append({
    kind: 'close-shot',
    shotId,
    cause: 'complete',
    segments: [segmentTotals('us-ios', 1, BATCH.count, { uncertain: BATCH.count })],
  });
  return { key, shotId };
}

const standing = async (shotId: string) => (await rig.launch()).shots[shotId]?.totals?.[0]?.totals;

test('an account that comes late, from a worker that then dies, corrects its shot, under whichever leader', async () => {
  const { key, shotId } = await closedOnItsHolder();
  const timings = { lateAccountsMs: 100 };
  const first = rig.conductor('first', { slack: null, timings, tickMs: 100 }).conductor;
  await first.start();
  await until(
    'its effects are done',
    async () => (await rig.cloud.facts.get(rig.launchId, 'outbox/upto')) === String((await rig.launch()).seq),
  );
  expect(await standing(shotId)).toMatchObject({ uncertain: 500 });
  await first.stop();
  await rig.cloud.claims.account(key, 't', all('accepted'));
  await rig.conductor('second', { slack: null, timings, tickMs: 100 }).conductor.start();
  await until('the correction', async () => (await rig.entries('ShotCorrected'))[0]);
  expect(await standing(shotId)).toMatchObject({ accepted: 500, uncertain: 0 });
});

test('a shot is looked at no longer than accounts can be recorded: after the launch, once more', async () => {
  const { key, shotId } = await closedOnItsHolder();
  let reads = 0;
  const claims = {
    ...rig.cloud.claims,
    read: (...call: Parameters<typeof rig.cloud.claims.read>) => {
      reads += 1;
      return rig.cloud.claims.read(...call);
    },
  };
  const { conductor } = rig.conductor('first', {
    slack: null,
    cloud: { ...rig.cloud, claims },
    timings: { lateAccountsMs: 100 },
    tickMs: 100,
  });
  await conductor.start();
  await until('several looks', () => Promise.resolve(reads >= 2));
  await rig.append({ kind: 'close-launch', by: 'ana', reason: 'done' });
  await until('the index says that it is over', async () => (await rig.cloud.live.launches())[0]?.closed);
  const upToNow = reads;
  await rig.cloud.claims.account(key, 't', all('accepted'));
  await conductor.stop();
  expect(reads).toBe(upToNow);
  expect(await standing(shotId)).toMatchObject({ uncertain: 500 });
});

test('as long as the launch is open an account is looked for, however late, but more and more seldom', async () => {
  const { key, shotId } = await closedOnItsHolder();
  const closedAtMs = (await rig.launch()).shots[shotId]?.closed?.atMs ?? 0;
  let atMs = closedAtMs;
  let reads = 0;
  const claims = {
    ...rig.cloud.claims,
    read: (...call: Parameters<typeof rig.cloud.claims.read>) => {
      reads += 1;
      return rig.cloud.claims.read(...call);
    },
  };
  const { journal } = rig;
  const late = new LateAccounts({
    cloud: { ...rig.cloud, claims },
    journal,
    timings: TIMINGS,
    nowMs: () => atMs,
    log: pino({ level: 'silent' }),
  } as unknown as Context);
  // Nothing is recorded meanwhile: it is the same launch at each look.
  const launch = await rig.launch();
  const looks = async (untilMs: number) => {
    const before = reads;
    for (; atMs < closedAtMs + untilMs; atMs += TIMINGS.lateAccountsMs) await late.look(launch);
    return reads - before;
  };
  expect(await looks(300_000)).toBe(60);
  expect(await looks(3_600_000)).toBeLessThan(200);
  expect(await looks(2 * 3_600_000)).toBe(60);
  await rig.cloud.claims.account(key, 't', all('accepted'));
  await looks(2 * 3_600_000 + 65_000);
  expect(await standing(shotId)).toMatchObject({ accepted: 500, uncertain: 0 });
}, 60_000);
