import type { Manifest } from '../../../contract/manifest.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { ShardWriter } from './shard-writer.ts';
import type { PackedShard } from './shard-writer.ts';
import { storeToken } from './token-form.ts';

/** Bodies of the local S3 end at 11 MiB (docs/facts.md#fauxqs-limits), and small shards load side by side. */
export const SHARD_BYTES_AT_MOST = 8 * 1024 * 1024;
/** A batch of very long tokens or user ids ends early, so that any batch fits into a shard. */
const BATCH_BYTES_AT_MOST = SHARD_BYTES_AT_MOST / 4;
const TOKEN_BYTES_AT_MOST = 4096 + 3;

/** Cuts devices, given in order, into batches, which are whole but for the last of a segment, and hands them to the shards. */
export class Packer {
  readonly #batchSize: number;
  readonly #shards: ShardWriter;
  readonly #segments: Manifest['segments'] = [];
  #platform: Platform = 'ios';
  #variant: string | null = null;
  // The open batch.
  readonly #tokens = Buffer.allocUnsafe(BATCH_BYTES_AT_MOST);
  #tokenBytes = 0;
  #stored: number[] = [];
  #locales: number[] = [];
  #users: string[] = [];
  #userBytes = 0;

  constructor(options: { folder: string; batchSize: number; shardBytesAtMost?: number }) {
    this.#batchSize = options.batchSize;
    this.#shards = new ShardWriter({
      folder: options.folder,
      bytesAtMost: options.shardBytesAtMost ?? SHARD_BYTES_AT_MOST,
      batchBytesAtMost: BATCH_BYTES_AT_MOST,
    });
  }

  /** What follows belongs to this segment. Segments of one platform come one after the other. */
  async segment(id: string, platform: Platform): Promise<void> {
    await this.#closeBatch();
    await this.#shards.open(platform);
    this.#platform = platform;
    this.#segments.push({ id, platform, devices: 0, batches: [] });
  }

  /** What follows is of this one: a batch has no two. Null: there are none. */
  async variant(id: string | null): Promise<void> {
    if (id === this.#variant) return;
    await this.#closeBatch();
    this.#variant = id;
  }

  /** Returns a promise only when a batch became full. `token` is lower-case hex for iOS, ASCII for Android. */
  add(token: string, locale: number, user: string): Promise<void> | null {
    const stored = storeToken(this.#platform, token, this.#tokens, this.#tokenBytes);
    this.#tokenBytes += stored >> 3;
    this.#stored.push(stored);
    this.#locales.push(locale);
    this.#users.push(user);
    this.#userBytes += 3 * user.length + 1;
    const full =
      this.#stored.length === this.#batchSize ||
      this.#tokenBytes > BATCH_BYTES_AT_MOST - TOKEN_BYTES_AT_MOST ||
      this.#userBytes > BATCH_BYTES_AT_MOST;
    return full ? this.#closeBatch() : null;
  }

  async finish(): Promise<{ shards: PackedShard[]; segments: Manifest['segments'] }> {
    await this.#closeBatch();
    await this.#shards.close();
    return { shards: this.#shards.shards, segments: this.#segments };
  }

  async #closeBatch(): Promise<void> {
    const count = this.#stored.length;
    const segment = this.#segments.at(-1);
    if (count === 0 || segment === undefined) return;
    const place = await this.#shards.append({
      tokens: this.#tokens.subarray(0, this.#tokenBytes),
      stored: this.#stored,
      locales: this.#locales,
      users: this.#users,
      userBytes: this.#userBytes,
    });
    const id = `${segment.id}.${String(segment.batches.length + 1).padStart(5, '0')}`;
    segment.batches.push({ id, ...place, count, ...(this.#variant === null ? {} : { variant: this.#variant }) });
    segment.devices += count;
    this.#stored = [];
    this.#users = [];
    this.#locales = [];
    this.#tokenBytes = 0;
    this.#userBytes = 0;
  }
}
