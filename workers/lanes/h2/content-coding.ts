import { brotliDecompressSync, constants, gunzipSync, inflateSync } from 'node:zlib';

/** A page of 8 KiB that unpacks to more than this is no answer that we know. */
const MOST_BYTES = 64 * 1024;
/** More than one is legal, more than two nobody does. */
const MOST_CODINGS = 2;

// Without an end that was cut off there is still the beginning.
const zlib = { maxOutputLength: MOST_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, zlib),
  'x-gzip': (bytes) => gunzipSync(bytes, zlib),
  deflate: (bytes) => inflateSync(bytes, zlib),
  br: (bytes) =>
    brotliDecompressSync(bytes, { maxOutputLength: MOST_BYTES, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  identity: (bytes) => bytes,
};

/** When everybody gets the page of a front end, it is the same page. */
let last: { bytes: Buffer; coding: string; text: string } = { bytes: Buffer.alloc(0), coding: '', text: '' };

/**
 * The text of a body. `coding`: its `content-encoding`, which we never ask for but middleboxes add. Empty when it can't be
 * unpacked, in a coding that we don't know, or larger than 64 KiB: then the status alone speaks.
 */
export function textOf(bytes: Buffer, coding: string | undefined): string {
  if (coding === undefined || bytes.length === 0) return bytes.toString('utf8');
  if (coding === last.coding && bytes.equals(last.bytes)) return last.text;
  last = { bytes, coding, text: unpacked(bytes, coding)?.toString('utf8') ?? '' };
  return last.text;
}

/** Codings stand in the order in which they were applied (RFC 9110 section 8.4). */
function unpacked(bytes: Buffer, coding: string): Buffer | null {
  const codings = coding
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
    .toReversed();
  if (codings.length > MOST_CODINGS) return null;
  let unpackedBytes = bytes;
  try {
    for (const one of codings) {
      const unpack = Object.hasOwn(UNPACK, one) ? UNPACK[one] : undefined;
      if (unpack === undefined) return null;
      unpackedBytes = unpack(unpackedBytes);
    }
  } catch {
    // Broken, or too large: no text is as good as a wrong one.
    return null;
  }
  return unpackedBytes;
}
