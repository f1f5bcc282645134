import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, sendJson } from '../http.ts';
import type { Channel, Json } from '../state/model.ts';
import { SlackError } from '../state/slack-error.ts';
import { attachmentMethods } from './attachments.ts';
import { canvasMethods } from './canvases.ts';
import { chatMethods } from './chat.ts';
import { conversationsMethods } from './conversations.ts';
import type { Faults } from './faults.ts';
import type { Method, WebApiContext } from './method.ts';
import { peopleMethods } from './people.ts';
import { RateLimits } from './rate-limits.ts';
import { viewsMethods } from './views.ts';

const METHODS = new Map<string, Method>(
  Object.entries({
    ...chatMethods,
    ...conversationsMethods,
    ...peopleMethods,
    ...viewsMethods,
    ...attachmentMethods,
    ...canvasMethods,
  }),
);

export interface WebApiOptions {
  /** As they stand now. */
  tokens: { botToken: string; appToken: string };
  scopes: readonly string[];
  /** False lifts all limits; the default is Slack's real figures. */
  rateLimits: boolean;
  faults: Faults;
}

const BODY_BYTES = 4 * 1024 * 1024;

/** `/api/*`: reads token and arguments as Slack does (header, form, JSON, query) and answers 200 with `ok`, or 429. */
export function createWebApi(context: WebApiContext, options: WebApiOptions) {
  const limits = new RateLimits(context.isSold);

  async function handle(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const given = await readArguments(request);
    const method = METHODS.get(name);
    if (method === undefined) return sendJson(response, 200, { ok: false, error: 'unknown_method', req_method: name });
    const met = options.faults.meet(name, response);
    if (met === 'answered') return;
    const answerWith: typeof sendJson = (...answer) => (met === 'mute' ? undefined : sendJson(...answer));
    try {
      authorize(method, given, request);
      const channel = typeof given['channel'] === 'string' ? given['channel'] : null;
      const waitS = options.rateLimits ? limits.take(name, method.limit, channel, context.state.nowMs()) : null;
      if (waitS !== null)
        return answerWith(response, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(waitS) });
      const answer = await method.run(context, parseArguments(method, given) as never);
      const scopes = method.token === 'app' ? ['connections:write'] : options.scopes;
      answerWith(
        response,
        200,
        { ok: true, ...answer },
        { 'x-oauth-scopes': scopes.join(','), 'x-accepted-oauth-scopes': method.scope ?? '' },
      );
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      answerWith(response, 200, { ok: false, error: error.error, ...error.extra });
    }
  }

  function authorize(method: Method, given: Json, request: IncomingMessage): void {
    const header = request.headers.authorization;
    const token = header !== undefined ? header.replace(/^Bearer\s+/i, '') : given['token'];
    if (typeof token !== 'string' || token === '') throw new SlackError('not_authed');
    const kind = token === options.tokens.botToken ? 'bot' : token === options.tokens.appToken ? 'app' : null;
    if (kind === null) throw new SlackError('invalid_auth');
    if (kind !== method.token) throw new SlackError('not_allowed_token_type');
    const needed = method.token === 'bot' ? scopeFor(context, method, given) : null;
    if (needed !== null && !options.scopes.includes(needed))
      throw new SlackError('missing_scope', { needed, provided: options.scopes.join(',') });
  }

  return { handle };
}

/** What reads a channel needs the scope of its kind: `channels:history` says nothing of a private channel or a direct message. */
function scopeFor({ state }: WebApiContext, { scope }: Method, given: Json): string | null {
  const named = given['channel'] ?? given['channel_id'];
  if (scope === null || !/^channels:(read|history)$/.test(scope) || typeof named !== 'string') return scope;
  return scope.replace('channels', kindInScopes(state.channels.get(named)));
}

function kindInScopes(channel: Channel | undefined): 'channels' | 'groups' | 'im' {
  if (channel?.im_with !== undefined) return 'im';
  return channel?.is_private === true ? 'groups' : 'channels';
}

function parseArguments(method: Method, given: Json): unknown {
  const parsed = method.args.safeParse(given);
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map((issue) => {
    const field = String(issue.path[0] ?? '');
    return given[field] === undefined
      ? `[ERROR] missing required field: ${field}`
      : `[ERROR] ${issue.message} [json-pointer:/${issue.path.map(String).join('/')}]`;
  });
  throw new SlackError(
    given['metadata'] !== undefined && parsed.error.issues.every((issue) => issue.path[0] === 'metadata')
      ? 'invalid_metadata_format'
      : 'invalid_arguments',
    {
      response_metadata: { messages },
    },
  );
}

async function readArguments(request: IncomingMessage): Promise<Json> {
  const query = Object.fromEntries(new URL(request.url ?? '/', 'http://localhost').searchParams);
  const body = await readBody(request, BODY_BYTES);
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) return { ...query, ...parseJsonBody(body.toString('utf8')) };
  return { ...query, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
}

function parseJsonBody(text: string): Json {
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Json) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
