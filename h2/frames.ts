/**
 * HTTP/2 frames, RFC 9113 sections 4, 6 and 7: numbers, and writers for the few frames that a client sends.
 *
 * This folder is the wire format and nothing else: it knows neither client nor server. The lane (workers/lanes/h2) and the
 * local providers (infra/local/providers/h2) build a connection of their own on it, each with its own rules, so that one may
 * refuse what the other sends. What both would get wrong alike is held against the RFCs' examples and foreign servers and clients
 * (docs/decisions/shared-http2-codec.md).
 */

export const FRAME_HEADER_BYTES = 9;
/** We never announce more, so that nothing larger may come (section 4.2). */
export const MAX_FRAME_BYTES = 16_384;
/** Stream ids are 31 bits and odd for clients. */
export const LAST_STREAM_ID = 0x7fffffff;

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

export const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;
export type ErrorName = (typeof ERROR_NAMES)[number];
export const REFUSED_STREAM = ERROR_NAMES.indexOf('REFUSED_STREAM');
export const PROTOCOL_ERROR = ERROR_NAMES.indexOf('PROTOCOL_ERROR');
export const CANCEL = ERROR_NAMES.indexOf('CANCEL');

export const errorName = (code: number): string => ERROR_NAMES[code] ?? `ERROR_${code}`;

/** Breaks the connection: what the peer sent can't be understood or must not be. */
export class ConnectionError extends Error {
  readonly code = 'H2_CONNECTION_ERROR';
  readonly errorCode: number;
  constructor(name: ErrorName, message: string, cause?: unknown) {
    super(`${name}: ${message}`, { cause });
    this.errorCode = ERROR_NAMES.indexOf(name);
  }
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Writes a frame header at `at`; returns the offset behind it. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): number {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  return writeUint32(target, at + 5, streamId);
}

export function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

export function readUint32(source: Uint8Array, at: number): number {
  return (
    (((source[at] ?? 0) << 24) |
      ((source[at + 1] ?? 0) << 16) |
      ((source[at + 2] ?? 0) << 8) |
      (source[at + 3] ?? 0)) >>>
    0
  );
}

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.set(payload, writeFrameHeader(bytes, 0, payload.length, type, flags, streamId));
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(FRAME.settings, 0, 0, payload);
}

export const SETTINGS_ACK = frame(FRAME.settings, FLAG.ack, 0, new Uint8Array(0));

export const pingFrame = (payload: Uint8Array, ack: boolean): Buffer =>
  frame(FRAME.ping, ack ? FLAG.ack : 0, 0, payload);

export function uint32Frame(
  type: typeof FRAME.rstStream | typeof FRAME.windowUpdate,
  streamId: number,
  value: number,
): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value);
  return frame(type, 0, streamId, payload);
}

export function goawayFrame(lastStreamId: number, errorCode: number, text: string): Buffer {
  const payload = Buffer.alloc(8 + Buffer.byteLength(text));
  payload.writeUInt32BE(lastStreamId);
  payload.writeUInt32BE(errorCode, 4);
  payload.write(text, 8);
  return frame(FRAME.goaway, 0, 0, payload);
}

export const dataFrame = (streamId: number, payload: Uint8Array, endStream: boolean): Buffer =>
  frame(FRAME.data, endStream ? FLAG.endStream : 0, streamId, payload);
