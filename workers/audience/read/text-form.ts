import type { FileHandle } from 'node:fs/promises';
import { AudienceError } from '../../../contract/audience-error.ts';

export type Utf16 = 'utf-16le' | 'utf-16be';

/** Bytes that are looked at for zeros. */
const LOOK_BYTES = 4_096;

/** By its byte order mark, else by zeros in every second byte: text of device lists is mostly ASCII. Null: not UTF-16. Throws INPUT_UNREADABLE (UTF-32). */
export function utf16Of(head: Buffer, path: string): Utf16 | null {
  const mark = head.subarray(0, 4).toString('hex');
  if (mark === 'fffe0000' || mark === '0000feff')
    throw new AudienceError('INPUT_UNREADABLE', `${path}: found UTF-32 text, expected UTF-8 or UTF-16`);
  if (mark.startsWith('fffe')) return 'utf-16le';
  if (mark.startsWith('feff')) return 'utf-16be';
  const zeros = [0, 0];
  const looked = head.subarray(0, LOOK_BYTES);
  for (const [at, byte] of looked.entries()) if (byte === 0) zeros[at & 1] = (zeros[at & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const many = looked.length / 5;
  if (odd > many && even < odd / 10) return 'utf-16le';
  return even > many && odd < even / 10 ? 'utf-16be' : null;
}

/** DuckDB takes the kind of line end from the first lines and then eats a character at each of another kind, so a file of several kinds is rewritten. */
export async function lineEndsOf(file: FileHandle): Promise<'lf' | 'crlf' | 'mixed'> {
  const chunk = Buffer.alloc(1 << 20);
  let crs = 0;
  let crlfs = 0;
  let lfs = 0;
  let wasCr = false;
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    const bytes = chunk.subarray(0, bytesRead);
    if (wasCr && bytes[0] === 10) crlfs++;
    wasCr = bytes.at(-1) === 13;
    const first = bytes.indexOf(13);
    // Most files have none, and need no count of line feeds either.
    if (first === -1 && crs === 0) {
      lfs ||= bytes.includes(10) ? 1 : 0;
      continue;
    }
    for (let from = first; from !== -1; from = bytes.indexOf(13, from + 1)) {
      crs++;
      if (bytes[from + 1] === 10) crlfs++;
    }
    for (let from = bytes.indexOf(10); from !== -1; from = bytes.indexOf(10, from + 1)) lfs++;
  }
  if (crs === 0) return 'lf';
  return crs === crlfs && lfs === crlfs ? 'crlf' : 'mixed';
}

/** The text as UTF-8 with a line feed at every line end, of whatever kind it was. UTF-8 goes through byte by byte, invalid or not: its lines are judged later. */
export async function* unixLines(
  bytes: AsyncIterable<Buffer>,
  encoding: Utf16 | null,
  path: string,
): AsyncGenerator<Buffer | string> {
  let held = '';
  const turned = (text: string, isLast: boolean) => {
    const all = held + text;
    held = !isLast && all.endsWith('\r') ? '\r' : '';
    return all.slice(0, all.length - held.length).replace(/\r\n?/g, '\n');
  };
  const decoder = new TextDecoder(encoding ?? 'utf-16le', { fatal: true });
  const decode = (chunk?: Buffer) => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new AudienceError(
        'INPUT_UNREADABLE',
        `${path}: found broken ${encoding?.toUpperCase() ?? ''} text (cut off, or half a character), expected whole characters; get the file again, or save it as UTF-8`,
        { cause },
      );
    }
  };
  if (encoding === null) {
    // latin1 keeps every byte.
    for await (const chunk of bytes) yield Buffer.from(turned(chunk.toString('latin1'), false), 'latin1');
    yield Buffer.from(turned('', true), 'latin1');
    return;
  }
  for await (const chunk of bytes) yield turned(decode(chunk), false);
  yield turned(decode(), true);
}
