import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { signedNow } from '../local/cloud/for-tests.ts';
import { startLocalCloud } from '../local/cloud/start.ts';
import type { LocalCloud } from '../local/cloud/start.ts';
import { createClients } from './clients.ts';
import type { Clients } from './clients.ts';
import { ensureTables } from './create-cloud.ts';
import { createObjects } from './objects.ts';
import type { Objects } from './objects.ts';

describe.each(['memory', 'files'])('in %s', (where) => {
  const dataDir = where === 'files' ? mkdtempSync(join(tmpdir(), 'gobutton-s3-')) : null;
  let local: LocalCloud;
  let clients: Clients;
  let objects: Objects;
  beforeAll(async () => {
    local = await startLocalCloud({ dataDir, services: [], groups: [] });
    const config = { endpoint: local.url, region: 'us-east-1', tablePrefix: 't', bucket: 'bucket' };
    await ensureTables(config);
    clients = createClients(config);
    objects = createObjects({ s3: clients.s3, bucket: 'bucket' });
  });
  afterAll(async () => {
    clients.destroy();
    await local.stop();
    if (dataDir !== null) rmSync(dataDir, { recursive: true });
  });

  const pattern = (bytes: number) => Uint8Array.from({ length: bytes }, (_, at) => at % 251);

  test('objects of twelve MiB, of one byte and of none come back as they were', async () => {
    for (const bytes of [12 * 1_048_576, 1, 0]) {
      const body = pattern(bytes);
      await objects.put(`size/${bytes}`, body);
      expect(Buffer.compare((await objects.get(`size/${bytes}`)) ?? Buffer.from('none'), body)).toBe(0);
    }
  });

  test('an object comes in the memory that is given for it, shared with other threads or not; one of another size comes in its own', async () => {
    const body = pattern(3_000_000);
    await objects.put('into', body);
    const into = new Uint8Array(new SharedArrayBuffer(body.length));
    const got = await objects.get('into', undefined, into);
    expect([got?.buffer === into.buffer, Buffer.compare(into, body)]).toEqual([true, 0]);
    for (const bytes of [body.length - 1, body.length + 1])
      expect(
        Buffer.compare((await objects.get('into', undefined, new Uint8Array(bytes))) ?? Buffer.from('none'), body),
      ).toBe(0);
    expect(await objects.get('none', undefined, into)).toBeNull();
  });

  test('an object is replaced whole, and keys of any characters are kept apart', async () => {
    for (const key of ['k/ä ö+%25/日本', 'k/a', 'k/a/', 'k/a/b']) await objects.put(key, Buffer.from(key));
    for (const key of ['k/ä ö+%25/日本', 'k/a', 'k/a/', 'k/a/b'])
      expect(Buffer.from((await objects.get(key)) ?? []).toString()).toBe(key);
    await objects.put('k/a', Buffer.from('new'));
    expect(Buffer.from((await objects.get('k/a')) ?? []).toString()).toBe('new');
    expect((await objects.list('k/a')).map((one) => one.key)).toEqual(['k/a', 'k/a/', 'k/a/b']);
  });

  test('a list of more than a thousand is whole and in order', async () => {
    const keys = Array.from({ length: 1_030 }, (_, at) => `list/${String(at).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map((key) => objects.put(key, Buffer.from('x'))));
    expect((await objects.list('list/')).map((one) => one.key)).toEqual(keys);
  });

  test('a list that asks for it says keys in the letters of a URL, as botocore always does', async () => {
    await objects.put('url/a b/+ä&<', Buffer.from('x'));
    const { Prefix, EncodingType, Contents } = await clients.s3.send(
      new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'url/a ', EncodingType: 'url' }),
    );
    expect([Prefix, EncodingType, Contents?.map(({ Key }) => Key)]).toEqual([
      'url/a%20',
      'url',
      ['url/a%20b/%2B%C3%A4%26%3C'],
    ]);
  });

  test('readers of an object that is being replaced see the old one or the new one', async () => {
    await objects.put('swap', Buffer.alloc(200_000, 'a'));
    const replacing = (async () => {
      for (const letter of 'bcdefg') await objects.put('swap', Buffer.alloc(200_000, letter));
    })();
    const seen = await Promise.all(Array.from({ length: 20 }, () => objects.get('swap')));
    await replacing;
    for (const body of seen) expect([body?.length, new Set(body).size]).toEqual([200_000, 1]);
  });

  test('ranges, heads and deletions work', async () => {
    await objects.put('r', Buffer.from('0123456789'));
    const range = async (Range: string) =>
      (await clients.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'r', Range }))).Body?.transformToString();
    expect(await range('bytes=2-4')).toBe('234');
    expect(await range('bytes=7-')).toBe('789');
    expect(await range('bytes=-2')).toBe('89');
    await expect(range('bytes=20-30')).rejects.toMatchObject({ name: 'InvalidRange' });
    expect((await clients.s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'r' }))).ContentLength).toBe(10);
    await clients.s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'r' }));
    await expect(clients.s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'r' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
    expect(await objects.get('r')).toBeNull();
  });

  test('a stream is taken in chunks', async () => {
    const parts = [pattern(70_000), pattern(100_000), pattern(5)].map((part) => Buffer.from(part));
    await clients.s3.send(
      new PutObjectCommand({ Bucket: 'bucket', Key: 'stream', Body: Readable.from(parts), ContentLength: 170_005 }),
    );
    expect(Buffer.compare((await objects.get('stream')) ?? Buffer.alloc(0), Buffer.concat(parts))).toBe(0);
  });

  test('an upload that breaks off leaves nothing, and the object before it as it was', async () => {
    await objects.put('broken', Buffer.from('before'));
    const upload = request(`${local.url}/bucket/broken`, {
      method: 'PUT',
      headers: {
        'content-length': 100_000,
        'x-amz-date': signedNow(),
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=abc',
      },
    });
    const failed = new Promise((resolve) => {
      upload.once('error', resolve);
    });
    upload.write(Buffer.alloc(50_000));
    // What has been written is at the server when it has answered somebody else.
    await objects.get('none');
    upload.destroy(new Error('cut'));
    await failed;
    await objects.get('none');
    expect(Buffer.from((await objects.get('broken')) ?? []).toString()).toBe('before');
    if (dataDir !== null)
      await vi.waitFor(() =>
        expect(readdirSync(join(dataDir, 's3', 'bucket')).filter((file) => file.endsWith('.bytes'))).toHaveLength(
          readdirSync(join(dataDir, 's3', 'bucket')).filter((file) => file.endsWith('.json')).length,
        ),
      );
  });

  test("bytes that don't match their checksum are refused", async () => {
    await expect(
      clients.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'bad', Body: 'bytes', ChecksumCRC32: 'AAAAAA==' })),
    ).rejects.toMatchObject({ name: 'BadDigest' });
    expect(await objects.get('bad')).toBeNull();
  });

  test('a bucket that is not there is an error, not an absent object', async () => {
    await expect(createObjects({ s3: clients.s3, bucket: 'nobody' }).get('x')).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });
});
