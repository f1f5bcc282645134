import { expect, test } from 'vitest';
import { manifestHash } from '../../../contract/manifest.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import { account, COUNT, settleRig } from '../../../test/settle-rig.ts';
import { fallbackCloser } from './fallback-closer.ts';

/** With workers that are gone, and real stores: settle/lost-claims.test.ts. */

/** The rig's audience as it lies in the bucket. */
function manifest(): Uint8Array {
  const segment = (id: 'ios' | 'android', batches: string[]) => ({
    id,
    platform: id,
    devices: COUNT * batches.length,
    batches: batches.map((batch, at) => ({ id: batch, shard: id, start: COUNT * at, count: COUNT })),
  });
  const segments = [segment('ios', ['ios.0', 'ios.1']), segment('android', ['android.0'])];
  const shards = segments.map(({ id, platform, devices }) => {
    return { id, platform, key: `${id}.bin`, bytes: 1, sha256: sha256(id), devices };
  });
  const devices = 3 * COUNT;
  const body: Omit<Manifest, 'hash'> = {
    v: 1,
    devices,
    batchSize: COUNT,
    locales: ['en'],
    localeCounts: { en: devices },
    shards,
    segments,
  };
  return new TextEncoder().encode(JSON.stringify({ ...body, hash: manifestHash(body) }));
}

test('a shot that nobody closes is closed from its claims, once nobody can hold any; what is final is read once', async () => {
  const { scene, claims, journal, write, accounted, claim, key, shotNow } = settleRig();
  await accounted('ios.0', 'accepted');
  await accounted('ios.1', 'accepted');
  await claim('android.0', { sendUntilMs: Number.MAX_SAFE_INTEGER });
  const shot = scene.fired('all');
  write();
  const launch = (await journal.launch(scene.state.id)) ?? scene.state;
  const read: number[] = [];
  const counting = Object.assign(Object.create(claims) as typeof claims, {
    read: (keys: readonly string[]) => (read.push(keys.length), claims.read(keys)),
    close: (...call: Parameters<typeof claims.close>) => claims.close(...call),
  });
  const live = { signedReports: () => Promise.resolve({ reports: [], foreign: [] }) };
  const now = { ms: scene.nowMs };
  const close = fallbackCloser({
    cloud: { claims: counting, objects: { get: () => Promise.resolve(manifest()) }, live } as unknown as Cloud,
    journal,
    nowMs: () => now.ms,
  });
  const reads = async () => {
    const before = read.length;
    const { state } = await close(launch, shot);
    return [state, read.slice(before).reduce((sum, keys) => sum + keys, 0)];
  };
  expect([await reads(), await reads()]).toEqual([
    ['open', 3],
    ['open', 1],
  ]);
  await claims.account(key('android.0'), 'android.0', account('accepted'));
  expect((await reads())[0]).toBe('closed');
  expect((await shotNow(shot)).closed).not.toBeNull();
});
