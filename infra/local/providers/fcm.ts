import type { Desk } from './desk.ts';
import type { Exchange, Site } from './exchange.ts';
import { FcmBodies } from './fcm-bodies.ts';
import type { KnownMessage } from './fcm-bodies.ts';
import type { FcmOauth } from './fcm-oauth.ts';
import { googleError, invalidArgument } from './google-error.ts';
import { Window } from './limits.ts';
import { markOf } from './marks.ts';
import type { Mark } from './marks.ts';
import { jsonReply, messageIdPlace, silence } from './reply.ts';
import type { Reply } from './reply.ts';

/** The rules of FCM HTTP v1 (docs/facts.md#fcm), request by request, and its token endpoint. */

export const tokenPath = '/token';
/** A message of 4,096 bytes with its target and its sections for other platforms fits well below this. */
const bodyLimit = 32_768;

const unauthenticated = (info: string) =>
  googleError({
    status: 401,
    code: 'UNAUTHENTICATED',
    info,
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  });
const quotaReplies = new Map<number, Reply>();
function quotaExceeded(retryAfterSeconds: number): Reply {
  const reply = quotaReplies.get(retryAfterSeconds) ?? quotaError(retryAfterSeconds);
  quotaReplies.set(retryAfterSeconds, reply);
  return reply;
}
const quotaError = (retryAfterSeconds: number) =>
  googleError({
    status: 429,
    code: 'RESOURCE_EXHAUSTED',
    message: "Quota exceeded for quota metric 'Messages sent' and limit 'Messages sent per minute'.",
    fcm: 'QUOTA_EXCEEDED',
    retryAfterSeconds,
  });

const replies = {
  missing: unauthenticated('CREDENTIALS_MISSING'),
  invalid: unauthenticated('ACCESS_TOKEN_TYPE_UNSUPPORTED'),
  expired: unauthenticated('ACCESS_TOKEN_EXPIRED'),
  notFound: googleError({ status: 404, code: 'NOT_FOUND', message: 'The requested URL was not found on this server.' }),
  wrongMethod: googleError({ status: 405, code: 'UNIMPLEMENTED', message: 'The method is not allowed here.' }),
  wrongProject: googleError({
    status: 403,
    code: 'PERMISSION_DENIED',
    message: "Permission 'cloudmessaging.messages.create' denied on resource.",
    info: 'IAM_PERMISSION_DENIED',
  }),
  badJson: googleError({
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'Invalid JSON payload received. Parsing error.',
  }),
  unregistered: googleError({
    status: 404,
    code: 'NOT_FOUND',
    message: 'Requested entity was not found.',
    fcm: 'UNREGISTERED',
  }),
  internal: googleError({ status: 500, code: 'INTERNAL', message: 'Internal error encountered.', fcm: 'INTERNAL' }),
  unavailable: googleError({
    status: 503,
    code: 'UNAVAILABLE',
    message: 'The service is currently unavailable.',
    fcm: 'UNAVAILABLE',
  }),
  /** Without a Retry-After, a client waits 60 s (docs/facts.md#fcm-waits). */
  tooMany: quotaExceeded(60),
  // FCM names no field here (firebase-admin-java#1064).
  invalidToken: googleError({
    status: 400,
    code: 'INVALID_ARGUMENT',
    message: 'The registration token is not a valid FCM registration token',
    fcm: 'INVALID_ARGUMENT',
  }),
  tooLarge: googleError({
    status: 413,
    code: 'INVALID_ARGUMENT',
    message: `Request payload size exceeds the limit: ${bodyLimit} bytes.`,
  }),
  noDevice: invalidArgument('Topics and conditions have no place here: name a token or fid.', 'message'),
};

const fateOfMark: Record<Exclude<Mark, 'phone'>, Reply> = {
  unregistered: replies.unregistered,
  // Of FCM there is one word for both.
  expired: replies.unregistered,
  'bad-token': replies.invalidToken,
  'too-many': replies.tooMany,
  internal: replies.internal,
  unavailable: replies.unavailable,
  silent: silence,
};

/** A registration token has an instance id, a colon and a long rest; an installation id (FID) has 22 characters. */
const shortestInstanceId = 8;
const shortestRest = 32;
const installationIdLength = 22;
const colon = 0x3a;

export class Fcm implements Site {
  readonly name = 'fcm';
  readonly protocols: ('h2' | 'http/1.1')[] = ['h2', 'http/1.1'];
  readonly looseScheme = true;
  readonly #desk: Desk;
  readonly #oauth: FcmOauth;
  readonly #sendPath: Buffer;
  readonly #accepted: Reply;
  readonly #validated: Reply;
  readonly #bodies: FcmBodies;
  readonly #quota = new Window(60_000);

