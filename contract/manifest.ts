import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../runbooks/launch/canonical-json.ts';
import { counts } from '../runbooks/launch/counts.ts';
import type { AudienceRef } from '../runbooks/launch/entries.ts';

/** A frozen range of devices inside one shard and one segment. */
const manifestBatch = z.strictObject({
  id: z.string(),
  shard: z.string(),
  start: z.number().int().min(0),
  count: z.number().int().min(1),
});
export type ManifestBatch = z.output<typeof manifestBatch>;

/** `audiences/<hash>/manifest.json`; `hash` is the sha256 over the canonical JSON of everything but `hash`. */
export const manifest = z.strictObject({
  v: z.literal(1),
  hash: z.string(),
  devices: z.number().int().min(1),
  batchSize: z.number().int().min(1),
  /** Locale index in shards → locale. */
  locales: z.array(z.string()),
  localeCounts: counts,
  /** `key` is the object's name beside the manifest: its folder is called by the hash, which covers the keys. */
  shards: z.array(
    z.strictObject({
      id: z.string(),
      platform: z.enum(['ios', 'android']),
      key: z.string(),
      bytes: z.number().int(),
      sha256: z.string(),
      devices: z.number().int().min(1),
    }),
  ),
  segments: z.array(
    z.strictObject({
      id: z.string(),
      platform: z.enum(['ios', 'android']),
      devices: z.number().int().min(1),
      /** Devices per locale. Absent: compiled before this was counted. */
      localeCounts: counts.optional(),
      batches: z.array(manifestBatch),
    }),
  ),
});
export type Manifest = z.output<typeof manifest>;

export function manifestKeyOf(hash: string): string {
  return `audiences/${hash}/manifest.json`;
}

/** Object key of something that lies beside the manifest, such as a shard: `key` in the manifest is its name there, since its folder is called by the manifest's hash. */
export function beside(manifestKey: string, name: string): string {
  return `${manifestKey.slice(0, manifestKey.lastIndexOf('/') + 1)}${name}`;
}

/** Languages per segment follow from the shards and only inform people: audiences compiled before they were counted keep their hash. */
export function manifestHash(manifest: Omit<Manifest, 'hash'>): string {
  return createHash('sha256')
    .update(
      canonicalJson({
        ...manifest,
        segments: manifest.segments.map((segment) => ({ ...segment, localeCounts: undefined })),
        hash: undefined,
      }),
    )
    .digest('hex');
}

/** What the launch remembers of an audience. */
export function audienceRefOf(manifest: Manifest, key: string): AudienceRef {
  return {
    hash: manifest.hash,
    manifestKey: key,
    devices: manifest.devices,
    segments: manifest.segments.map(({ id, platform, devices, batches, localeCounts }) => ({
      id,
      platform,
      devices,
      batches: batches.length,
      ...(localeCounts === undefined ? {} : { locales: { ...localeCounts } }),
    })),
    locales: { ...manifest.localeCounts },
  };
}

/** Batches must cover every shard once, without gaps, and stay inside their segment's platform. Null: they do. */
export function wrongSum(manifest: Manifest): string | null {
  const covered = new Map(
    manifest.shards.map((shard) => [shard.id, { platform: shard.platform, devices: shard.devices, next: 0 }]),
  );
  const ids = new Set<string>();
  for (const segment of manifest.segments) {
    let devices = 0;
    for (const batch of segment.batches) {
      const shard = covered.get(batch.shard);
      if (shard === undefined || shard.platform !== segment.platform || shard.next !== batch.start || ids.has(batch.id))
        return `batch ${batch.id} out of place`;
      ids.add(batch.id);
      shard.next += batch.count;
      devices += batch.count;
    }
    const spoken =
      segment.localeCounts === undefined
        ? devices
        : Object.values(segment.localeCounts).reduce((sum, one) => sum + one, 0);
    if (spoken !== segment.devices)
      return `segment ${segment.id} with ${spoken} devices in its locales and ${segment.devices} of its own`;
    if (devices !== segment.devices)
      return `segment ${segment.id} with ${devices} devices in its batches and ${segment.devices} of its own`;
  }
  for (const [id, shard] of covered)
    if (shard.next !== shard.devices) return `shard ${id} with ${shard.next} of ${shard.devices} devices in batches`;
  const total = manifest.segments.reduce((sum, segment) => sum + segment.devices, 0);
  return total === manifest.devices ? null : `${total} devices in segments and ${manifest.devices} in all`;
}
