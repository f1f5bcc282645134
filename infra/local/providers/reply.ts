import type { ErrorName } from '../../../h2/frames.ts';

/**
 * An answer, prepared once per reason. What differs between two answers of the same kind is only the
 * stream and an id, which the connection fills in.
 */
export type ReplyId = 'none' | 'apns-id' | 'message-name';

export interface ReplyParts {
  /** As counted: `200`, `410 Unregistered`. */
  key: string;
  /** 0: the answer has none. */
  status: number;
  headers?: readonly (readonly [string, string])[];
  body?: string;
  id?: ReplyId;
  /** What the answer does to the number of streams the connection may open (APNs). */
  streams?: 'open' | 'narrow' | 'keep';
  /** RST_STREAM with this code instead of an answer. */
  rst?: ErrorName;
  /** The connection is closed instead of an answer. */
  cuts?: boolean;
  /** Leaves without the provider's latency. */
  atOnce?: boolean;
}

export class Reply {
  readonly key: string;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly id: ReplyId;
  readonly streams: 'open' | 'narrow' | 'keep';
  readonly rst: ErrorName | null;
  readonly cuts: boolean;
  readonly atOnce: boolean;
  /** How long its `retry-after` asks to wait; 0: it has none. */
  readonly retryAfterMs: number;
  /** As HTTP/2 frames; made when first sent. */
  wire: Wire | null = null;

  constructor({
    key,
    status,
    headers = [],
    body = '',
    id = 'none',
    streams = 'keep',
    rst,
    cuts = false,
    atOnce = false,
  }: ReplyParts) {
    this.key = key;
    this.status = status;
    this.headers = headers;
    this.body = Buffer.from(body);
    this.id = id;
    this.streams = streams;
    this.rst = rst ?? null;
    this.cuts = cuts;
    this.atOnce = atOnce;
    this.retryAfterMs = 1000 * Number(headers.find(([name]) => name === 'retry-after')?.[1] ?? 0);
  }
}

/** Never sent: the stream stays open until the client gives up. */
export const silence = new Reply({ key: 'silent', status: 0 });

export function jsonReply(
  key: string,
  status: number,
  body: object,
  rest: Omit<ReplyParts, 'key' | 'status' | 'body'> = {},
): Reply {
  return new Reply({
    key,
    status,
    body: JSON.stringify(body),
    ...rest,
    headers: [['content-type', 'application/json; charset=UTF-8'], ...(rest.headers ?? [])],
  });
}

const bootHex = Math.floor(Math.random() * 0xffff_ffff)
  .toString(16)
  .padStart(8, '0');
const decimals = 16;
let made = 0;

/** An apns-id and a message id of which `writeId` changes the rest: it makes them unique in this process, which is all that a stand-in needs. */
export const uuidPlace = `${bootHex}-0000-4000-8000-000000000000`;
/** Stands in a body where the message's own id goes; same length as the id. */
export const messageIdPlace = `0:${'0'.repeat(decimals)}%${bootHex}00000000`;

const uuidEnd = uuidPlace.length;
const messageDecimalsEnd = 2 + decimals;
const messageEnd = messageIdPlace.length;
const digitZero = 0x30;
const hexDigits = Buffer.from('0123456789abcdef');

/** Makes an id of the place at `at`, which holds `uuidPlace` or `messageIdPlace` as it was. */
export function writeId(target: Uint8Array, at: number, id: Exclude<ReplyId, 'none'>): void {
  made += 1;
  if (id === 'apns-id') {
    writeHex(target, at + uuidEnd, made);
    return;
  }
  writeHex(target, at + messageEnd, made >>> 0);
  for (let place = at + messageDecimalsEnd - 1, rest = made; rest > 0; place -= 1) {
    const tenth = Math.floor(rest / 10);
    target[place] = digitZero + rest - tenth * 10;
    rest = tenth;
  }
}

/** Writes the digits of `value` up to `end`; no leading zeros. */
function writeHex(target: Uint8Array, end: number, value: number): void {
  let rest = value;
  let place = end - 1;
  // Bit operators know 32 bits.
  for (; rest > 0xffff_ffff; place -= 1) {
    target[place] = hexDigits[rest % 16] as number;
    rest = Math.floor(rest / 16);
  }
  for (rest >>>= 0; rest > 0; place -= 1) {
    target[place] = hexDigits[rest & 15] as number;
    rest >>>= 4;
  }
}

/** A body with an id of its own, as text. */
export function bodyText({ body, id }: Reply): string {
  const at = id === 'message-name' ? body.indexOf(messageIdPlace) : -1;
  if (at < 0) return body.toString('utf8');
  const own = Buffer.from(body);
  writeId(own, at, 'message-name');
  return own.toString('utf8');
}

/**
 * A reply as frames, made once: stream ids are 0, and an id's place is as `writeId` wants it. Headers are
 * literals that go into no table, so that every answer is the same bytes whatever the client's table size.
 */
export interface Wire {
  /** A HEADERS frame, and behind it a DATA frame if there is a body. */
  readonly frames: Buffer;
  /** Where the DATA frame begins: the end if there is none. */
  readonly dataAt: number;
  /** What it costs of the client's windows. */
  readonly bodyBytes: number;
  /** Where in `frames` the apns-id or the message id goes; -1: nowhere. */
  readonly idAt: number;
}
