import { z } from 'zod';

/** A frozen range of devices inside one shard and one segment. */
export const manifestBatch = z.strictObject({
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
  localeCounts: z.record(z.string(), z.number().int()),
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
      localeCounts: z.record(z.string(), z.number().int()).optional(),
      batches: z.array(manifestBatch),
    }),
  ),
});
export type Manifest = z.output<typeof manifest>;
