import { manifest as manifestSchema } from '../../contract/manifest.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Objects } from '../../infra/aws/objects.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import { canonicalJson } from '../../runbooks/launch/canonical-json.ts';
import type { AudienceRef } from '../../runbooks/launch/entries.ts';
import { AudienceError } from './errors.ts';

export function manifestKeyOf(hash: string): string {
  return `audiences/${hash}/manifest.json`;
}

/** Object key of something that lies beside the manifest, such as a shard: `key` in the manifest is its name there, since its folder is called by the manifest's hash. */
export function beside(manifestKey: string, name: string): string {
  return `${manifestKey.slice(0, manifestKey.lastIndexOf('/') + 1)}${name}`;
}

/** Languages per segment follow from the shards and only inform people: audiences compiled before they were counted keep their hash. */
export function manifestHash(manifest: Omit<Manifest, 'hash'>): string {
  return sha256(
    canonicalJson({
      ...manifest,
      segments: manifest.segments.map((segment) => ({ ...segment, localeCounts: undefined })),
      hash: undefined,
    }),
  );
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

/** Fetches and checks a manifest: schema, hash, and that its sums agree. Throws MANIFEST_MISSING, MANIFEST_INVALID. */
export async function readManifest(objects: Objects, key: string, signal?: AbortSignal): Promise<Manifest> {
  const bytes = await objects.get(key, signal);
  if (bytes === null)
    throw new AudienceError(
      'MANIFEST_MISSING',
      `${key}: found no such object, expected the manifest of a compiled audience`,
    );
  const invalid = (found: string, expected: string, cause?: unknown) =>
    new AudienceError('MANIFEST_INVALID', `${key}: found ${found}, expected ${expected}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw invalid('no JSON', 'a manifest', cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(
      `something else at ${issue?.path.join('.') ?? ''} (${issue?.message ?? ''})`,
      'a manifest of version 1',
      parsed.error,
    );
  }
  const manifest = parsed.data;
  const hash = manifestHash(manifest);
  if (hash !== manifest.hash) throw invalid(`content with the hash ${hash}`, manifest.hash);
  const wrong = wrongSum(manifest);
  if (wrong !== null) throw invalid(wrong, 'sums that agree');
  return manifest;
}

/** Batches must cover every shard once, without gaps, and stay inside their segment's platform. Null: they do. */
function wrongSum(manifest: Manifest): string | null {
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
