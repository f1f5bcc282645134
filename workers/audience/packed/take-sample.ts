import { createHash } from 'node:crypto';
import { AudienceError } from '../../../contract/audience-error.ts';
import { audienceRefOf, manifestHash, manifestKeyOf } from '../../../contract/manifest.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import { readManifest } from '../../../infra/aws/manifest-store.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { addCount, noCounts } from '../../../runbooks/launch/counts.ts';
import type { AudienceRef, RehearsalSample } from '../../../runbooks/launch/entries.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { loadShard } from './load.ts';
import { Packer } from './pack.ts';
import { shardPeople } from './shard-people.ts';
import { storeShards } from './store-shards.ts';

export interface TakeOptions {
  objects: Objects;
  /** The audience that is taken from, and its hash. */
  manifestKey: string;
  hash: string;
  sample: RehearsalSample;
  /** How many it comes to. */
  atMost: number;
  /** Shards that were read, of both passes. */
  progress?: (done: number, total: number) => void;
}

/**
 * A part of a compiled audience as an audience of its own, which holds nobody else. A device's place in line is a hash of its token: the same of one audience
 * at every try, whatever the list's order, and a larger sample holds the smaller ones. Memory holds a shard, and 8 bytes a device. Rejects with
 * SEGMENT_EMPTY, MANIFEST_MISSING, MANIFEST_INVALID, SHARD_MISSING, SHARD_CORRUPT.
 */
export async function takeSample(options: TakeOptions): Promise<AudienceRef> {
  const { objects, manifestKey, atMost } = options;
  const manifest = await readManifest(objects, manifestKey);
  // Whoever can write the bucket must not say whom a rehearsal goes to.
  if (manifest.hash !== options.hash)
    throw new AudienceError(
      'MANIFEST_INVALID',
      `${manifestKey}: found the audience ${manifest.hash}, expected ${options.hash}`,
    );
  const from = segmentsOf(manifest, options.sample);
  const last = await lastPlace(options, manifest, from);
  return withTemporaryFolder('gobutton-take-', async (folder) => {
    const packer = new Packer({ folder, batchSize: manifest.batchSize });
    const counts = new Map<string, Map<number, number>>();
    let left = atMost;
    let done = 0;
    for (const segment of from) {
      let isOpen = false;
      for (const { shard: id, batches } of byShard(segment)) {
        const { shard, users } = await read(options, manifest, id);
        for (const { start, count, variant = null } of batches) {
          for (let at = start; at < start + count; at++) {
            const token = shard.tokenAt(at);
            if (left === 0 || placeOf(token) > last) continue;
            if (!isOpen) await packer.segment(segment.id, segment.platform);
            isOpen = true;
            await packer.variant(variant);
            left -= 1;
            const locale = shard.localeAt(at);
            const spoken = counts.get(segment.id) ?? new Map<number, number>();
            counts.set(segment.id, spoken.set(locale, (spoken.get(locale) ?? 0) + 1));
            const full = packer.add(token, locale, users[at] ?? '');
            if (full !== null) await full;
          }
        }
        options.progress?.(manifest.shards.length + ++done, 2 * manifest.shards.length);
      }
    }
    const packed = await packer.finish();
    const taken = manifestOf(manifest, packed, counts);
    const key = manifestKeyOf(taken.hash);
    await storeShards(objects, key, packed.shards);
    await objects.put(key, Buffer.from(JSON.stringify(taken)), 'application/json');
    return audienceRefOf(taken, key);
  });
}

type Segment = Manifest['segments'][number];

function segmentsOf({ segments }: Manifest, sample: RehearsalSample): Segment[] {
  if (!('segments' in sample)) return segments;
  const missing = sample.segments.find((id) => !segments.some((one) => one.id === id));
  if (missing !== undefined)
    throw new AudienceError(
      'SEGMENT_EMPTY',
      `found no segment ${missing} in the audience, expected one of ${segments.map(({ id }) => id).join(', ')}`,
    );
  return segments.filter(({ id }) => sample.segments.includes(id));
}

