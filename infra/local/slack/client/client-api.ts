import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Interactions } from '../delivery/interactions.ts';
import { HttpError, readBody, sendJson } from '../http.ts';
import type { Renderer } from '../render/render.ts';
import type { FileVault } from '../state/file-vault.ts';
import { slackId } from '../state/ids.ts';
import type { Json } from '../state/model.ts';
import { SlackError } from '../state/slack-error.ts';
import type { Views } from '../state/views.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { attach, react } from './attach.ts';
import { invite } from './invite.ts';
import { personText, withMentions } from './person-text.ts';
import { clientEphemeral, clientEvent, clientMessage, clientState, clientView } from './shown.ts';

const BODY_BYTES = 1024 * 1024;
/** A page that reads slower than this is behind is cut; it comes back and reads everything anew. */
const STREAM_BEHIND_BYTES = 8 * 1024 * 1024;
const KEEP_ALIVE_MS = 15_000;

const values = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown())));
const pressed = z.object({
  as: z.string(),
  action_id: z.string(),
  block_id: z.string().optional(),
  value: z.string().optional(),
  selected: z.unknown().optional(),
});
const posted = z.object({
  as: z.string(),
  channel: z.string(),
  text: z.string().min(1).max(4000),
  /** A reply in the thread of this message. */ thread_ts: z.string().optional(),
  /** And sent to the channel, too. */ broadcast: z.boolean().default(false),
});
const edited = z.object({ as: z.string(), text: z.string().min(1).max(4000) });
const byPerson = z.object({ as: z.string() });
const commanded = z.object({ as: z.string(), channel: z.string(), command: z.string(), text: z.string().default('') });

export interface ClientApiOptions {
  state: WorkspaceState;
  views: Views;
  interactions: Interactions;
  renderer: Renderer;
  files: FileVault;
  baseUrl: () => string;
  isConnected: () => boolean;
}

/** `/client/*`: the JSON and event stream that the page, rehearsals and tests use. Answers 200 with `ok`, or 4xx for calls that make no sense. */
export class ClientApi {
  #options: ClientApiOptions;
  #streams = new Set<{ response: ServerResponse; as: string }>();
  #unsubscribe: () => void;
  #keepAlive: NodeJS.Timeout;

