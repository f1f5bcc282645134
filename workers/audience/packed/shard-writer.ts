import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../infra/aws/sha256.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { encodeShard, shardBytes } from './shard.ts';

export interface PackedShard {
  id: string;
  platform: Platform;
  bytes: number;
  sha256: string;
  devices: number;
  path: string;
  usersPath: string;
}

/** Devices that belong together. `stored`: per device what storeToken said, bytes * 8 + form. `userBytes`: an upper bound. */
export interface Batch {
  tokens: Buffer;
  stored: readonly number[];
  locales: readonly number[];
  users: readonly string[];
  userBytes: number;
}

/**
 * Puts whole batches into shards and writes these into a folder: `open` on a platform, `append`, `close`. A batch that
 * doesn't fit into the open shard opens the next one.
 */
export class ShardWriter {
  readonly shards: PackedShard[] = [];
  readonly #folder: string;
  readonly #bytesAtMost: number;
  readonly #number: Record<Platform, number> = { ios: 0, android: 0 };
  #platform: Platform = 'ios';
  #devices = 0;
  #tokenBytes = 0;
  #userBytes = 0;
  #offsets = new Uint32Array(1024);
  #forms = new Uint8Array(1024);
  #locales = new Uint8Array(1024);
  readonly #tokens: Buffer;
  #users: string[] = [];

  /** `batchBytesAtMost`: of the tokens of one batch. */
  constructor(options: { folder: string; bytesAtMost: number; batchBytesAtMost: number }) {
    this.#folder = options.folder;
    this.#bytesAtMost = options.bytesAtMost;
    this.#tokens = Buffer.allocUnsafe(options.bytesAtMost + options.batchBytesAtMost);
  }

  /** What follows is of this platform: a shard holds one. */
  async open(platform: Platform): Promise<void> {
    if (platform !== this.#platform) await this.close();
    this.#platform = platform;
  }

  /** Where the batch lies. */
  async append(batch: Batch): Promise<{ shard: string; start: number }> {
    const count = batch.stored.length;
    const bytes = shardBytes(this.#devices + count, this.#tokenBytes + batch.tokens.length);
    if (this.#devices > 0 && (bytes > this.#bytesAtMost || this.#userBytes + batch.userBytes > this.#bytesAtMost))
      await this.close();
    this.#reserve(this.#devices + count + 1);
    const start = this.#devices;
    this.#tokens.set(batch.tokens, this.#tokenBytes);
    for (const [at, stored] of batch.stored.entries()) {
      this.#offsets[this.#devices] = this.#tokenBytes;
      this.#locales[this.#devices] = batch.locales[at] ?? 0;
      this.#forms[this.#devices] = stored & 7;
      this.#tokenBytes += stored >> 3;
      this.#devices++;
    }
    this.#users.push(batch.users.join('\n'));
    this.#userBytes += batch.userBytes;
    return { shard: this.#id(), start };
  }

  /** Writes the open shard, if anything is in it. */
  async close(): Promise<void> {
    if (this.#devices === 0) return;
    const id = this.#id();
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
    this.shards.push({
      id,
      platform: this.#platform,
      bytes: bytes.length,
      sha256: sha256(bytes),
      devices: this.#devices,
      path,
      usersPath,
    });
    this.#number[this.#platform]++;
    this.#devices = 0;
    this.#tokenBytes = 0;
    this.#userBytes = 0;
    this.#users = [];
  }

  #id(): string {
    return `${this.#platform}-${String(this.#number[this.#platform] + 1).padStart(4, '0')}`;
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
