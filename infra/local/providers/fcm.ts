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

/** The rules of FCM HTTP v1 (FACTS 2), request by request, and its token endpoint. */

export const tokenPath = '/token';
/** A message of 4,096 bytes with its target and its sections for other platforms fits well below this. */
const bodyLimit = 32_768;

const unauthenticated = (info: string) => googleError({
  status: 401, code: 'UNAUTHENTICATED', info,
  message: 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
});
const quotaReplies = new Map<number, Reply>();
function quotaExceeded(retryAfterSeconds: number): Reply {
  const reply = quotaReplies.get(retryAfterSeconds) ?? quotaError(retryAfterSeconds);
  quotaReplies.set(retryAfterSeconds, reply);
  return reply;
}
const quotaError = (retryAfterSeconds: number) => googleError({
  status: 429, code: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded for quota metric \'Messages sent\' and limit \'Messages sent per minute\'.', fcm: 'QUOTA_EXCEEDED', retryAfterSeconds,
});

const replies = {
  missing: unauthenticated('CREDENTIALS_MISSING'),
  invalid: unauthenticated('ACCESS_TOKEN_TYPE_UNSUPPORTED'),
  expired: unauthenticated('ACCESS_TOKEN_EXPIRED'),
  notFound: googleError({ status: 404, code: 'NOT_FOUND', message: 'The requested URL was not found on this server.' }),
  wrongMethod: googleError({ status: 405, code: 'UNIMPLEMENTED', message: 'The method is not allowed here.' }),
  wrongProject: googleError({ status: 403, code: 'PERMISSION_DENIED', message: 'Permission \'cloudmessaging.messages.create\' denied on resource.', info: 'IAM_PERMISSION_DENIED' }),
  badJson: googleError({ status: 400, code: 'INVALID_ARGUMENT', message: 'Invalid JSON payload received. Parsing error.' }),
  unregistered: googleError({ status: 404, code: 'NOT_FOUND', message: 'Requested entity was not found.', fcm: 'UNREGISTERED' }),
  internal: googleError({ status: 500, code: 'INTERNAL', message: 'Internal error encountered.', fcm: 'INTERNAL' }),
  unavailable: googleError({ status: 503, code: 'UNAVAILABLE', message: 'The service is currently unavailable.', fcm: 'UNAVAILABLE' }),
  /** Without a Retry-After, a client waits 60 s (FACTS 0.2). */
  tooMany: quotaExceeded(60),
  invalidToken: invalidArgument('The registration token is not a valid FCM registration token', 'message.token'),
  tooLarge: googleError({ status: 413, code: 'INVALID_ARGUMENT', message: `Request payload size exceeds the limit: ${bodyLimit} bytes.` }),
  noDevice: invalidArgument('Topics and conditions have no place here: name a token or fid.', 'message'),
};

const fateOfMark: Record<Exclude<Mark, 'phone'>, Reply> = {
  'unregistered': replies.unregistered, 'bad-token': replies.invalidToken, 'too-many': replies.tooMany,
  'internal': replies.internal, 'unavailable': replies.unavailable, 'silent': silence,
};

/** A registration token has an instance id, a colon and a long rest; an installation id (FID) has 22 characters. */
const tokenShape = /^(?:[\w-]{8,}:[\w-]{32,}|[\w-]{22})$/;

export class Fcm implements Site {
  readonly name = 'fcm';
  readonly protocols: ('h2' | 'http/1.1')[] = ['h2', 'http/1.1'];
  readonly looseScheme = true;
  readonly #desk: Desk;
  readonly #oauth: FcmOauth;
  readonly #sendPath: string;
  readonly #accepted: Reply;
  readonly #validated: Reply;
  readonly #bodies: FcmBodies;
  readonly #quota = new Window(60_000);

  constructor(desk: Desk, oauth: FcmOauth, projectId: string) {
    this.#desk = desk;
    this.#bodies = new FcmBodies((content) => desk.tallyOf(content));
    this.#oauth = oauth;
    this.#sendPath = `/v1/projects/${projectId}/messages:send`;
    this.#accepted = jsonReply('200', 200, { name: `projects/${projectId}/messages/${messageIdPlace}` }, { id: 'message-name' });
    this.#validated = jsonReply('200', 200, { name: `projects/${projectId}/messages/fake_message_id` });
  }

  firstStreamLimit(): number {
    return this.#desk.behaviour.fcmStreamLimit;
  }

  streamLimit(): number | null {
    return null;
  }

  decide(exchange: Exchange, body: Buffer, nowMs: number): void {
    if (exchange.path === tokenPath && exchange.method === 'POST') {
      exchange.reply = this.#oauth.grant(body.toString('utf8'), nowMs);
      return;
    }
    const refused = this.#beforeCounting(exchange, nowMs);
    if (refused !== null) {
      this.#desk.refuse(exchange, refused);
      return;
    }
    this.#send(exchange, body, nowMs);
  }

  /** Messages hold on to their tallies: after a reset they must be read again. */
  forget(): void {
    this.#bodies.clear();
  }

  #beforeCounting({ path, method, authorization }: Exchange, nowMs: number): Reply | null {
    if (path !== this.#sendPath) {
      if (!/^\/v1\/projects\/[^/]+\/messages:send$/.test(path)) return replies.notFound;
      const verdict = this.#oauth.judge(authorization, nowMs);
      return verdict === 'good' ? replies.wrongProject : replies[verdict];
    }
    if (method !== 'POST') return replies.wrongMethod;
    const verdict = this.#oauth.judge(authorization, nowMs);
    return verdict === 'good' ? null : replies[verdict];
  }

  #send(exchange: Exchange, body: Buffer, nowMs: number): void {
    const known = body.length > bodyLimit ? null : this.#bodies.read(body);
    if (known === null) {
      this.#desk.refuse(exchange, body.length > bodyLimit ? replies.tooLarge : replies.badJson);
      return;
    }
    const { token } = this.#bodies;
    if (known.validateOnly) {
      exchange.reply = known.problem ?? fateOf(token) ?? this.#validated;
    } else if (token === '') {
      // Without a device it is nobody's receipt: refused and not counted.
      this.#desk.refuse(exchange, known.problem ?? replies.noDevice);
    } else {
      const tooMany = this.#desk.receive(known.tally, token, 0, nowMs);
      this.#desk.settle(exchange, known.tally, token, known.content, this.#fate(token, known, tooMany, nowMs), nowMs);
    }
  }

  #fate(token: string, known: KnownMessage, tooMany: boolean, nowMs: number): Reply {
    const { behaviour } = this.#desk;
    if (this.#desk.overloaded(nowMs)) return behaviour.overloadStatus === 503 ? replies.unavailable : replies.tooMany;
    if (this.#quota.over(behaviour.fcmQuotaPerMinute, nowMs)) return quotaExceeded(Math.max(1, Math.ceil(this.#quota.leftMs(nowMs) / 1000)));
    const fate = known.problem ?? fateOf(token);
    if (fate !== null) return fate;
    if (tooMany) return replies.tooMany;
    if (markOf(token, 0) === 'phone') this.#desk.show(token, known.content, known.content.collapseId, nowMs);
    return this.#accepted;
  }
}

/** What the token alone decides; null: nothing. */
function fateOf(token: string): Reply | null {
  if (!tokenShape.test(token)) return replies.invalidToken;
  const mark = markOf(token, 0);
  return mark === null || mark === 'phone' ? null : fateOfMark[mark];
}
