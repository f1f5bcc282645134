import type { Reply } from './reply.ts';
import type { Tally } from './tally.ts';

/** One connection as a provider's rules see it. */
export interface Peer {
  /** APNs: the JWT in use, and since when; FCM does not look. */
  credential: string;
  credentialSinceMs: number;
  /** Times the credential changed. */
  updates: number;
}

/** Who brings an answer back to its client; called when the answer is due. */
export interface Carrier { deliver(exchange: Exchange): void }

/** One request from its headers to its answer. Header fields are '' when absent. */
export class Exchange {
  method = '';
  scheme = '';
  path = '';
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

  reply: Reply | null = null;
  /** Where the answer is counted; null for a request that is not counted. */
  tally: Tally | null = null;

  readonly peer: Peer;
  readonly carrier: Carrier;
  readonly streamId: number;

  constructor(peer: Peer, carrier: Carrier, streamId: number) {
    this.peer = peer;
    this.carrier = carrier;
    this.streamId = streamId;
  }
}

/** Header name → field of an exchange. Others are read and dropped. */
export const exchangeFields = {
  ':method': 'method', ':scheme': 'scheme', ':path': 'path', 'authorization': 'authorization', 'content-type': 'contentType',
  'apns-id': 'apnsId', 'apns-topic': 'topic', 'apns-push-type': 'pushType', 'apns-priority': 'priority',
  'apns-expiration': 'expiration', 'apns-collapse-id': 'collapseId',
} as const;
export type ExchangeField = (typeof exchangeFields)[keyof typeof exchangeFields];

/** A provider's rules. `decide` sets the exchange's reply, and counts it; called once, when the request is whole. */
export interface Site {
  readonly name: 'apns' | 'fcm';
  readonly protocols: ('h2' | 'http/1.1')[];
  /** Accepts `https:` as a scheme, which firebase-admin 14.5.1 sends in sendEach and Google's servers take (FACTS 14). */
  readonly looseScheme: boolean;
  firstStreamLimit(): number;
  /** Streams a connection may open after an answer that says so; null: as before. */
  streamLimit(change: 'open' | 'narrow'): number | null;
  decide(exchange: Exchange, body: Buffer, nowMs: number): void;
}
