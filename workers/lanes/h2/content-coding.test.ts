import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { textOf } from './content-coding.ts';

const TEXT = '{"error":{"status":"UNAVAILABLE"}}';
const plain = Buffer.from(TEXT);

test.each([
  ['gzip', gzipSync(plain)],
  ['x-gzip', gzipSync(plain)],
  ['GZIP', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['br', brotliCompressSync(plain)],
  ['identity', plain],
  ['gzip, br', brotliCompressSync(gzipSync(plain))],
])('a body in %s is read', (coding, bytes) => {
  expect(textOf(bytes, coding)).toBe(TEXT);
});

test('a body without a coding is what it is', () => {
  expect(textOf(plain, undefined)).toBe(TEXT);
});

test.each([
  ['a coding that we do not know', 'zstd', plain],
  ['the name of a method', 'constructor', plain],
  ['broken bytes', 'gzip', plain],
  ['a bomb', 'gzip', gzipSync(Buffer.alloc(8 * 1024 * 1024))],
  ['a bomb in brotli', 'br', brotliCompressSync(Buffer.alloc(8 * 1024 * 1024))],
  ['three codings', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(plain)))],
  ['an empty body', 'gzip', Buffer.alloc(0)],
])('%s gives no text', (_name, coding, bytes) => {
  expect(textOf(bytes, coding)).toBe('');
});

test('what was cut off gives its beginning', () => {
  const long = `${TEXT}${Array.from({ length: 2_000 }, (_, at) => String(at * 7919)).join(',')}`;
  const cut = gzipSync(Buffer.from(long)).subarray(0, 1_000);
  expect(textOf(cut, 'gzip').startsWith(TEXT)).toBe(true);
});

test('the same bytes in another coding are another text', () => {
  const bytes = gzipSync(plain);
  expect([textOf(bytes, 'gzip'), textOf(bytes, 'br'), textOf(bytes, 'gzip')]).toEqual([TEXT, '', TEXT]);
});