  constructor(desk: Desk, oauth: FcmOauth, projectId: string) {
    this.#desk = desk;
    this.#bodies = new FcmBodies((content) => desk.tallyOf(content));
    this.#oauth = oauth;
    this.#sendPath = Buffer.from(`/v1/projects/${projectId}/messages:send`);
    this.#accepted = jsonReply(
      '200',
      200,
      { name: `projects/${projectId}/messages/${messageIdPlace}` },
      { id: 'message-name' },
    );
    this.#validated = jsonReply('200', 200, { name: `projects/${projectId}/messages/fake_message_id` });
  }

  firstStreamLimit(): number {
    return this.#desk.behaviour.fcmStreamLimit;
  }

  streamLimit(): number | null {
    return null;
  }

  decide(exchange: Exchange, bytes: Buffer, from: number, to: number, atMs: number): void {
    const nowMs = atMs + this.#desk.behaviour.clockAheadMs;
    const refused = this.#beforeCounting(exchange, nowMs);
    if (refused === null) this.#send(exchange, bytes, from, to, nowMs);
    else if (refused === replies.notFound && exchange.head.method === 'POST' && pathOf(exchange) === tokenPath)
      exchange.reply = this.#oauth.grant(bytes.toString('utf8', from, to), nowMs);
    else this.#desk.refuse(exchange, refused);
  }

  /** Messages hold on to their tallies: after a reset they must be read again. */
  forget(): void {
    this.#bodies.clear();
  }

  #beforeCounting(exchange: Exchange, nowMs: number): Reply | null {
    const { head, pathBytes, pathFrom, pathTo } = exchange;
    const verdict = this.#oauth.judge(head.authorization, nowMs);
    if (this.#sendPath.compare(pathBytes, pathFrom, pathTo) !== 0) {
      if (!/^\/v1\/projects\/[^/]+\/messages:send$/.test(pathOf(exchange))) return replies.notFound;
      return verdict === 'good' ? replies.wrongProject : replies[verdict];
    }
    if (head.method !== 'POST') return replies.wrongMethod;
    return verdict === 'good' ? null : replies[verdict];
  }

  #send(exchange: Exchange, bytes: Buffer, from: number, to: number, nowMs: number): void {
    const bodies = this.#bodies;
    const known = to - from > bodyLimit ? null : bodies.read(bytes, from, to, this.#desk.token);
    if (known === null) {
      this.#desk.refuse(exchange, to - from > bodyLimit ? replies.tooLarge : replies.badJson);
    } else if (known.validateOnly) {
      exchange.reply = known.problem ?? this.#fateOfToken() ?? this.#validated;
    } else if (bodies.tokenFrom === bodies.tokenTo) {
      // Without a device it is nobody's receipt: refused and not counted.
      this.#desk.refuse(exchange, known.problem ?? replies.noDevice);
    } else {
      const overload = this.#overload(nowMs);
      // It was not processed: nobody's receipt.
      if (overload?.status === 429) return this.#desk.refuse(exchange, overload);
      const tooMany = this.#desk.receive(known.tally, nowMs);
      const { tokenBytes, tokenFrom, tokenTo } = bodies;
      this.#desk.settle(
        exchange,
        known.tally,
        tokenBytes,
        tokenFrom,
        tokenTo,
        known.content,
        overload ?? this.#fate(known, tooMany, nowMs),
        nowMs,
      );
    }
  }

  /** The project as a whole sends too much. */
  #overload(nowMs: number): Reply | null {
    const overload = this.#desk.overloaded(nowMs);
    if (overload !== null || !this.#quota.over(this.#desk.behaviour.fcmQuotaPerMinute, nowMs)) return overload;
    return quotaExceeded(Math.max(1, Math.ceil(this.#quota.leftMs(nowMs) / 1000)));
  }

  #fate(known: KnownMessage, tooMany: boolean, nowMs: number): Reply {
    const fate = known.problem ?? this.#fateOfToken();
    if (fate !== null) return fate;
    if (tooMany) return replies.tooMany;
    const { tokenBytes, tokenFrom, tokenTo } = this.#bodies;
    if (markOf(tokenBytes, tokenFrom, tokenTo) === 'phone')
      this.#desk.show(tokenBytes, tokenFrom, tokenTo, known.content, known.content.collapseId, nowMs);
    return this.#accepted;
  }

  /** What the token at hand alone decides; null: nothing. */
  #fateOfToken(): Reply | null {
    const { tokenBytes, tokenFrom, tokenTo } = this.#bodies;
    const { isPlain, colons } = this.#desk.token;
    if (!isPlain || colons > 1) return replies.invalidToken;
    let colonAt = tokenFrom;
    while (colons === 1 && tokenBytes[colonAt] !== colon) colonAt += 1;
    const isToken =
      colons === 0
        ? tokenTo - tokenFrom === installationIdLength
        : colonAt - tokenFrom >= shortestInstanceId && tokenTo - colonAt - 1 >= shortestRest;
    if (!isToken) return replies.invalidToken;
    const mark = markOf(tokenBytes, tokenFrom, tokenTo);
    return mark === null || mark === 'phone' ? null : fateOfMark[mark];
  }
}

function pathOf({ pathBytes, pathFrom, pathTo }: Exchange): string {
  return pathBytes.toString('latin1', pathFrom, pathTo);
}
