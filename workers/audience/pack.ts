import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, ManifestBatch } from '../../contract/manifest.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { encodeShard, shardBytes } from './shard.ts';
import { storeToken } from './token-form.ts';

/** Bodies of the local S3 end at 11 MiB (docs/facts.md#fauxqs-limits), and small shards load side by side. */
export const SHARD_BYTES_AT_MOST = 8 * 1024 * 1024;
/** A batch of very long tokens or user ids ends early, so that any batch fits into a shard. */
const BATCH_BYTES_AT_MOST = SHARD_BYTES_AT_MOST / 4;
const TOKEN_BYTES_AT_MOST = 4096 + 3;

export interface PackedShard {
  id: string;
  platform: Platform;
  bytes: number;
  sha256: string;
  devices: number;
  path: string;
  usersPath: string;
}

/**
 * Cuts devices, given in order, into batches and shards and writes the shards into a folder. A batch that doesn't fit into the
 * open shard opens the next one, so that batches are whole but for the last of a segment.
 */
export class Packer {
  readonly #folder: string;
  readonly #batchSize: number;
  readonly #shardBytesAtMost: number;
  readonly #shards: PackedShard[] = [];
  readonly #segments: Manifest['segments'] = [];
  #shardNumber: Record<Platform, number> = { ios: 0, android: 0 };
  #platform: Platform = 'ios';
  // The open shard.
  #devices = 0;
  #tokenBytes = 0;
  #userBytes = 0;
  #offsets = new Uint32Array(1024);
  #forms = new Uint8Array(1024);
  #locales = new Uint8Array(1024);
  #tokens: Buffer;
  #users: string[] = [];
  // The open batch.
  readonly #batchTokens = Buffer.allocUnsafe(BATCH_BYTES_AT_MOST);
  #batchTokenBytes = 0;
  /** Per device what storeToken said: bytes * 8 + form. */
  #batchStored: number[] = [];
  #batchLocales: number[] = [];
  #batchUsers: string[] = [];
  #batchUserBytes = 0;

  constructor(options: { folder: string; batchSize: number; shardBytesAtMost?: number }) {
    this.#folder = options.folder;
    this.#batchSize = options.batchSize;
    this.#shardBytesAtMost = options.shardBytesAtMost ?? SHARD_BYTES_AT_MOST;
    this.#tokens = Buffer.allocUnsafe(this.#shardBytesAtMost + BATCH_BYTES_AT_MOST);
  }

  /** What follows belongs to this segment. Segments of one platform come one after the other. */
  async segment(id: string, platform: Platform): Promise<void> {
    await this.#closeBatch();
    if (platform !== this.#platform) {
      await this.#closeShard();
      this.#platform = platform;
    }
    this.#segments.push({ id, platform, devices: 0, batches: [] });
  }

  /** Returns a promise only when a batch became full. `token` is lower-case hex for iOS, ASCII for Android. */
  add(token: string, locale: number, user: string): Promise<void> | null {
    const stored = storeToken(this.#platform, token, this.#batchTokens, this.#batchTokenBytes);
    this.#batchTokenBytes += stored >> 3;
    this.#batchStored.push(stored);
    this.#batchLocales.push(locale);
    this.#batchUsers.push(user);
    this.#batchUserBytes += 3 * user.length + 1;
    const full =
      this.#batchStored.length === this.#batchSize ||
      this.#batchTokenBytes > BATCH_BYTES_AT_MOST - TOKEN_BYTES_AT_MOST ||
      this.#batchUserBytes > BATCH_BYTES_AT_MOST;
    return full ? this.#closeBatch() : null;
  }

  async finish(): Promise<{ shards: PackedShard[]; segments: Manifest['segments'] }> {
    await this.#closeBatch();
    await this.#closeShard();
    return { shards: this.#shards, segments: this.#segments };
  }

  async #closeBatch(): Promise<void> {
    const count = this.#batchStored.length;
    const segment = this.#segments.at(-1);
    if (count === 0 || segment === undefined) return;
    const bytes = shardBytes(this.#devices + count, this.#tokenBytes + this.#batchTokenBytes);
    if (
      this.#devices > 0 &&
      (bytes > this.#shardBytesAtMost || this.#userBytes + this.#batchUserBytes > this.#shardBytesAtMost)
    )
      await this.#closeShard();
    this.#reserve(this.#devices + count + 1);
    const start = this.#devices;
    this.#tokens.set(this.#batchTokens.subarray(0, this.#batchTokenBytes), this.#tokenBytes);
    for (let i = 0; i < count; i++) {
      this.#offsets[this.#devices] = this.#tokenBytes;
      this.#locales[this.#devices] = this.#batchLocales[i] ?? 0;
      const stored = this.#batchStored[i] ?? 0;
      this.#forms[this.#devices] = stored & 7;
      this.#tokenBytes += stored >> 3;
      this.#devices++;
    }
    this.#users.push(this.#batchUsers.join('\n'));
    this.#userBytes += this.#batchUserBytes;
    segment.batches.push(this.#batch(segment.id, segment.batches.length, start, count));
    segment.devices += count;
    this.#batchStored = [];
    this.#batchUsers = [];
    this.#batchLocales = [];
    this.#batchTokenBytes = 0;
    this.#batchUserBytes = 0;
  }

  #batch(segment: string, index: number, start: number, count: number): ManifestBatch {
    return { id: `${segment}.${String(index + 1).padStart(5, '0')}`, shard: this.#shardId(), start, count };
  }

  #shardId(): string {
    return `${this.#platform}-${String(this.#shardNumber[this.#platform] + 1).padStart(4, '0')}`;
  }

  async #closeShard(): Promise<void> {
    if (this.#devices === 0) return;
    const id = this.#shardId();
    const path = join(this.#folder, `${id}.shard`);
    const usersPath = join(this.#folder, `${id}.users`);
    this.#offsets[this.#devices] = this.#tokenBytes;
    const bytes = encodeShard({
      platform: this.#platform,
      devices: this.#devices,
      offsets: this.#offsets,
      forms: this.#forms,
      locales: this.#locales,
      tokens: this.#tokens,
    });
    await writeFile(path, bytes);
    await writeFile(usersPath, `${this.#users.join('\n')}\n`);
    this.#shards.push({
      id,
      platform: this.#platform,
      bytes: bytes.length,
      sha256: sha256(bytes),
      devices: this.#devices,
      path,
      usersPath,
    });
    this.#shardNumber[this.#platform]++;
    this.#devices = 0;
    this.#tokenBytes = 0;
    this.#userBytes = 0;
    this.#users = [];
  }

  #reserve(devices: number): void {
    if (devices <= this.#offsets.length) return;
    const offsets = new Uint32Array(devices * 2);
    const forms = new Uint8Array(devices * 2);
    const locales = new Uint8Array(devices * 2);
    offsets.set(this.#offsets);
    forms.set(this.#forms);
    locales.set(this.#locales);
    this.#offsets = offsets;
    this.#forms = forms;
    this.#locales = locales;
  }
}
