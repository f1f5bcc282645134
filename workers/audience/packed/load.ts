import pLimit from 'p-limit';
import { AudienceError } from '../../../contract/audience-error.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import { beside } from '../../../contract/manifest.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { sha256 } from '../../../infra/aws/sha256.ts';
import { collectGarbage } from '../../collect-garbage.ts';
import { LoadedAudience } from './loaded-audience.ts';
import { Shard } from './shard.ts';

export interface LoadOptions {
  /** Shards fetched at the same time. Default 2: while one is checked the next one comes. Each more has its pieces in memory besides. */
  concurrency?: number;
  signal?: AbortSignal;
  /** After every shard, and once at the start with 0. */
  progress?: (shardsLoaded: number, shardsTotal: number) => void;
  /** Expected hash of the manifest; another one is MANIFEST_INVALID. */
  hash?: string;
}

/**
 * Loads every shard of an audience into memory and checks it against the manifest. Rejects with AudienceError
 * (MANIFEST_MISSING, MANIFEST_INVALID, SHARD_MISSING, SHARD_CORRUPT) after the fetches under way have ended.
 */
export async function loadAudience(
  objects: Objects,
  manifestKey: string,
  options: LoadOptions = {},
): Promise<LoadedAudience> {
  const manifest = await readManifest(objects, manifestKey, options.signal);
  if (options.hash !== undefined && options.hash !== manifest.hash) {
    throw new AudienceError(
      'MANIFEST_INVALID',
      `${manifestKey}: found the audience ${manifest.hash}, expected ${options.hash}`,
    );
  }
  const total = manifest.shards.length;
  const memory: SharedArrayBuffer[] = [];
  const limit = pLimit(options.concurrency ?? 2);
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  let loaded = 0;
  options.progress?.(0, total);
  const fetches = manifest.shards.map((shard, index) =>
    limit(async () => {
      signal.throwIfAborted();
      memory[index] = await shardMemory(objects, manifestKey, shard, signal);
      // The pieces that it came in lie outside the collector's heap, and it doesn't hurry for them.
      collectGarbage();
      loaded++;
      options.progress?.(loaded, total);
    }),
  );
  // The first failure stops the rest, and none is left running behind the caller's back.
  const first = await Promise.all(fetches).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  if (first !== null) {
    stop.abort();
    await Promise.allSettled(fetches);
    throw first.error;
  }
  return new LoadedAudience(manifest, memory);
}

/** One shard alone. Rejects with SHARD_MISSING, SHARD_CORRUPT. */
export async function loadShard(
  objects: Objects,
  manifestKey: string,
  manifest: Manifest,
  shard: Manifest['shards'][number],
): Promise<Shard> {
  const memory = await shardMemory(objects, manifestKey, shard);
  return new Shard(memory, shard.key, {
    platform: shard.platform,
    devices: shard.devices,
    locales: manifest.locales.length,
  });
}

async function shardMemory(
  objects: Objects,
  manifestKey: string,
  shard: Manifest['shards'][number],
  signal?: AbortSignal,
): Promise<SharedArrayBuffer> {
  const key = beside(manifestKey, shard.key);
  const shared = new SharedArrayBuffer(shard.bytes);
  const memory = new Uint8Array(shared);
  const bytes = await objects.get(key, signal, memory);
  if (bytes === null)
    throw new AudienceError('SHARD_MISSING', `${key}: found no such object, expected ${shard.bytes} bytes`);
  if (bytes.length !== shard.bytes)
    throw new AudienceError('SHARD_CORRUPT', `${key}: found ${bytes.length} bytes, expected ${shard.bytes}`);
  const hash = sha256(bytes);
  if (hash !== shard.sha256)
    throw new AudienceError('SHARD_CORRUPT', `${key}: found content with the sha256 ${hash}, expected ${shard.sha256}`);
  if (bytes.buffer !== shared) memory.set(bytes);
  return shared;
}
