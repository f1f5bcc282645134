import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { errorName } from './cloud-error.ts';
import { withSignal } from './with-signal.ts';

/** S3 in one bucket. Never used as a lock: local stand-ins ignore conditional puts (docs/facts.md#fauxqs-limits). */
export interface Objects {
  put(key: string, body: Uint8Array, contentType?: string): Promise<void>;
  /** Null: no such object. */
  /** `into`: memory of the size that it is expected to have, which is filled and returned if it has. */
  get(key: string, signal?: AbortSignal, into?: Uint8Array): Promise<Uint8Array | null>;
  /** `writtenAtMs`: by the clock of S3; absent where a stand-in does not say. */
  list(prefix: string): Promise<{ key: string; bytes: number; writtenAtMs?: number }[]>;
  /** Done also if there was none. In a bucket with versions the ones before stay, until its own rules end them. */
  remove(key: string): Promise<void>;
}

/** Piece by piece: what comes is not in memory twice more. */
async function fill(into: Uint8Array, body: Readable): Promise<Uint8Array> {
  let at = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    if (at + piece.length > into.length)
      throw new Error(`OBJECT_TOO_LONG: more than the ${into.length} bytes that were announced`);
    into.set(piece, at);
    at += piece.length;
  }
  return into.subarray(0, at);
}

export function createObjects({ s3, bucket }: { s3: S3Client; bucket: string }): Objects {
  /**
   * Who may list only some keys of a bucket is denied a missing one as if it were forbidden (docs/facts.md#s3-missing-key). It may
   * list those it reads: a key that is there is the first of those that begin with it (docs/facts.md#s3-list-order). False also where it may not.
   */
  async function isMissing(key: string, signal?: AbortSignal): Promise<boolean> {
    try {
      const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
      const { Contents: found = [] } = await s3.send(list, withSignal(signal));
      return found[0]?.Key !== key;
    } catch {
      signal?.throwIfAborted();
      // What was denied first says more than this does.
      return false;
    }
  }

  return {
    async put(key, body, contentType = 'application/octet-stream') {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }));
    },

    async get(key, signal, into) {
      try {
        const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), withSignal(signal));
        const body = answer.Body;
        if (body instanceof Readable && into !== undefined && answer.ContentLength === into.length)
          return await fill(into, body);
        return (await body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        if (errorName(error) === 'NoSuchKey') return null;
        if (errorName(error) === 'AccessDenied' && (await isMissing(key, signal))) return null;
        throw error;
      }
    },

    async list(prefix) {
      const found: Awaited<ReturnType<Objects['list']>> = [];
      let from: string | undefined;
      do {
        const page = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: from }),
        );
        for (const { Key: key = '', Size: bytes = 0, LastModified: at } of page.Contents ?? [])
          found.push({ key, bytes, ...(at === undefined ? {} : { writtenAtMs: at.getTime() }) });
        from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (from !== undefined);
      return found;
    },

    async remove(key) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