  constructor(options: ClientApiOptions) {
    this.#options = options;
    const viewOf = (viewId: string): Json | null => this.#viewOf(viewId);
    this.#unsubscribe = options.state.onChange((change) => {
      if (this.#streams.size === 0) return;
      const event = clientEvent(change, { state: options.state, renderer: options.renderer, viewOf });
      if (event !== null) this.#broadcast(event);
    });
    this.#keepAlive = setInterval(() => {
      for (const { response } of this.#streams) response.write(': still here\n\n');
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  stop(): void {
    this.#unsubscribe();
    clearInterval(this.#keepAlive);
    for (const { response } of this.#streams) response.end();
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const parts = url.pathname.split('/').slice(2).map(decodeURIComponent);
    try {
      if (request.method === 'GET') return this.#get(parts, url, response);
      if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
        throw new HttpError(415, 'json_expected');
      const body = parseBody(await readBody(request, BODY_BYTES));
      sendJson(response, 200, await this.#change(request.method ?? '', parts, body));
    } catch (error) {
      if (error instanceof SlackError)
        return sendJson(response, 200, { ok: false, error: error.error, ...error.extra });
      if (error instanceof z.ZodError)
        return sendJson(response, 400, { ok: false, error: 'invalid_arguments', details: z.prettifyError(error) });
      throw error;
    }
  }

  #get(parts: string[], url: URL, response: ServerResponse): void {
    const { state, views, renderer, isConnected } = this.#options;
    const as = url.searchParams.get('as') ?? '';
    const [what, id, more] = parts;
    if (what === 'state') return sendJson(response, 200, clientState(state, isConnected()));
    if (what === 'channels' && id !== undefined && more === 'messages') {
      const channel = state.channel(id);
      const own =
        as === '' ? [] : state.ephemerals(channel.id, state.user(as).id).map((one) => clientEphemeral(one, renderer));
      const all = state.messages(channel.id);
      const limit = Number(url.searchParams.get('limit') ?? Infinity);
      const shown = all.slice(-limit).map((one) => clientMessage(one, renderer));
      const messages = [...shown, ...own].toSorted((a, b) => Number(a['ts']) - Number(b['ts']));
      return sendJson(response, 200, { messages, has_more: all.length > shown.length });
    }
    if (what === 'views')
      return sendJson(response, 200, {
        views: views.stackOf(state.user(as).id).map((one, i) => clientView(one, i, renderer)),
      });
    if (what === 'events') return this.#stream(response, state.user(as).id);
    throw new HttpError(404, 'no_such_path');
  }

  async #change(httpMethod: string, parts: string[], body: unknown): Promise<unknown> {
    const { interactions, state } = this.#options;
    const [what, id, more] = parts;
    if (state.user(byPerson.parse(body).as).deleted) throw new SlackError('account_inactive');
    switch (`${httpMethod} ${what ?? ''}${more === undefined || what === 'messages' ? '' : ` ${more}`}`) {
      case 'POST messages': {
        const { as, channel, text, thread_ts: thread, broadcast } = posted.parse(body);
        const place = state.channel(channel);
        if (place.is_archived) throw new SlackError('is_archived');
        if (!place.members.includes(state.user(as).id)) throw new SlackError('not_in_channel');
        const message = state.post({
          channel: place.id,
          user: as,
          client_msg_id: slackId('m', 16),
          ...personText(text, state),
          ...(thread === undefined ? {} : { thread_ts: state.message(place.id, thread).ts }),
          ...(thread !== undefined && broadcast ? { subtype: 'thread_broadcast' } : {}),
        });
        return { ok: true, ts: message.ts };
      }
      case 'PATCH messages': {
        const { as, text } = edited.parse(body);
        state.change(
          this.#ownMessage(as, id, more),
          { ...personText(text, state), edited: { user: as, ts: state.nextTs() } },
          { by: as, visible: true },
        );
        return { ok: true };
      }
      case 'DELETE messages':
        state.remove(this.#ownMessage(byPerson.parse(body).as, id, more));
        return { ok: true };
      case 'POST files':
        return attach(this.#options, body);
      case 'POST reactions':
        return react(state, body);
      case 'POST commands': {
        const { as, channel, command, text } = commanded.parse(body);
        if (command === '/invite') return invite(state, as, channel, withMentions(text, state));
        return await interactions.command(as, channel, command, withMentions(text, state));
      }
      case 'POST actions': {
        const action = pressed.extend({ channel: z.string(), ts: z.string() }).parse(body);
        return await interactions.messageAction(action.as, action.channel, action.ts, action);
      }
      case 'POST views submit': {
        const submitted = z.object({ as: z.string(), values: values.default({}) }).parse(body);
        return await interactions.submit(submitted.as, id ?? '', submitted.values);
      }
      case 'POST views close':
        return await interactions.close(byPerson.parse(body).as, id ?? '');
      case 'POST views actions': {
        const action = pressed.extend({ values: values.default({}) }).parse(body);
        return await interactions.viewAction(action.as, id ?? '', action, action.values);
      }
      default:
        throw new HttpError(404, 'no_such_path');
    }
  }

  #ownMessage(as: string, channelId: string | undefined, ts: string | undefined) {
    const { state } = this.#options;
    const message = state.message(state.channel(channelId ?? '').id, ts ?? '');
    if (message.user !== state.user(as).id) throw new SlackError('cant_update_message');
    return message;
  }

  #viewOf(viewId: string): Json | null {
    const { views, renderer } = this.#options;
    const open = views.find(viewId);
    return clientView(open, views.stackOf(open.user).indexOf(open), renderer);
  }

  #stream(response: ServerResponse, as: string): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const stream = { response, as };
    this.#streams.add(stream);
    response.on('close', () => this.#streams.delete(stream));
    response.write(
      `event: presence\ndata: ${JSON.stringify({ type: 'presence', connected: this.#options.isConnected() })}\n\n`,
    );
  }

  #broadcast(event: { type: string; to: string | null; data: Json }): void {
    const text = `event: ${event.type}\ndata: ${JSON.stringify({ type: event.type, ...event.data })}\n\n`;
    for (const { response, as } of this.#streams) {
      if (event.to !== null && event.to !== as) continue;
      if (response.writableLength > STREAM_BEHIND_BYTES) response.destroy();
      else response.write(text);
    }
  }
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw new HttpError(400, 'invalid_json');
    throw error;
  }
}
