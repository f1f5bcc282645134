import type { Wire } from './h2/wire.ts';

/**
 * An answer, prepared once per reason. What differs between two answers of the same kind is only the
 * stream and an id, which the connection fills in.
 */
export type ReplyId = 'none' | 'apns-id' | 'message-name';

/** Stands in a body where the message's own id goes; same length as the id. */
export const messageIdPlace = '0:0000000000000000%0000000000000000';

export interface ReplyParts {
  /** As counted: `200`, `410 Unregistered`. */
  key: string;
  status: number;
  headers?: readonly (readonly [string, string])[];
  body?: string;
  id?: ReplyId;
  /** What the answer does to the number of streams the connection may open (APNs). */
  streams?: 'open' | 'narrow' | 'keep';
}

export class Reply {
  readonly key: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly id: ReplyId;
  readonly streams: 'open' | 'narrow' | 'keep';
  /** As HTTP/2 frames; made when first sent. */
  wire: Wire | null = null;

  constructor({ key, status, headers = [], body = '', id = 'none', streams = 'keep' }: ReplyParts) {
    this.key = key;
    this.status = status;
    this.headers = headers;
    this.body = Buffer.from(body);
    this.id = id;
    this.streams = streams;
  }
}

/** Never sent: the stream stays open until the client gives up. */
export const silence = new Reply({ key: 'silent', status: 0 });

export function jsonReply(key: string, status: number, body: object, rest: Omit<ReplyParts, 'key' | 'status' | 'body'> = {}): Reply {
  return new Reply({ key, status, body: JSON.stringify(body), ...rest, headers: [['content-type', 'application/json; charset=UTF-8'], ...(rest.headers ?? [])] });
}

const bootHex = Math.floor(Math.random() * 0xffff_ffff).toString(16).padStart(8, '0');
let made = 0;

/** A new id in the shape of an apns-id; unique in this process, which is all that a stand-in needs. */
export function freshUuid(): string {
  made += 1;
  return `${bootHex}-0000-4000-8000-${made.toString(16).padStart(12, '0')}`;
}

/** A new id in the shape of FCM's, as long as `messageIdPlace`. */
export function freshMessageId(): string {
  made += 1;
  return `0:${made.toString().padStart(16, '0')}%${bootHex}${(made >>> 0).toString(16).padStart(8, '0')}`;
}
