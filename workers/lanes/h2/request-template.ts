import { FLAG, FRAME, FRAME_HEADER_BYTES, writeFrameHeader } from '../../../h2/frames.ts';
import { integer } from '../../../h2/hpack-encoder.ts';
import type { HpackEncoder } from '../../../h2/hpack-encoder.ts';
import { staticIndex } from '../../../h2/static-table.ts';

/**
 * A POST of which nothing varies but the device token, which stands either at the end of the path (APNs) or
 * somewhere in the body (FCM).
 */
export interface RequestTemplate {
  authority: string;
  /** APNs: `/3/device/`, the token follows. FCM: the whole path. */
  path: string;
  /** Without pseudo-headers and `content-length`. All are entered into the peer's table and cost a byte or two from then on. */
  headers: readonly (readonly [name: string, value: string])[];
  tokenIn: 'path' | 'body';
  /** The body, or the part of it before the token. */
  body: Buffer;
  /** The part of the body behind the token. */
  bodyRest: Buffer;
}

/** A request as bytes with a gap for the token: HEADERS and DATA frame in one piece. Stream ids and token are patched in. */
export interface CompiledRequest {
  bytes: Buffer;
  tokenAt: number;
  tokenBytes: number;
  /** Where the second frame's stream id stands; the first one's is at 5. */
  dataIdAt: number;
  /** Payload of the DATA frame, which counts against the flow-control windows. */
  bodyBytes: number;
  /** Offset of the DATA frame. */
  dataAt: number;
}

const PATH_INDEX = staticIndex(':path', null);

/** Largest request in bytes, frames included: 4,096 of payload (5,120 for VoIP), the token, and headers. */
export const MAX_REQUEST_BYTES = 12 * 1024;

/** Compiles for one connection's header table. Valid again only while `encoder.version` stays what it is afterwards. */
export function compileRequest(template: RequestTemplate, tokenBytes: number, encoder: HpackEncoder): CompiledRequest {
  const index = (name: string, value: string) => ({ name, value, mode: 'index' as const });
  const head = encoder.encode([index(':method', 'POST'), index(':scheme', 'https')]);
  const inPath = template.tokenIn === 'path';
  // The path goes out literally and plain: it differs each time, and a Huffman coded token could not be patched.
  const pathText = Buffer.from(template.path, 'latin1');
  const pathHead = inPath
    ? Buffer.concat([integer(0x00, 4, PATH_INDEX), integer(0x00, 7, pathText.length + tokenBytes), pathText])
    : encoder.encode([index(':path', template.path)]);
  const bodyBytes = template.body.length + template.bodyRest.length + (inPath ? 0 : tokenBytes);
  // Some answer 411 to a body without it (lighttpd). A literal, because it differs by locale and by the length of a token in
  // the body: entries would push others out of the table, and each change makes all requests be compiled anew.
  // Not needed by HTTP/2, but by some front ends (docs/facts.md#h2-content-length).
  const contentLength = { name: 'content-length', value: String(bodyBytes), mode: 'literal' as const };
  const rest = encoder.encode([
    index(':authority', template.authority),
    ...template.headers.map(([name, value]) => index(name, value)),
    contentLength,
  ]);

  const blockBytes = head.length + pathHead.length + (inPath ? tokenBytes : 0) + rest.length;
  const bytes = Buffer.alloc(2 * FRAME_HEADER_BYTES + blockBytes + bodyBytes);
  if (bytes.length > MAX_REQUEST_BYTES)
    throw new Error(`LANE_REQUEST_TOO_LARGE ${bytes.length} bytes, expected at most ${MAX_REQUEST_BYTES}`);

  let at = writeFrameHeader(bytes, 0, blockBytes, FRAME.headers, FLAG.endHeaders, 0);
  at += head.copy(bytes, at);
  at += pathHead.copy(bytes, at);
  let tokenAt = at;
  if (inPath) at += tokenBytes;
  at += rest.copy(bytes, at);

  const dataAt = at;
  at = writeFrameHeader(bytes, at, bodyBytes, FRAME.data, FLAG.endStream, 0);
  at += template.body.copy(bytes, at);
  if (!inPath) {
    tokenAt = at;
    at += tokenBytes;
  }
  template.bodyRest.copy(bytes, at);
  return { bytes, tokenAt, tokenBytes, dataIdAt: dataAt + 5, bodyBytes, dataAt };
}
