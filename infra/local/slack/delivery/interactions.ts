import { elementsOf } from '../block-kit/validate.ts';
import type { Json, OpenView } from '../state/model.ts';
import { COMMANDS } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import type { Triggers } from '../state/triggers.ts';
import { chosenValue, initialValues, submissionErrors } from '../state/view-values.ts';
import type { Views } from '../state/views.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { messageAction, slashCommand, viewAction, viewClosed, viewSubmission } from './payloads.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { Transport } from './transport.ts';

type Values = Record<string, Record<string, Json>>;
export type Answer = { ok: true; response?: Json } | { ok: false; error: string; errors?: Record<string, string> };

export interface PressedElement {
  action_id: string;
  block_id?: string | undefined;
  value?: string | undefined;
  selected?: unknown;
}

/** What a person does in the client, turned into payloads for the app, and the app's answers into what the person sees. */
export class Interactions {
  #state: WorkspaceState;
  #views: Views;
  #triggers: Triggers;
  #responseUrls: ResponseUrls;
  #transport: () => Transport;
  /** What people chose in the stateful elements of messages, by person, channel and ts. */
  #chosen = new Map<string, Values>();

  constructor(options: {
    state: WorkspaceState;
    views: Views;
    triggers: Triggers;
    responseUrls: ResponseUrls;
    transport: () => Transport;
  }) {
    this.#state = options.state;
    this.#views = options.views;
    this.#triggers = options.triggers;
    this.#responseUrls = options.responseUrls;
    this.#transport = options.transport;
  }

  async command(as: string, channelId: string, command: string, text: string): Promise<Answer> {
    const user = this.#state.user(as);
    const channel = this.#state.channel(channelId);
    if (!COMMANDS.includes(command))
      return {
        ok: false,
        error: `${command} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as slash commands.`,
      };
    const place = { channel: channel.id, user: user.id, ts: null };
    const payload = slashCommand({
      user,
      channel,
      command,
      text,
      responseUrl: this.#responseUrls.issue(place),
      triggerId: this.#triggers.issue(user.id),
    });
    const outcome = await this.#transport().deliver('slash_commands', payload, null);
    if (!outcome.ok) return { ok: false, error: `${command} failed with the error "${outcome.error}"` };
    const response = responseOf(outcome.body);
    if (response === null) return { ok: true };
    try {
      this.#responseUrls.respond(place, response);
    } catch (error) {
      if (error instanceof SlackError) return { ok: false, error: `${command} failed with the error "${error.error}"` };
      throw error;
    }
    return { ok: true, response };
  }

