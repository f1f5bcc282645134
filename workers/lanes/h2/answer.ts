import type { HeaderField } from '../../../h2/hpack-decoder.ts';

/**
 * What the header blocks of an answer may say, RFC 9113 section 8. What breaks these rules is malformed: its stream is
 * over, its status does not count, and the connection lives (docs/facts.md#h2-malformed-answer).
 */

/** `contentLength` in bytes; -1: not said. */
export interface Head {
  status: number;
  contentLength: number;
}
/** In a few words of our own, never of the peer's. */
export interface Malformed {
  malformed: string;
}

/** Any of them: a provider, or what stands before it, may have its reasons for another than 200. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** These have no body, whatever `content-length` says (RFC 9110 section 8.6). */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/** Token characters in lower case; a colon only begins a pseudo-header (section 8.2.1). */
const NAME = /^[\x21-\x39\x3b-\x40\x5b-\x7e]+$/;
const BAD_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
/** Of a connection of HTTP/1.1, which does not end at a stream (section 8.2.2). */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);
/** More than any body that is read; the sum fits 31 bits. */
const MOST_BYTES = 0x7fffffff;

export function readHead(fields: readonly HeaderField[]): Head | Malformed {
  const [first, ...rest] = fields;
  if (first === undefined || first[0] !== ':status') return { malformed: 'no :status' };
  // Section 8.6: nothing of HTTP/2 is switched by 101.
  if (!/^[1-9]\d\d$/.test(first[1]) || first[1] === '101') return { malformed: 'an odd :status' };
  const malformed = wrongFields(rest);
  if (malformed !== null) return { malformed };
  const status = Number(first[1]);
  const contentLength = lengthOf(rest);
  if (contentLength === null) return { malformed: 'an odd content-length' };
  return { status, contentLength: WITHOUT_BODY.has(status) ? -1 : contentLength };
}

/** Fields behind the pseudo-headers, or trailers; null: they are right. */
export function wrongFields(fields: readonly HeaderField[]): string | null {
  for (const [name, value] of fields) {
    if (name.startsWith(':')) return 'a pseudo-header out of place';
    if (!NAME.test(name)) return 'an odd field name';
    if (BAD_VALUE.test(value)) return 'an odd field value';
    if (OF_A_CONNECTION.has(name)) return 'a field of HTTP/1.1';
  }
  return null;
}

/** The same length twice is one length (RFC 9110 section 8.6). */
function lengthOf(fields: readonly HeaderField[]): number | null {
  let found = -1;
  for (const [name, value] of fields) {
    if (name !== 'content-length') continue;
    for (const one of value.split(/[ \t]*,[ \t]*/)) {
      if (!/^\d{1,15}$/.test(one)) return null;
      const bytes = Math.min(Number(one), MOST_BYTES);
      if (found !== -1 && found !== bytes) return null;
      found = bytes;
    }
  }
  return found;
}
