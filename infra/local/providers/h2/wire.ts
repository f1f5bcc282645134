import { messageIdPlace } from '../reply.ts';
import type { Reply } from '../reply.ts';
import { flag, frame, frameType } from './frames.ts';

/**
 * A reply as frames, made once: stream ids are 0, and the id's place is filled with zeros. Headers are
 * literals that go into no table, so that every answer is the same bytes whatever the client's table size.
 */
export interface Wire {
  readonly headers: Buffer;
  /** The DATA frame; null if there is no body. */
  readonly data: Buffer | null;
  /** Where the apns-id begins in `headers`; -1: nowhere. */
  readonly apnsIdAt: number;
  /** Where the message id begins in `data`; -1: nowhere. */
  readonly messageIdAt: number;
}

const uuidPlace = '00000000-0000-0000-0000-000000000000';
const indexedStatus: Record<number, number> = { 200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14 };
const statusIndex = 8;

export function wireOf(reply: Reply): Wire {
  const indexed = indexedStatus[reply.status];
  const parts: Buffer[] = [indexed === undefined ? Buffer.from([statusIndex, 3, ...Buffer.from(String(reply.status))]) : Buffer.from([0x80 | indexed])];
  for (const [name, value] of reply.headers) parts.push(literal(name, value));
  if (reply.id === 'apns-id') parts.push(literal('apns-id', uuidPlace));
  const hasBody = reply.body.length > 0;
  const headers = frame(frameType.headers, flag.endHeaders | (hasBody ? 0 : flag.endStream), 0, Buffer.concat(parts));
  const data = hasBody ? frame(frameType.data, flag.endStream, 0, reply.body) : null;
  return {
    headers, data,
    apnsIdAt: reply.id === 'apns-id' ? headers.length - uuidPlace.length : -1,
    messageIdAt: reply.id === 'message-name' && data !== null ? data.indexOf(messageIdPlace) : -1,
  };
}

/** Literal without indexing, new name. Names and values here are ASCII, shorter than 127. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
}
