import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm, symlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AudienceError } from '../../../contract/audience-error.ts';
import { lineEndsOf, unixLines, utf16Of } from './text-form.ts';
import type { Utf16 } from './text-form.ts';
import { zstdFrames } from './zstd-frames.ts';

/** What was done to a file before it was read; `''` for nothing. */
export interface PlainFile {
  path: string;
  decoded: string;
}

const OTHER_FORMATS: readonly (readonly [Buffer, string, string])[] = [
  [Buffer.from('PK\x03\x04', 'latin1'), 'a ZIP archive or an Excel workbook', 'save it as CSV, or unpack it'],
  [Buffer.from('BZh', 'latin1'), 'a bzip2 file', 'unpack it'],
  [Buffer.from('\xfd7zXZ\x00', 'latin1'), 'an xz file', 'unpack it'],
  [Buffer.from('\xd0\xcf\x11\xe0', 'latin1'), 'an old Excel workbook', 'save it as CSV'],
];
const HEAD_BYTES = 65_536;

/**
 * A file as plain UTF-8 text with one kind of line end (or plain Parquet), under a name in `folder` without characters that DuckDB takes
 * for a pattern. Compressed files are unpacked whole here and not by DuckDB, which takes what it can get out of a damaged one for all of it.
 * Refuses what `gzip -t` and `zstd -t` refuse. Throws INPUT_UNREADABLE.
 */
export async function plainFile(path: string, folder: string, name: string): Promise<PlainFile> {
  const unpacked = await unpack(path, join(folder, `${name}.unpacked`));
  const from = unpacked ?? path;
  const decoded = unpacked === null ? [] : ['unpacked'];
  const file = await open(from);
  let form: { encoding: Utf16 | null; isMixed: boolean };
  try {
    form = await formOf(file, path);
  } finally {
    await file.close();
  }
  const link = join(folder, name);
  if (form.encoding === null && !form.isMixed) {
    await symlink(resolve(from), link);
    return { path: link, decoded: decoded.join(', ') };
  }
  const { encoding } = form;
  await pipeline(
    createReadStream(from),
    (bytes: AsyncIterable<Buffer>) => unixLines(bytes, encoding, path),
    createWriteStream(link, { mode: 0o600 }),
  );
  if (unpacked !== null) await rm(unpacked);
  return {
    path: link,
    decoded: [...decoded, encoding === null ? 'line ends of several kinds' : encoding.toUpperCase()].join(', '),
  };
}

/** The unpacked file; null: it isn't packed. */
async function unpack(path: string, target: string): Promise<string | null> {
  const file = await open(path);
  try {
    const head = await headOf(file);
    const other = OTHER_FORMATS.find(([magic]) => head.subarray(0, magic.length).equals(magic));
    if (other !== undefined)
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}: found ${other[1]}, expected CSV, NDJSON or Parquet, plain or packed with gzip or zstd: ${other[2]}`,
      );
    const { size } = await file.stat();
    if (size === 0) throw new AudienceError('INPUT_UNREADABLE', `${path}:1: found an empty file, expected rows`);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    const isZstd =
      head.length >= 4 &&
      (head.readUInt32LE(0) === 0xfd2fb528 || (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50);
    const wanted = /\.gz$/i.test(path) ? 'gzip' : /\.zst$/i.test(path) ? 'zstd' : null;
    if (wanted !== null && !(wanted === 'gzip' ? isGzip : isZstd))
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}: found no ${wanted} data, expected it by the file's name; rename it if it is plain`,
      );
    if (isGzip) await gunzip(path, target, file, size);
    else if (isZstd) await unzstd(path, target, file, size);
    return isGzip || isZstd ? target : null;
  } finally {
    await file.close();
  }
}

async function gunzip(path: string, target: string, file: FileHandle, size: number): Promise<void> {
  const gunzipping = createGunzip();
  await pipeline(createReadStream(path), gunzipping, createWriteStream(target, { mode: 0o600 })).catch(
    (cause: unknown) => {
      throw damaged(path, 'gzip', cause);
    },
  );
  // Members that follow are unpacked too; after them gzip takes zeros for padding, and so does zlib, which then looks no further.
  const rest = Buffer.alloc(HEAD_BYTES);
  for (let at = gunzipping.bytesWritten; at < size;) {
    const { bytesRead } = await file.read(rest, 0, rest.length, at);
    if (bytesRead === 0) return;
    if (rest.subarray(0, bytesRead).some((byte) => byte !== 0))
      throw damaged(path, 'gzip', new Error('trailing garbage'));
    at += bytesRead;
  }
}

async function unzstd(path: string, target: string, file: FileHandle, size: number): Promise<void> {
  const frames = await zstdFrames(file, size, path);
  const out = await open(target, 'w', 0o600);
  try {
    for (const { start, end } of frames) {
      await pipeline(
        createReadStream(path, { start, end }),
        createZstdDecompress(),
        async (chunks: AsyncIterable<Buffer>) => {
          for await (const chunk of chunks) await out.appendFile(chunk);
        },
      ).catch((cause: unknown) => {
        throw damaged(path, 'zstd', cause);
      });
    }
  } finally {
    await out.close();
  }
}

function damaged(path: string, what: 'gzip' | 'zstd', cause: unknown): unknown {
  const { code = '', message = '' } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  // A full disk is no fault of the file.
  if (/^E[A-Z]/.test(code) && code !== 'ERR_TRAILING_JUNK_AFTER_STREAM_END') return cause;
  const say = code === 'Z_BUF_ERROR' ? 'cut off' : message;
  return new AudienceError(
    'INPUT_UNREADABLE',
    `${path}: found damaged ${what} data (${say}), expected a whole file; get it again (\`${what} -t\` says the same). Nothing of it was used`,
    { cause },
  );
}

async function headOf(file: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
  return head.subarray(0, bytesRead);
}

async function formOf(file: FileHandle, path: string): Promise<{ encoding: Utf16 | null; isMixed: boolean }> {
  const head = await headOf(file);
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return { encoding: null, isMixed: false };
  const encoding = utf16Of(head, path);
  return { encoding, isMixed: encoding === null && (await lineEndsOf(file)) === 'mixed' };
}
