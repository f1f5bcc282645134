import type { Reply } from './reply.ts';
import type { Tally } from './tally.ts';

/** What is kept of an HTTP/2 connection, also when it is over. Times are epoch ms; null: it has not happened. */
export interface ConnectionRecord {
  /** By order of acceptance at this provider, from 1; 0: an HTTP/1.1 client's. */
  readonly number: number;
  /** Of ours, that it came to. */
  readonly address: string;
  readonly openedAtMs: number;
  closedAtMs: number | null;
  /** That came whole and were judged. */
  requests: number;
  pings: number;
  /** Requests that it answered, or not, as a sick connection; the first and the last of them. */
  sickRequests: number;
  firstSickAtMs: number | null;
  lastSickAtMs: number | null;
  /** An answer of a sick connection asked to wait. 0: none did. */
  waitFromMs: number;
  waitUntilMs: number;
}

export function newRecord(number: number, address: string, openedAtMs: number): ConnectionRecord {
  return {
    number,
    address,
    openedAtMs,
    closedAtMs: null,
    requests: 0,
    pings: 0,
    sickRequests: 0,
    firstSickAtMs: null,
    lastSickAtMs: null,
    waitFromMs: 0,
    waitUntilMs: 0,
  };
}

/** One connection as a provider's rules see it. */
export interface Peer {
  readonly record: ConnectionRecord;
  /** APNs: the JWT in use, and since when; FCM does not look. */
  credential: string;
  credentialSinceMs: number;
}

/** Who brings an answer back to its client; called when the answer is due. */
export interface Carrier {
  deliver(exchange: Exchange): void;
}

/** What a request's header fields say, but for its path; '' when absent. Never changed once read: many requests share one. */
export class Head {
  method = '';
  scheme = '';
  authorization = '';
  contentType = '';
  apnsId = '';
  topic = '';
  pushType = '';
  priority = '';
  expiration = '';
  collapseId = '';
  /** A header that may come once came twice. */
  duplicated = false;

  /** What the site thinks of it, for as long as `judgedUnder` is what it would judge it by; undefined: not judged yet. */
  judgement: Reply | null | undefined = undefined;
  judgedUnder: unknown = null;
}

/** Header name → field of a head. Others are read and dropped. */
export const headFields = {
  ':method': 'method',
  ':scheme': 'scheme',
  authorization: 'authorization',
  'content-type': 'contentType',
  'apns-id': 'apnsId',
  'apns-topic': 'topic',
  'apns-push-type': 'pushType',
  'apns-priority': 'priority',
  'apns-expiration': 'expiration',
  'apns-collapse-id': 'collapseId',
} as const;
export type HeadField = (typeof headFields)[keyof typeof headFields];

const noHead = new Head();
const noBytes = Buffer.alloc(0);

/** One request from its headers to its answer. What is needed while it waits for its answer comes first: it lies together in memory. */
export class Exchange {
  streamId: number;
  /** In a delay wheel: the one that leaves after this one. */
  next: this | null = null;
  reply: Reply | null = null;
  /** Where the answer is counted; null for a request that is not counted. */
  tally: Tally | null = null;
  head: Head = noHead;
  readonly carrier: Carrier;

  readonly peer: Peer;
  /** The path is `pathBytes[pathFrom, pathTo)`, often in place in what came from the client: nothing is copied for a push. */
  pathBytes: Buffer = noBytes;
  pathFrom = 0;
  pathTo = 0;

  constructor(peer: Peer, carrier: Carrier, streamId: number) {
    this.peer = peer;
    this.carrier = carrier;
    this.streamId = streamId;
  }
}

/** A provider's rules. `decide` sets the exchange's reply, and counts it; called once, when the request is whole. */
export interface Site {
  readonly name: 'apns' | 'fcm';
  readonly protocols: ('h2' | 'http/1.1')[];
  /**
   * Accepts `https:` as a scheme, which firebase-admin 14.5.1 sends in sendEach and Google's servers take
   * (docs/facts.md#firebase-admin-scheme).
   */
  readonly looseScheme: boolean;
  firstStreamLimit(): number;
  /** Streams a connection may open after an answer that says so; null: as before. */
  streamLimit(change: 'open' | 'narrow'): number | null;
  /** The request's body is `bytes[from, to)`. */
  decide(exchange: Exchange, bytes: Buffer, from: number, to: number, nowMs: number): void;
}
