import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { errorName } from './cloud-error.ts';

/** S3 in one bucket. Never used as a lock: conditional puts are not relied upon. */
export interface Objects {
  put(key: string, body: Uint8Array, contentType?: string): Promise<void>;
  /** Null: no such object. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
  /** Done also if there was none. In a bucket with versions the ones before stay, until its own rules end them. */
  remove(key: string): Promise<void>;
}

export function createObjects({ s3, bucket }: { s3: S3Client; bucket: string }): Objects {
  return {
    async put(key, body, contentType = 'application/octet-stream') {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }));
    },

    async get(key, signal) {
      try {
        const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), signal === undefined ? {} : { abortSignal: signal });
        return (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
      } catch (error) {
        if (errorName(error) === 'NoSuchKey') return null;
        throw error;
      }
    },

    async list(prefix) {
      const found: { key: string; bytes: number }[] = [];
      let from: string | undefined;
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: from }));
        for (const object of page.Contents ?? []) found.push({ key: object.Key ?? '', bytes: object.Size ?? 0 });
        from = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (from !== undefined);
      return found;
    },

    async remove(key) {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
