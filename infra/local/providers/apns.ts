import type { ApnsTokens } from './apns-token.ts';
import { BodyCache } from './body-cache.ts';
import { apnsContent } from './content.ts';
import type { Content } from './content.ts';
import type { Desk } from './desk.ts';
import type { Exchange, Head, Site } from './exchange.ts';
import { markOf } from './marks.ts';
import type { Mark } from './marks.ts';
import { jsonReply, Reply, silence } from './reply.ts';
import type { Tally } from './tally.ts';

/** The rules of APNs (docs/facts.md#apns), request by request. */

const payloadLimit = 4096;
const devicePath = Buffer.from('/3/device/');
/**
 * Apple promises no size; today's are 64 characters (docs/facts.md#apns-device-token), and shorter ones were never
 * valid.
 */
const shortestToken = 64;

const pushTypes = new Set([
  'alert',
  'background',
  'liveactivity',
  'widgets',
  'controls',
  'location',
  'voip',
  'complication',
  'fileprovider',
  'mdm',
  'pushtotalk',
]);
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function refusal(status: number, reason: string, streams: 'open' | 'narrow' | 'keep', more: object = {}): Reply {
  return jsonReply(`${status} ${reason}`, status, { reason, ...more }, { id: 'apns-id', streams });
}

/**
 * An answer that shows a valid JWT opens the connection. Whether a 4xx does so in truth is not documented
 * (docs/facts.md#unknown-apns); here only those do that Apple does not count against the sender.
 */
const replies = {
  accepted: new Reply({ key: '200', status: 200, id: 'apns-id', streams: 'open' }),
  MethodNotAllowed: refusal(405, 'MethodNotAllowed', 'keep'),
  BadPath: refusal(404, 'BadPath', 'keep'),
  MissingDeviceToken: refusal(400, 'MissingDeviceToken', 'keep'),
  MissingProviderToken: refusal(403, 'MissingProviderToken', 'keep'),
  InvalidProviderToken: refusal(403, 'InvalidProviderToken', 'keep'),
  ExpiredProviderToken: refusal(403, 'ExpiredProviderToken', 'keep'),
  TooManyProviderTokenUpdates: refusal(429, 'TooManyProviderTokenUpdates', 'keep'),
  DuplicateHeaders: refusal(400, 'DuplicateHeaders', 'keep'),
  MissingTopic: refusal(400, 'MissingTopic', 'keep'),
  BadTopic: refusal(400, 'BadTopic', 'keep'),
  TopicDisallowed: refusal(400, 'TopicDisallowed', 'keep'),
  InvalidPushType: refusal(400, 'InvalidPushType', 'keep'),
  BadPriority: refusal(400, 'BadPriority', 'keep'),
  BadExpirationDate: refusal(400, 'BadExpirationDate', 'keep'),
  BadCollapseId: refusal(400, 'BadCollapseId', 'keep'),
  BadMessageId: refusal(400, 'BadMessageId', 'keep'),
  PayloadEmpty: refusal(400, 'PayloadEmpty', 'keep'),
  PayloadTooLarge: refusal(413, 'PayloadTooLarge', 'keep'),
  BadDeviceToken: refusal(400, 'BadDeviceToken', 'narrow'),
  TooManyRequests: refusal(429, 'TooManyRequests', 'open'),
  InternalServerError: refusal(500, 'InternalServerError', 'open'),
  ServiceUnavailable: refusal(503, 'ServiceUnavailable', 'open'),
};

const HOUR_MS = 3_600_000;
/**
 * Since when tokens are gone, as long before this process began (docs/facts.md#apns-unregistered): for some hours, for years. Of each
 * it is the same at every push.
 */
const goneAtMs = [2, 9, 31, 170, 900, 8_000, 26_000].map((hours) => Date.now() - hours * HOUR_MS);
const gone = (reason: string): Reply[] => goneAtMs.map((timestamp) => refusal(410, reason, 'open', { timestamp }));
/** Both reasons of a 410. */
const goneOfMark = { unregistered: gone('Unregistered'), expired: gone('ExpiredToken') };

