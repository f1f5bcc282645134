/** Frames of HTTP/2 (RFC 9113, section 6): numbers and the small ones that are written whole. */

export const frameType = { data: 0, headers: 1, priority: 2, reset: 3, settings: 4, pushPromise: 5, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
export const flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;
export const setting = { headerTableSize: 1, enablePush: 2, maxConcurrentStreams: 3, initialWindowSize: 4, maxFrameSize: 5, maxHeaderListSize: 6 } as const;
export const errorCode = {
  none: 0, protocol: 1, internal: 2, flowControl: 3, streamClosed: 5, frameSize: 6, refusedStream: 7, compression: 9, enhanceYourCalm: 11,
} as const;

export const headBytes = 9;
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const defaultWindow = 65_535;
export const largestWindow = 0x7fff_ffff;
/** SETTINGS_MAX_FRAME_SIZE is not sent, so it is the default. */
export const largestFrame = 16_384;

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(streamId, 5);
  bytes.set(payload, headBytes);
  return bytes;
}

export function settingsFrame(pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.allocUnsafe(pairs.length * 6);
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

export const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));

export function resetFrame(streamId: number, code: number): Buffer {
  return frame(frameType.reset, 0, streamId, numbers(code));
}

export function windowFrame(streamId: number, increment: number): Buffer {
  return frame(frameType.windowUpdate, 0, streamId, numbers(increment));
}

export function goawayFrame(lastStreamId: number, code: number, text: string): Buffer {
  return frame(frameType.goaway, 0, 0, Buffer.concat([numbers(lastStreamId, code), Buffer.from(text)]));
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}
