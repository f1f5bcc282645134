import type { Manifest } from '../contract/manifest.ts';
import { manifestHash } from '../contract/manifest.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { sha256 } from '../infra/aws/sha256.ts';
import { audience } from './properties/scene.ts';

/** One batch a segment, where the launch looks for its audience. */
export async function putManifest({ objects }: Cloud): Promise<void> {
  const shard = ({ id }: { id: string }) => `${id}-shard`;
  const body: Omit<Manifest, 'hash'> = {
    v: 1,
    devices: audience.devices,
    batchSize: 1_000,
    locales: Object.keys(audience.locales),
    localeCounts: audience.locales,
    shards: audience.segments.map((one) => ({
      id: shard(one),
      platform: one.platform,
      key: `${shard(one)}.bin`,
      bytes: 1,
      sha256: sha256(one.id),
      devices: one.devices,
    })),
    segments: audience.segments.map((one) => ({
      id: one.id,
      platform: one.platform,
      devices: one.devices,
      batches: [{ id: `${one.id}-0`, shard: shard(one), start: 0, count: one.devices }],
    })),
  };
  await objects.put(
    audience.manifestKey,
    new TextEncoder().encode(JSON.stringify({ ...body, hash: manifestHash(body) })),
  );
}
