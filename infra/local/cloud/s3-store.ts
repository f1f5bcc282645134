import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';

export interface StoredObject {
  key: string;
  bytes: number;
  etag: string;
  /** Big-endian, base64: what `x-amz-checksum-crc32` carries. */
  crc32: string;
  contentType: string;
  modifiedAtMs: number;
  /** Name of the file with the bytes; new for every write. */
  body: string;
}

/** An object that can be read whole even if it is replaced meanwhile. Close it. */
export interface OpenObject {
  object: StoredObject;
  /** Bytes from `start` to `end`, both included. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}

/**
 * Objects of all buckets, one file of bytes and one of metadata each under `dir`, or in memory. An object is replaced by the
 * rename of its metadata alone, which names the new bytes: a kill at any moment leaves the old object or the new one whole.
 */
export class ObjectFiles {
  readonly #dir: string | null;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #bodies = new Map<string, Buffer>();

  constructor(dir: string | null) {
    this.#dir = dir;
    if (dir === null) return;
    mkdirSync(dir, { recursive: true });
    for (const bucket of readdirSync(dir)) this.#buckets.set(bucket, loadBucket(join(dir, bucket)));
  }

  hasBucket(bucket: string): boolean {
    return this.#buckets.has(bucket);
  }

  createBucket(bucket: string): void {
    this.#buckets.set(bucket, new Map());
    if (this.#dir !== null) mkdirSync(join(this.#dir, bucket), { recursive: true });
  }

  /** False: it holds objects still. */
  removeBucket(bucket: string): boolean {
    if ((this.#buckets.get(bucket)?.size ?? 0) > 0) return false;
    this.#buckets.delete(bucket);
    if (this.#dir !== null) rmSync(join(this.#dir, bucket), { recursive: true, force: true });
    return true;
  }

  find(bucket: string, key: string): StoredObject | null {
    return this.#buckets.get(bucket)?.get(key) ?? null;
  }

  /** In the order of their UTF-8 bytes, as S3 lists them. */
  list(bucket: string): StoredObject[] {
    return [...(this.#buckets.get(bucket)?.values() ?? [])].sort((a, b) =>
      Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
    );
  }

  /** Takes the whole body before it shows anything; `check` may still refuse it. */
  async put(
    bucket: string,
    key: string,
    contentType: string,
    source: AsyncIterable<Buffer>,
    check: (object: StoredObject) => void,
  ): Promise<StoredObject> {
    const body = `${randomUUID()}.bytes`;
    const md5 = createHash('md5');
    let checksum = 0;
    let bytes = 0;
    const sink = await this.#sink(bucket, body);
    try {
      for await (const chunk of source) {
        md5.update(chunk);
        checksum = crc32(chunk, checksum);
        bytes += chunk.length;
        await sink.write(chunk);
      }
      await sink.close();
      const crc = Buffer.alloc(4);
      crc.writeUInt32BE(checksum);
      const object = {
        key,
        bytes,
        etag: `"${md5.digest('hex')}"`,
        crc32: crc.toString('base64'),
        contentType,
        modifiedAtMs: Date.now(),
        body,
      };
      check(object);
      this.#install(bucket, object);
      return object;
    } catch (error) {
      await sink.close();
      this.#dropBody(bucket, body);
      throw error;
    }
  }

  remove(bucket: string, key: string): void {
    const object = this.find(bucket, key);
    if (object === null) return;
    this.#buckets.get(bucket)?.delete(key);
    if (this.#dir !== null) rmSync(join(this.#dir, bucket, metadataFile(key)), { force: true });
    this.#dropBody(bucket, object.body);
  }

  async open(bucket: string, key: string): Promise<OpenObject | null> {
    for (;;) {
      const object = this.find(bucket, key);
      if (object === null) return null;
      if (this.#dir === null) {
        const bytes = this.#bodies.get(object.body) ?? Buffer.alloc(0);
        return {
          object,
          read: (start, end) => Readable.from(end < start ? [] : [bytes.subarray(start, end + 1)]),
          close: async () => {},
        };
      }
      try {
        const file = await open(join(this.#dir, bucket, object.body), 'r');
        return {
          object,
          read: (start, end) =>
            end < start
              ? Readable.from([])
              : file.createReadStream({ start, end, highWaterMark: 1 << 20, autoClose: false }),
          close: () => file.close(),
        };
      } catch (error) {
        // Replaced between the look and the opening: look again. The same object without its bytes is an error.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || this.find(bucket, key) === object) throw error;
      }
    }
  }

  #install(bucket: string, object: StoredObject): void {
    const replaced = this.find(bucket, object.key);
    if (this.#dir !== null) {
      const file = join(this.#dir, bucket, metadataFile(object.key));
      writeFileSync(`${file}.new`, JSON.stringify(object));
      renameSync(`${file}.new`, file);
    }
    this.#buckets.get(bucket)?.set(object.key, object);
    if (replaced !== null) this.#dropBody(bucket, replaced.body);
  }

  #dropBody(bucket: string, body: string): void {
    this.#bodies.delete(body);
    if (this.#dir !== null) rmSync(join(this.#dir, bucket, body), { force: true });
  }

  async #sink(
    bucket: string,
    body: string,
  ): Promise<{ write(chunk: Buffer): Promise<unknown>; close(): Promise<void> }> {
    if (this.#dir !== null) {
      const file = await open(join(this.#dir, bucket, body), 'w');
      let closed = false;
      return {
        // Unlike write, it goes on until everything is in.
        write: (chunk) => file.writeFile(chunk),
        close: async () => {
          if (!closed) await file.close();
          closed = true;
        },
      };
    }
    const chunks: Buffer[] = [];
    return {
      write: async (chunk) => chunks.push(Buffer.from(chunk)),
      close: async () => void this.#bodies.set(body, Buffer.concat(chunks)),
    };
  }
}

const metadataFile = (key: string) => `${createHash('sha256').update(key).digest('hex')}.json`;

function loadBucket(dir: string): Map<string, StoredObject> {
  const objects = new Map<string, StoredObject>();
  const files = readdirSync(dir);
  for (const file of files.filter((name) => name.endsWith('.json'))) {
    const object = JSON.parse(readFileSync(join(dir, file), 'utf8')) as StoredObject;
    objects.set(object.key, object);
  }
  // What a kill left behind half-written.
  const known = new Set([...objects.values()].map((object) => object.body));
  for (const file of files) {
    if (!file.endsWith('.json') && !known.has(file)) rmSync(join(dir, file), { force: true });
  }
  return objects;
}