const fateOfMark: Record<Exclude<Mark, keyof typeof goneOfMark>, Reply> = {
  'bad-token': replies.BadDeviceToken,
  'too-many': replies.TooManyRequests,
  internal: replies.InternalServerError,
  unavailable: replies.ServiceUnavailable,
  silent: silence,
  phone: replies.accepted,
};

/** By the token's last byte as text: neighbours differ. */
function goneSince(since: readonly Reply[], bytes: Uint8Array, to: number): Reply {
  return since[(bytes[to - 1] as number) % since.length] as Reply;
}

interface KnownPush {
  content: Content;
  tally: Tally;
  problem: Reply | null;
}

export class Apns implements Site {
  readonly name = 'apns';
  readonly protocols: ('h2' | 'http/1.1')[] = ['h2'];
  readonly looseScheme = false;
  readonly #desk: Desk;
  readonly #tokens: ApnsTokens;
  readonly #bodies = new BodyCache<KnownPush>();

  constructor(desk: Desk, tokens: ApnsTokens) {
    this.#desk = desk;
    this.#tokens = tokens;
  }

  firstStreamLimit(): number {
    return this.#desk.behaviour.firstStreamLimit;
  }

  streamLimit(change: 'open' | 'narrow'): number | null {
    const { streamLimit, streamLimitAfterRejection } = this.#desk.behaviour;
    if (change === 'open') return streamLimit;
    return streamLimitAfterRejection === 0 ? null : streamLimitAfterRejection;
  }

  decide(exchange: Exchange, bytes: Buffer, from: number, to: number, atMs: number): void {
    const nowMs = atMs + this.#desk.behaviour.clockAheadMs;
    const refused = this.#beforeCounting(exchange, nowMs);
    const overload = refused === null ? this.#desk.overloaded(nowMs) : null;
    const uncounted = refused ?? (overload?.status === 429 ? overload : null);
    if (uncounted !== null) {
      this.#desk.refuse(exchange, uncounted);
      return;
    }
    const { pathBytes, pathTo } = exchange;
    const tokenFrom = exchange.pathFrom + devicePath.length;
    this.#desk.token.read(pathBytes, tokenFrom, pathTo, 0x20);
    const known = this.#read(bytes, from, to);
    const tooMany = this.#desk.receive(known.tally, nowMs);
    const reply = overload ?? this.#fate(exchange, tokenFrom, known, tooMany, nowMs);
    this.#desk.settle(exchange, known.tally, pathBytes, tokenFrom, pathTo, known.content, reply, nowMs);
  }

  /** Bodies hold on to their tallies: after a reset they must be read again. */
  forget(): void {
    this.#bodies.clear();
  }

  #beforeCounting({ head, peer, pathBytes, pathFrom, pathTo }: Exchange, nowMs: number): Reply | null {
    if (head.method !== 'POST') return replies.MethodNotAllowed;
    if (!beginsWith(pathBytes, pathFrom, pathTo, devicePath)) return replies.BadPath;
    const verdict = this.#tokens.judge(head.authorization, nowMs);
    if (verdict !== 'good') return replies[verdict];
    if (peer.credential !== head.authorization) {
      // The first token of a connection is new as well: the next one must wait for its 20 minutes too.
      if (peer.credential !== '' && nowMs - peer.credentialSinceMs < this.#desk.behaviour.providerTokenUpdateMs)
        return replies.TooManyProviderTokenUpdates;
      peer.credential = head.authorization;
      peer.credentialSinceMs = nowMs;
    }
    return pathTo - pathFrom === devicePath.length ? replies.MissingDeviceToken : null;
  }

