import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../runbooks/launch/canonical-json.ts';
import { addCount, counts, noCounts, timesOf } from '../runbooks/launch/counts.ts';
import type { AudienceRef } from '../runbooks/launch/entries.ts';

/** A frozen range of devices inside one shard and one segment. */
const manifestBatch = z.strictObject({
  id: z.string(),
  shard: z.string(),
  start: z.number().int().min(0),
  count: z.number().int().min(1),
  /** All of its devices are of this one, so that an account of a batch is one of a variant. Absent: the campaign has none. */
  variant: z.string().optional(),
});
export type ManifestBatch = z.output<typeof manifestBatch>;

/** `audiences/<hash>/manifest.json`; `hash` is the sha256 over the canonical JSON of everything but `hash`. */
export const manifest = z.strictObject({
  v: z.literal(1),
  hash: z.string(),
  devices: z.number().int().min(1),
  batchSize: z.number().int().min(1),
  /** Text index in shards → text: a locale, or a variant of one (`de/b`, see runbooks/launch/variants.ts). */
  locales: z.array(z.string()),
  localeCounts: counts,
  /** How users were told apart. Absent: everybody gets the same. */
  split: z
    .strictObject({
      salt: z.string(),
      variants: z.array(z.strictObject({ id: z.string(), share: z.number() })),
      holdOut: z.number(),
    })
    .optional(),
  /** Devices that are in no batch and get nothing, on purpose: they are not among `devices`. Absent: none. */
  heldOut: z.number().int().min(1).optional(),
  /** Hash of the audience that it is a sample of. Absent: it was compiled. */
  sampleOf: z.string().optional(),
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
      /** Devices per text. Absent: compiled before this was counted. */
      localeCounts: counts.optional(),
      /** Devices per variant. Absent: there are none. */
      variants: counts.optional(),
      /** Of `heldOut`, those that would be in this segment. Absent: none. */
      heldOut: z.number().int().min(1).optional(),
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
    segments: manifest.segments.map(({ id, platform, devices, batches, localeCounts, variants, heldOut }) => ({
      id,
      platform,
      devices,
      batches: batches.length,
      ...(localeCounts === undefined ? {} : { locales: { ...localeCounts } }),
      ...(variants === undefined ? {} : { variants: { ...variants } }),
      ...(heldOut === undefined ? {} : { heldOut }),
    })),
    locales: { ...manifest.localeCounts },
    ...(manifest.split === undefined ? {} : { split: manifest.split }),
    ...(manifest.heldOut === undefined ? {} : { heldOut: manifest.heldOut }),
    ...(manifest.sampleOf === undefined ? {} : { sampleOf: manifest.sampleOf }),
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
    const apart = wrongVariants(manifest, segment);
    if (apart !== null) return apart;
  }
  for (const [id, shard] of covered)
    if (shard.next !== shard.devices) return `shard ${id} with ${shard.next} of ${shard.devices} devices in batches`;
  const total = manifest.segments.reduce((sum, segment) => sum + segment.devices, 0);
  return total === manifest.devices ? null : `${total} devices in segments and ${manifest.devices} in all`;
}

/** Each variant's devices are those of its batches, and nobody else's. Null: they are. */
function wrongVariants(
  { split }: Manifest,
  { id, batches, variants = {} }: Manifest['segments'][number],
): string | null {
  const known = (split?.variants ?? []).map((one) => one.id);
  const counted = noCounts();
  for (const { variant, count } of batches) if (variant !== undefined) addCount(counted, variant, count);
  const named = [...new Set([...Object.keys(counted), ...Object.keys(variants)])];
  const wrong = named.find((one) => !known.includes(one) || timesOf(counted, one) !== timesOf(variants, one));
  if (wrong !== undefined)
    return `segment ${id} with ${timesOf(counted, wrong)} devices in batches of the variant ${wrong} and ${timesOf(variants, wrong)} of its own`;
  const none = batches.find(({ variant }) => (variant === undefined) !== (known.length === 0));
  return none === undefined ? null : `batch ${none.id} of ${none.variant ?? 'no variant'}`;
}
