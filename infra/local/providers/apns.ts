import { ApnsTokens } from './apns-token.ts';
import { BodyCache } from './body-cache.ts';
import { apnsContent } from './content.ts';
import type { Content } from './content.ts';
import type { Desk } from './desk.ts';
import type { Exchange, Site } from './exchange.ts';
import { markOf } from './marks.ts';
import type { Mark } from './marks.ts';
import { jsonReply, Reply, silence } from './reply.ts';
import type { Tally } from './tally.ts';

/** The rules of APNs (FACTS 1), request by request. */

const payloadLimit = 4096;
const devicePath = '/3/device/';
/** Apple: "don't assume device-token size"; today's are 64 characters, and shorter ones were never valid. */
const shortestToken = 64;

const pushTypes = new Set(['alert', 'background', 'liveactivity', 'widgets', 'controls', 'location', 'voip', 'complication', 'fileprovider', 'mdm', 'pushtotalk']);
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function refusal(status: number, reason: string, streams: 'open' | 'narrow' | 'keep', more: object = {}): Reply {
  return jsonReply(`${status} ${reason}`, status, { reason, ...more }, { id: 'apns-id', streams });
}

/**
 * An answer that shows a valid JWT opens the connection. Whether a 4xx does so in truth is not verified
 * (FACTS 12); here only those do that Apple does not count against the sender.
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
  // When the app was removed: any time that lies before the push will do.
  Unregistered: refusal(410, 'Unregistered', 'open', { timestamp: Date.now() - 86_400_000 }),
  TooManyRequests: refusal(429, 'TooManyRequests', 'open'),
  InternalServerError: refusal(500, 'InternalServerError', 'open'),
  ServiceUnavailable: refusal(503, 'ServiceUnavailable', 'open'),
};

const fateOfMark: Record<Mark, Reply> = {
  'unregistered': replies.Unregistered, 'bad-token': replies.BadDeviceToken, 'too-many': replies.TooManyRequests,
  'internal': replies.InternalServerError, 'unavailable': replies.ServiceUnavailable, 'silent': silence, 'phone': replies.accepted,
};

interface KnownBody { content: Content; tally: Tally; problem: Reply | null }

export class Apns implements Site {
  readonly name = 'apns';
  readonly protocols: ('h2' | 'http/1.1')[] = ['h2'];
  readonly looseScheme = false;
  readonly #desk: Desk;
  readonly #tokens: ApnsTokens;
  readonly #bodies = new BodyCache<KnownBody>();
  /** The header set that was judged last: a mass push has one, and strings of one HPACK table compare at once. */
  #judged = { topic: '', pushType: '', priority: '', expiration: '', collapseId: '', topics: [] as string[] | null, verdict: replies.MissingTopic as Reply | null };

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

  decide(exchange: Exchange, body: Buffer, nowMs: number): void {
    const refused = this.#beforeCounting(exchange, nowMs);
    if (refused !== null) {
      this.#desk.refuse(exchange, refused);
      return;
    }
    const token = exchange.path.slice(devicePath.length);
    const known = this.#read(body);
    const tooMany = this.#desk.receive(known.tally, token, 0x20, nowMs);
    const reply = this.#fate(exchange, token, known, tooMany, nowMs);
    this.#desk.settle(exchange, known.tally, token, known.content, reply, nowMs);
  }

  /** Bodies hold on to their tallies: after a reset they must be read again. */
  forget(): void {
    this.#bodies.clear();
  }

  #beforeCounting(exchange: Exchange, nowMs: number): Reply | null {
    if (exchange.method !== 'POST') return replies.MethodNotAllowed;
    if (!exchange.path.startsWith(devicePath)) return replies.BadPath;
    const verdict = this.#tokens.judge(exchange.authorization, nowMs);
    if (verdict !== 'good') return replies[verdict];
    const { peer } = exchange;
    if (peer.credential !== exchange.authorization) {
      // The first token of a connection is no update.
      if (peer.updates > 0 && nowMs - peer.credentialSinceMs < this.#desk.behaviour.providerTokenUpdateMs) return replies.TooManyProviderTokenUpdates;
      peer.updates += peer.credential === '' ? 0 : 1;
      peer.credential = exchange.authorization;
      peer.credentialSinceMs = nowMs;
    }
    return exchange.path.length === devicePath.length ? replies.MissingDeviceToken : null;
  }

  #read(body: Buffer): KnownBody {
    const seen = this.#bodies.get(body, 0, 0);
    if (seen !== undefined) return seen;
    const problem = body.length === 0 ? replies.PayloadEmpty : body.length > payloadLimit ? replies.PayloadTooLarge : null;
    const content = apnsContent(problem === null ? jsonText(body) : null);
    const known = { content, tally: this.#desk.tallyOf(content), problem };
    this.#bodies.set(body, 0, 0, known);
    return known;
  }

  #fate(exchange: Exchange, token: string, known: KnownBody, tooMany: boolean, nowMs: number): Reply {
    if (this.#desk.overloaded(nowMs)) return this.#desk.behaviour.overloadStatus === 503 ? replies.ServiceUnavailable : replies.TooManyRequests;
    const problem = this.#headerProblem(exchange) ?? known.problem;
    if (problem !== null) return problem;
    if (!isDeviceToken(token)) return replies.BadDeviceToken;
    const mark = markOf(token, 0);
    if (mark !== null && mark !== 'phone') return fateOfMark[mark];
    if (tooMany) return replies.TooManyRequests;
    if (mark === 'phone') this.#desk.show(token, known.content, exchange.collapseId === '' ? null : exchange.collapseId, nowMs);
    return replies.accepted;
  }

  #headerProblem(exchange: Exchange): Reply | null {
    if (exchange.duplicated) return replies.DuplicateHeaders;
    if (exchange.apnsId !== '' && !uuid.test(exchange.apnsId)) return replies.BadMessageId;
    const judged = this.#judged;
    const { topics } = this.#desk.behaviour;
    if (judged.topic === exchange.topic && judged.pushType === exchange.pushType && judged.priority === exchange.priority
      && judged.expiration === exchange.expiration && judged.collapseId === exchange.collapseId && judged.topics === topics) return judged.verdict;
    const { topic, pushType, priority, expiration, collapseId } = exchange;
    const verdict = constantProblem(exchange, topics);
    this.#judged = { topic, pushType, priority, expiration, collapseId, topics, verdict };
    return verdict;
  }
}

function constantProblem({ topic, pushType, priority, expiration, collapseId }: Exchange, topics: readonly string[] | null): Reply | null {
  if (topic === '') return replies.MissingTopic;
  if (!/^[A-Za-z0-9.-]+$/.test(topic)) return replies.BadTopic;
  if (topics !== null && !topics.includes(topic)) return replies.TopicDisallowed;
  if (pushType !== '' && !pushTypes.has(pushType)) return replies.InvalidPushType;
  if (priority !== '' && priority !== '10' && priority !== '5' && priority !== '1') return replies.BadPriority;
  // Without a priority it is 10, and a background push must not have that.
  if (pushType === 'background' && priority !== '5') return replies.BadPriority;
  if (expiration !== '' && !/^\d{1,12}$/.test(expiration)) return replies.BadExpirationDate;
  if (Buffer.byteLength(collapseId) > 64) return replies.BadCollapseId;
  return null;
}

function isDeviceToken(token: string): boolean {
  if (token.length < shortestToken || token.length % 2 !== 0) return false;
  for (let at = 0; at < token.length; at++) {
    const code = token.charCodeAt(at);
    const isHex = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66) || (code >= 0x41 && code <= 0x46);
    if (!isHex) return false;
  }
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