  #read(bytes: Buffer, from: number, to: number): KnownPush {
    const seen = this.#bodies.find(bytes, from, to);
    if (seen !== undefined) return seen.value;
    const body = bytes.subarray(from, to);
    const problem =
      body.length === 0 ? replies.PayloadEmpty : body.length > payloadLimit ? replies.PayloadTooLarge : null;
    const content = apnsContent(problem === null ? jsonText(body) : null);
    const known = { content, tally: this.#desk.tallyOf(content), problem };
    this.#bodies.add(body, known);
    return known;
  }

  #fate(
    { head, pathBytes, pathTo }: Exchange,
    tokenFrom: number,
    known: KnownPush,
    tooMany: boolean,
    nowMs: number,
  ): Reply {
    const problem = this.#headProblem(head) ?? known.problem ?? mismatch(head, known.content);
    if (problem !== null) return problem;
    const tokenBytes = pathTo - tokenFrom;
    if (!this.#desk.token.isHex || tokenBytes < shortestToken || tokenBytes % 2 !== 0) return replies.BadDeviceToken;
    const mark = markOf(pathBytes, tokenFrom, pathTo);
    if (mark === 'unregistered' || mark === 'expired') return goneSince(goneOfMark[mark], pathBytes, pathTo);
    if (mark !== null && mark !== 'phone') return fateOfMark[mark];
    if (tooMany) return replies.TooManyRequests;
    if (mark === 'phone')
      this.#desk.show(
        pathBytes,
        tokenFrom,
        pathTo,
        known.content,
        head.collapseId === '' ? null : head.collapseId,
        nowMs,
      );
    return replies.accepted;
  }

  /** A mass push has one head for each connection: it is judged once, by the topics of the time. */
  #headProblem(head: Head): Reply | null {
    const { topics } = this.#desk.behaviour;
    if (head.judgement === undefined || head.judgedUnder !== topics) {
      head.judgement = problemOf(head, topics);
      head.judgedUnder = topics;
    }
    return head.judgement;
  }
}

function problemOf(
  { duplicated, apnsId, topic, pushType, priority, expiration, collapseId }: Head,
  topics: readonly string[] | null,
): Reply | null {
  if (duplicated) return replies.DuplicateHeaders;
  if (apnsId !== '' && !uuid.test(apnsId)) return replies.BadMessageId;
  if (topic === '') return replies.MissingTopic;
  if (!/^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(topic)) return replies.BadTopic;
  // A topic with the suffix of another push type is for that type alone.
  if (pushType === 'alert' && /\.(?:voip|complication|push-type\.[a-z]+)$/.test(topic)) return replies.TopicDisallowed;
  if (topics !== null && !topics.includes(topic)) return replies.TopicDisallowed;
  if (pushType !== '' && !pushTypes.has(pushType)) return replies.InvalidPushType;
  if (priority !== '' && priority !== '10' && priority !== '5' && priority !== '1') return replies.BadPriority;
  // Without a priority it is 10, and a background push must not have that.
  if (pushType === 'background' && priority !== '5') return replies.BadPriority;
  if (expiration !== '' && !/^\d{1,12}$/.test(expiration)) return replies.BadExpirationDate;
  if (Buffer.byteLength(collapseId) > 64) return replies.BadCollapseId;
  return null;
}

/**
 * Apple may answer with an error, deliver late or drop it (docs/facts.md#apns-headers); which of these is not documented, and an error is the harshest
 * that a sender hears of. Nothing else of a payload is judged (docs/facts.md#apns-payload-unjudged).
 */
function mismatch({ pushType }: Head, content: Content): Reply | null {
  if (pushType === 'background') return content.pushType === 'background' ? null : replies.InvalidPushType;
  return pushType === 'alert' && content.pushType === 'background' ? replies.InvalidPushType : null;
}

function beginsWith(bytes: Uint8Array, from: number, to: number, beginning: Uint8Array): boolean {
  if (to - from < beginning.length) return false;
  for (let at = 0; at < beginning.length; at++) if (bytes[from + at] !== beginning[at]) return false;
  return true;
}

/** Null for what is no JSON: APNs takes any body and leaves it to the device. */
function jsonText(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
}
