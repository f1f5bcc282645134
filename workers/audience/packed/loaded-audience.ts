import { setImmediate } from 'node:timers/promises';
import { AudienceError } from '../../../contract/audience-error.ts';
import type { Manifest } from '../../../contract/manifest.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { Shard } from './shard.ts';
import { SkipList } from './skip-list.ts';

/** Some 5 ms of looking up. */
const DEVICES_AT_A_TIME = 32_768;

/** All that another thread needs to have the same audience without a copy. */
export interface SharedAudience {
  manifest: Manifest;
  shards: SharedArrayBuffer[];
  skip: SharedArrayBuffer;
}

/** One batch, looked up once: for the thread that writes. Indexes are 0 … count-1; others throw RangeError. */
export interface BatchView {
  readonly id: string;
  readonly platform: Platform;
  readonly segment: string;
  readonly count: number;
  /** Of all of its devices; null: there are none. */
  readonly variant: string | null;
  /** As the provider wants it: lower-case hex for APNs. */
  token(index: number): string;
  /** The same characters written into `target`; returns how many. Needs room for 200 bytes (iOS), 4,099 (Android). */
  tokenBytes(index: number, target: Uint8Array, offset: number): number;
  /** Index in manifest.locales: which text. */
  locale(index: number): number;
  /** On the skip list that was applied last. */
  skipped(index: number): boolean;
}

interface Place {
  id: string;
  segment: string;
  platform: Platform;
  shard: Shard;
  start: number;
  count: number;
  variant: string | null;
  skipBit: number;
}

/** Every device of an audience in memory; made by `loadAudience`, or by `attachAudience` in another thread. */
export class LoadedAudience {
  readonly manifest: Manifest;
  /** Memory that the shards take. */
  readonly bytes: number;
  readonly #shards: Shard[];
  readonly #places = new Map<string, Place>();
  /** A bit per device, shards in the manifest's order. */
  readonly #skip: Uint8Array;
  readonly #skipMemory: SharedArrayBuffer;

  /** `memory` in the manifest's order of shards. Throws SHARD_CORRUPT. */
  constructor(
    manifest: Manifest,
    memory: readonly SharedArrayBuffer[],
    skip = new SharedArrayBuffer(Math.ceil(manifest.devices / 8)),
  ) {
    this.manifest = manifest;
    this.#skipMemory = skip;
    this.#skip = new Uint8Array(skip);
    const byId = new Map<string, { shard: Shard; firstBit: number }>();
    let firstBit = 0;
    this.#shards = manifest.shards.map((one, index) => {
      const shard = new Shard(memory[index] ?? new SharedArrayBuffer(0), one.key, {
        platform: one.platform,
        devices: one.devices,
        locales: manifest.locales.length,
      });
      byId.set(one.id, { shard, firstBit });
      firstBit += one.devices;
      return shard;
    });
    this.bytes = this.#shards.reduce((sum, shard) => sum + shard.bytes, this.#skip.length);
    for (const segment of manifest.segments) {
      for (const { id, shard: shardId, start, count, variant = null } of segment.batches) {
        const found = byId.get(shardId);
        if (found === undefined)
          throw new AudienceError(
            'MANIFEST_INVALID',
            `batch ${id}: found the shard ${shardId}, expected one of the manifest's`,
          );
        this.#places.set(id, {
          id,
          segment: segment.id,
          platform: segment.platform,
          shard: found.shard,
          start,
          count,
          variant,
          skipBit: found.firstBit + start,
        });
      }
    }
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  /** Throws BATCH_UNKNOWN. */
  batch(id: string): { platform: Platform; segment: string; count: number } {
    const { platform, segment, count } = this.#place(id);
    return { platform, segment, count };
  }

  /** Throws BATCH_UNKNOWN. */
  view(id: string): BatchView {
    const place = this.#place(id);
    const { shard, start } = place;
    return {
      id,
      platform: place.platform,
      segment: place.segment,
      count: place.count,
      variant: place.variant,
      token: (index) => shard.tokenAt(start + inside(place, index)),
      tokenBytes: (index, target, offset) => shard.tokenBytes(start + inside(place, index), target, offset),
      locale: (index) => shard.localeAt(start + inside(place, index)),
      skipped: (index) => this.#bit(place.skipBit + inside(place, index)),
    };
  }

  tokenAt(batchId: string, index: number): string {
    const place = this.#place(batchId);
    return place.shard.tokenAt(place.start + inside(place, index));
  }

  tokenBytes(batchId: string, index: number, target: Uint8Array, offset: number): number {
    const place = this.#place(batchId);
    return place.shard.tokenBytes(place.start + inside(place, index), target, offset);
  }

  localeAt(batchId: string, index: number): number {
    const place = this.#place(batchId);
    return place.shard.localeAt(place.start + inside(place, index));
  }

  skipped(batchId: string, index: number): boolean {
    const place = this.#place(batchId);
    return this.#bit(place.skipBit + inside(place, index));
  }

  /**
   * Marks the devices on a packed skip list and unmarks all others; null: none is skipped. Returns how many are. Threads that
   * share the audience see it too. Throws SKIP_LIST_CORRUPT, and then changes nothing.
   */
  applySkipList(packed: Uint8Array | null): number {
    const list = packed === null ? null : new SkipList(packed);
    this.#skip.fill(0);
    if (list === null || list.entries === 0) return 0;
    let marked = 0;
    let bit = 0;
    for (const shard of this.#shards) {
      for (let i = 0; i < shard.devices; i++, bit++) {
        if (!list.may(shard.hashAt(i)) || !list.has(shard.stored(i))) continue;
        this.#skip[bit >> 3] = (this.#skip[bit >> 3] ?? 0) | (1 << (bit & 7));
        marked++;
      }
    }
    return marked;
  }

  /**
   * Marks the devices on a packed list that holds everything which is marked already. Never unmarks one, and lets other work in between, so
   * it may run while devices are sent. Throws SKIP_LIST_CORRUPT, and then changes nothing.
   */
  async addSkipList(packed: Uint8Array): Promise<void> {
    const list = new SkipList(packed);
    let bit = 0;
    for (const shard of this.#shards) {
      for (let i = 0; i < shard.devices; i++, bit++) {
        if (bit % DEVICES_AT_A_TIME === 0) await setImmediate();
        if (list.may(shard.hashAt(i)) && list.has(shard.stored(i)))
          this.#skip[bit >> 3] = (this.#skip[bit >> 3] ?? 0) | (1 << (bit & 7));
      }
    }
  }

  /** For a worker thread's `attachAudience`; nothing is copied but the manifest. */
  share(): SharedAudience {
    return { manifest: this.manifest, shards: this.#shards.map((shard) => shard.memory), skip: this.#skipMemory };
  }

  #place(id: string): Place {
    const place = this.#places.get(id);
    if (place === undefined)
      throw new AudienceError(
        'BATCH_UNKNOWN',
        `batch ${id}: found no such batch in the audience ${this.manifest.hash.slice(0, 12)}, expected one of its ${this.#places.size}`,
      );
    return place;
  }

  #bit(bit: number): boolean {
    return ((this.#skip[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }
}

/** The audience that another thread loaded and shared. */
export function attachAudience(shared: SharedAudience): LoadedAudience {
  return new LoadedAudience(shared.manifest, shared.shards, shared.skip);
}

function inside(place: Place, index: number): number {
  if (!(index >= 0 && index < place.count))
    throw new RangeError(`DEVICE_OUTSIDE device ${index} of batch ${place.id}, expected 0 to ${place.count - 1}`);
  return index;
}
