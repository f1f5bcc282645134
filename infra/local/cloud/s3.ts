import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Account } from './account.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { AwsError } from './aws-error.ts';
import { ObjectFiles } from './s3-store.ts';
import type { OpenObject, StoredObject } from './s3-store.ts';
import { xml } from './xml.ts';

/**
 * S3, path style: CreateBucket, HeadBucket, PutObject, GetObject (with Range), HeadObject, DeleteObject, ListObjectsV2; and what a
 * bucket keeps and copies, to be read. The rest is refused, above all conditional requests: an emulator that ignored them would make S3 look like a lock.
 */
export interface S3 {
  /** `seesMissing`: whether who asks is told that a key is missing, or is denied like for any other. */
  handle(request: IncomingMessage, response: ServerResponse, seesMissing?: (bucket: string) => boolean): Promise<void>;
}

const REFUSED_HEADERS = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'cache-control',
  'content-disposition',
  'content-language',
];
/** Of the `x-amz-` headers only these have their effect here, or need none; copies, encryption, metadata, tags, locks and other checksums don't. */
const KNOWN_AMZ_HEADERS = [
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-user-agent',
  'x-amz-security-token',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-checksum-crc32',
  'x-amz-checksum-mode',
  'x-amz-sdk-checksum-algorithm',
];
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function startS3(options: { dir: string | null; account: Pick<Account, 'buckets'> }): S3 {
  const files = new ObjectFiles(options.dir);

  function bucketOf(bucket: string): string {
    if (!files.hasBucket(bucket)) throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404);
    return bucket;
  }

  async function put(request: IncomingMessage, response: ServerResponse, bucket: string, key: string): Promise<void> {
    const encoding = String(request.headers['content-encoding'] ?? '');
    const chunked =
      encoding.includes('aws-chunked') ||
      String(request.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
    const expected = { crc32: request.headers['x-amz-checksum-crc32'] };
    const source = chunked
      ? decodeAwsChunked(request, (name, value) => {
          if (name === 'x-amz-checksum-crc32') expected.crc32 = value;
        })
      : request;
    const object = await files.put(
      bucketOf(bucket),
      key,
      request.headers['content-type'] ?? 'application/octet-stream',
      source,
      (stored) => {
        if (expected.crc32 !== undefined && expected.crc32 !== stored.crc32)
          throw new AwsError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
        const length = request.headers[chunked ? 'x-amz-decoded-content-length' : 'content-length'];
        if (length !== undefined && Number(length) !== stored.bytes)
          throw new AwsError(
            'IncompleteBody',
            'You did not provide the number of bytes specified by the Content-Length HTTP header',
          );
      },
    );
    response
      .writeHead(200, {
        etag: object.etag,
        'x-amz-checksum-crc32': object.crc32,
        'x-amz-checksum-type': 'FULL_OBJECT',
        'content-length': 0,
      })
      .end();
  }

  async function get(
    request: IncomingMessage,
    response: ServerResponse,
    bucket: string,
    key: string,
    seesMissing: (bucket: string) => boolean,
  ): Promise<void> {
    const isHead = request.method === 'HEAD';
    const opened = await files.open(bucketOf(bucket), key);
    if (opened === null && !seesMissing(bucket)) throw new AwsError('AccessDenied', 'Access Denied', 403);
    if (opened === null)
      throw new AwsError(isHead ? 'NotFound' : 'NoSuchKey', 'The specified key does not exist.', 404);
    try {
      await sendObject(request, response, opened);
    } finally {
      await opened.close();
    }
  }

  async function sendObject(request: IncomingMessage, response: ServerResponse, opened: OpenObject): Promise<void> {
    const { object } = opened;
    const range = rangeOf(request.headers.range, object);
    const headers = {
      etag: object.etag,
      'content-type': object.contentType,
      'last-modified': new Date(object.modifiedAtMs).toUTCString(),
      'accept-ranges': 'bytes',
      'content-length': range.end - range.start + 1,
      ...(range.partial ? { 'content-range': `bytes ${range.start}-${range.end}/${object.bytes}` } : {}),
      ...(!range.partial && request.headers['x-amz-checksum-mode'] === 'ENABLED'
        ? { 'x-amz-checksum-crc32': object.crc32, 'x-amz-checksum-type': 'FULL_OBJECT' }
        : {}),
    };
    response.writeHead(range.partial ? 206 : 200, headers);
    if (request.method === 'HEAD') response.end();
    else await pipeline(opened.read(range.start, range.end), response);
  }

  function list(response: ServerResponse, bucket: string, query: URLSearchParams): void {
    for (const name of ['delimiter', 'fetch-owner']) if (query.has(name)) throw refused(`ListObjectsV2 with ${name}`);
    // botocore asks for it each time: XML knows no way to say some characters that a key may have.
    const encoding = query.get('encoding-type');
    if (encoding !== null && encoding !== 'url')
      throw new AwsError('InvalidArgument', 'Invalid Encoding Method specified in Request');
    const shown = (text: string): string =>
      encoding === null ? text : encodeURIComponent(text).replaceAll('%2F', '/');
    const prefix = query.get('prefix') ?? '';
    const max = Math.min(1_000, Number(query.get('max-keys') ?? 1_000));
    const token = query.get('continuation-token');
    const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
    const matching = files
      .list(bucketOf(bucket))
      .filter(
        (object) =>
          object.key.startsWith(prefix) &&
          (after === '' || Buffer.compare(Buffer.from(object.key), Buffer.from(after)) > 0),
      );
    const page = matching.slice(0, max);
    const isTruncated = matching.length > page.length;
    sendXml(
      response,
      xml(
        'ListBucketResult',
        {
          Name: bucket,
          Prefix: shown(prefix),
          EncodingType: encoding,
          StartAfter: query.has('start-after') ? shown(query.get('start-after') ?? '') : undefined,
          KeyCount: page.length,
          MaxKeys: max,
          IsTruncated: isTruncated,
          NextContinuationToken: isTruncated ? Buffer.from(page.at(-1)?.key ?? '').toString('base64url') : undefined,
          Contents: page.map((object) => ({
            Key: shown(object.key),
            LastModified: new Date(object.modifiedAtMs).toISOString(),
            ETag: object.etag,
            Size: object.bytes,
            StorageClass: 'STANDARD',
          })),
        },
        NAMESPACE,
      ),
    );
  }

  return {
    async handle(request, response, seesMissing = () => true) {
      const url = new URL(request.url ?? '/', 'http://s3');
      const [, bucket = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
      const key = rest.join('/');
      for (const name of Object.keys(request.headers)) {
        if (REFUSED_HEADERS.includes(name) || (name.startsWith('x-amz-') && !KNOWN_AMZ_HEADERS.includes(name)))
          throw refused(`${request.method} with the header ${name}`);
      }
      const operation = `${request.method} ${key === '' ? 'bucket' : 'object'}`;
      const subresource = [...url.searchParams.keys()].find(
        (name) =>
          ![
            'x-id',
            'prefix',
            'max-keys',
            'continuation-token',
            'start-after',
            'list-type',
            'delimiter',
            'fetch-owner',
            'encoding-type',
          ].includes(name),
      );
      if (bucket === '') throw refused('ListBuckets');
      if (operation === 'GET bucket' && (subresource === 'replication' || subresource === 'versioning'))
        return sendXml(response, settingOf(subresource, options.account.buckets[bucketOf(bucket)]));
      if (subresource !== undefined) throw refused(`${operation} ?${subresource}`);
      switch (operation) {
        case 'PUT bucket':
          if (files.hasBucket(bucket))
            throw new AwsError(
              'BucketAlreadyOwnedByYou',
              'Your previous request to create the named bucket succeeded and you already own it.',
              409,
            );
          if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
            throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.');
          files.createBucket(bucket);
          response.writeHead(200, { location: `/${bucket}`, 'content-length': 0 }).end();
          return;
        case 'DELETE bucket':
          if (!files.removeBucket(bucketOf(bucket)))
            throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
          response.writeHead(204).end();
          return;
        case 'HEAD bucket':
          bucketOf(bucket);
          response.writeHead(200).end();
          return;
        case 'GET bucket':
          if (url.searchParams.get('list-type') !== '2') throw refused('ListObjects (version 1)');
          return list(response, bucket, url.searchParams);
        case 'PUT object':
          return put(request, response, bucket, key);
        case 'GET object':
        case 'HEAD object':
          return get(request, response, bucket, key, seesMissing);
        case 'DELETE object':
          files.remove(bucketOf(bucket), key);
          response.writeHead(204).end();
          return;
        default:
          throw refused(operation);
      }
    },
  };
}

function settingOf(which: 'replication' | 'versioning', set: Account['buckets'][string] | undefined): string {
  if (which === 'versioning')
    return xml('VersioningConfiguration', set?.versioned === true ? { Status: 'Enabled' } : {}, NAMESPACE);
  if (set === undefined || set.rules.length === 0)
    throw new AwsError('ReplicationConfigurationNotFoundError', 'The replication configuration was not found', 404);
  return xml(
    'ReplicationConfiguration',
    {
      Role: 'arn:aws:iam::000000000000:role/replication',
      Rule: set.rules.map(({ prefix, isOn, to }, at) => ({
        ID: `rule-${at}`,
        Priority: at + 1,
        Status: isOn ? 'Enabled' : 'Disabled',
        Filter: { Prefix: prefix },
        Destination: { Bucket: `arn:aws:s3:::${to}` },
      })),
    },
    NAMESPACE,
  );
}

function refused(operation: string): AwsError {
  return new AwsError(
    'NotImplemented',
    `A header or operation you provided implies functionality that is not implemented by the local cloud: s3 ${operation}`,
    501,
  );
}

function sendXml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }).end(body);
}

function rangeOf(header: string | undefined, object: StoredObject): { start: number; end: number; partial: boolean } {
  const whole = { start: 0, end: object.bytes - 1, partial: false };
  if (header === undefined) return whole;
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === '' && to === '') return whole;
  const start = from === '' ? Math.max(0, object.bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? object.bytes - 1 : Math.min(object.bytes - 1, Number(to));
  if (start > end) throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end, partial: true };
}