/** Batches of one shard together, and of those the ones of a variant: a batch has one, and few devices of each are taken. */
function byShard({ batches }: Segment): { shard: string; batches: Segment['batches'] }[] {
  const groups = new Map<string, Segment['batches']>();
  for (const batch of batches) groups.set(batch.shard, [...(groups.get(batch.shard) ?? []), batch]);
  const nameOf = ({ variant = '' }: Segment['batches'][number]): string => variant;
  return [...groups].map(([shard, some]) => ({
    shard,
    batches: some.toSorted((a, b) => Number(nameOf(a) > nameOf(b)) - Number(nameOf(a) < nameOf(b))),
  }));
}

/** The place of the last one that is taken; infinite, if all are. */
async function lastPlace(options: TakeOptions, manifest: Manifest, from: readonly Segment[]): Promise<number> {
  const devices = from.reduce((sum, one) => sum + one.devices, 0);
  if (devices <= options.atMost) return Number.POSITIVE_INFINITY;
  const places = new Float64Array(devices);
  let at = 0;
  let done = 0;
  for (const part of manifest.shards) {
    const shard = await loadShard(options.objects, options.manifestKey, manifest, part);
    const batches = from.flatMap((segment) => segment.batches.filter((batch) => batch.shard === part.id));
    for (const { start, count } of batches)
      for (let device = start; device < start + count; device++) places[at++] = placeOf(shard.tokenAt(device));
    options.progress?.(++done, 2 * manifest.shards.length);
  }
  return places.sort()[options.atMost - 1] ?? -1;
}

/** 48 bits: of six million two may well share a place, which a count of those left settles. */
function placeOf(token: string): number {
  return createHash('sha256').update(token).digest().readUIntBE(0, 6);
}

async function read({ objects, manifestKey }: TakeOptions, manifest: Manifest, id: string) {
  const part = manifest.shards.find((one) => one.id === id);
  if (part === undefined) throw new AudienceError('MANIFEST_INVALID', `${manifestKey}: found no shard ${id}`);
  const [shard, users] = await Promise.all([
    loadShard(objects, manifestKey, manifest, part),
    shardPeople(objects, manifestKey, part),
  ]);
  return { shard, users };
}

function variantsOf({ batches }: Segment): Pick<Segment, 'variants'> {
  const variants = noCounts();
  for (const { variant, count } of batches) if (variant !== undefined) addCount(variants, variant, count);
  return Object.keys(variants).length === 0 ? {} : { variants };
}

function manifestOf(
  { hash, batchSize, locales, split }: Manifest,
  { shards, segments }: Awaited<ReturnType<Packer['finish']>>,
  counts: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Manifest {
  const named = (spoken: ReadonlyMap<number, number>) =>
    Object.fromEntries([...spoken].map(([locale, devices]) => [locales[locale] ?? '', devices]));
  const all = new Map<number, number>();
  for (const spoken of counts.values())
    for (const [locale, devices] of spoken) all.set(locale, (all.get(locale) ?? 0) + devices);
  const body = {
    v: 1 as const,
    devices: segments.reduce((sum, { devices }) => sum + devices, 0),
    batchSize,
    locales,
    localeCounts: named(all),
    // Nobody of those that are held out is in a batch, so none is in a sample.
    ...(split === undefined ? {} : { split }),
    sampleOf: hash,
    shards: shards.map(({ id, platform, bytes, sha256, devices }) => ({
      id,
      platform,
      key: `${id}.shard`,
      bytes,
      sha256,
      devices,
    })),
    segments: segments.map((segment) => ({
      ...segment,
      localeCounts: named(counts.get(segment.id) ?? new Map()),
      ...variantsOf(segment),
    })),
  };
  return { ...body, hash: manifestHash(body) };
}