  /** Presses a button, or chooses in a menu, of a message that the person sees. */
  async messageAction(as: string, channelId: string, ts: string, pressed: PressedElement): Promise<Answer> {
    const user = this.#state.user(as);
    const channel = this.#state.channel(channelId);
    const message = this.#state.messages(channel.id).find((one) => one.ts === ts) ?? null;
    const ephemeral =
      message === null ? this.#state.ephemerals(channel.id, user.id).find((one) => one.ts === ts) : undefined;
    if (message === null && ephemeral === undefined) throw new SlackError('message_not_found');
    const blocks = message?.blocks ?? ephemeral?.blocks ?? [];
    const { element, blockId } = findElement(blocks, pressed);
    const action = this.#action(element, blockId, pressed);
    const key = `${user.id}/${channel.id}/${ts}`;
    const values = merged(initialValues(blocks), this.#chosen.get(key) ?? {}, element, blockId, action);
    this.#chosen.set(key, values);
    const responseUrl = this.#responseUrls.issue({ channel: channel.id, user: user.id, ts });
    const payload = messageAction({
      user,
      channel,
      ts,
      message,
      action,
      values,
      responseUrl,
      triggerId: this.#triggers.issue(user.id),
    });
    const outcome = await this.#transport().deliver('interactive', payload, null);
    return outcome.ok ? { ok: true } : { ok: false, error: outcome.error };
  }

  async viewAction(as: string, viewId: string, pressed: PressedElement, filled: Values): Promise<Answer> {
    const open = this.#ownView(as, viewId);
    this.#views.fill(open, filled);
    const { element, blockId } = findElement(open.view.blocks, pressed);
    const action = this.#action(element, blockId, pressed);
    this.#views.fill(open, { [blockId]: { [String(element['action_id'])]: chosenValue(element, pressed) } });
    const payload = viewAction({
      user: this.#state.user(as),
      view: open.view,
      action,
      triggerId: this.#triggers.issue(as, viewId),
    });
    const outcome = await this.#transport().deliver('interactive', payload, null);
    return outcome.ok ? { ok: true } : { ok: false, error: outcome.error };
  }

  async submit(as: string, viewId: string, filled: Values): Promise<Answer> {
    const open = this.#ownView(as, viewId);
    this.#views.fill(open, filled);
    const missing = submissionErrors(open.view.blocks, open.view.state.values);
    if (Object.keys(missing).length > 0) {
      this.#views.setErrors(open, missing);
      return { ok: false, error: 'invalid_input', errors: missing };
    }
    const payload = viewSubmission({
      user: this.#state.user(as),
      view: open.view,
      triggerId: this.#triggers.issue(as, viewId),
    });
    const outcome = await this.#transport().deliver('interactive', payload, null);
    if (!outcome.ok) return { ok: false, error: outcome.error };
    return this.#afterSubmission(open, isJson(outcome.body) ? outcome.body : {});
  }

  async close(as: string, viewId: string): Promise<Answer> {
    const open = this.#ownView(as, viewId);
    const isCleared = open.view.clear_on_close;
    const closed = isCleared ? this.#views.clear(as) : [open];
    if (!isCleared) this.#views.close(open);
    for (const one of closed) {
      if (!one.view.notify_on_close) continue;
      const outcome = await this.#transport().deliver(
        'interactive',
        viewClosed({ user: this.#state.user(as), view: one.view, isCleared }),
        null,
      );
      if (!outcome.ok) return { ok: false, error: outcome.error };
    }
    return { ok: true };
  }

  #afterSubmission(open: OpenView, body: Json): Answer {
    const view = body['view'];
    try {
      switch (body['response_action']) {
        case 'errors': {
          const errors = errorsFor(open, body['errors']);
          this.#views.setErrors(open, errors);
          return { ok: false, error: 'invalid_input', errors };
        }
        case 'update':
          this.#views.update(open, isJson(view) ? view : {});
          return { ok: true };
        case 'push':
          this.#views.push(open.user, isJson(view) ? view : {});
          return { ok: true };
        case 'clear':
          this.#views.clear(open.user);
          return { ok: true };
        case undefined:
          this.#views.close(open);
          return { ok: true };
        default:
          return { ok: false, error: 'invalid_response_action' };
      }
    } catch (error) {
      if (error instanceof SlackError) return { ok: false, error: error.error };
      throw error;
    }
  }

  #ownView(as: string, viewId: string): OpenView {
    const open = this.#views.find(viewId);
    if (open.user !== this.#state.user(as).id) throw new SlackError('not_found');
    return open;
  }

  #action(element: Json, blockId: string, pressed: PressedElement): Json {
    const { action_id, type, text, style, placeholder } = element;
    return {
      action_id,
      block_id: blockId,
      type,
      ...(text !== undefined && { text }),
      ...(style !== undefined && { style }),
      ...(placeholder !== undefined && { placeholder }),
      ...chosenValue(element, pressed),
      action_ts: this.#state.nextTs(),
    };
  }
}

function findElement(blocks: Json[], pressed: PressedElement): { element: Json; blockId: string } {
  for (const block of blocks) {
    if (pressed.block_id !== undefined && block['block_id'] !== pressed.block_id) continue;
    const element = elementsOf(block).find((one) => one['action_id'] === pressed.action_id);
    if (element !== undefined) return { element, blockId: String(block['block_id']) };
  }
  throw new SlackError('no_such_action');
}

/** The state of a message's elements: initial values, what was chosen before, what was chosen now. */
function merged(initial: Values, before: Values, element: Json, blockId: string, action: Json): Values {
  for (const [id, actions] of Object.entries(before))
    if (initial[id] !== undefined) initial[id] = { ...initial[id], ...actions };
  const known = initial[blockId]?.[String(element['action_id'])];
  if (known === undefined || initial[blockId] === undefined) return initial;
  const chosen = Object.fromEntries(Object.keys(known).map((key) => [key, action[key] ?? known[key]]));
  initial[blockId] = { ...initial[blockId], [String(element['action_id'])]: chosen };
  return initial;
}

/** Errors must name input blocks of the view; Slack shows trouble for others, the stand-in says which. */
function errorsFor(open: OpenView, given: unknown): Record<string, string> {
  const errors = isJson(given) ? given : {};
  const inputs = new Set(
    open.view.blocks.filter((block) => block['type'] === 'input').map((block) => block['block_id']),
  );
  if (Object.keys(errors).length === 0 || Object.keys(errors).some((id) => !inputs.has(id)))
    throw new SlackError('errors_name_unknown_blocks');
  return Object.fromEntries(Object.entries(errors).map(([id, text]) => [id, String(text)]));
}

function responseOf(body: unknown): Json | null {
  if (typeof body === 'string' && body !== '') return { text: body };
  if (!isJson(body)) return null;
  return body['text'] === undefined && body['blocks'] === undefined ? null : body;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
