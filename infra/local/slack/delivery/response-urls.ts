import { secretId } from '../state/ids.ts';
import type { Json } from '../state/model.ts';
import { APP, TEAM } from '../state/seed.ts';
import { SlackError } from '../state/slack-error.ts';
import type { WorkspaceState } from '../state/workspace-state.ts';
import { checkedBlocks } from '../web-api/chat.ts';

/** Slack: five uses within 30 minutes (docs/facts.md#slack-ack). */
const USES = 5;
const LIFE_MS = 30 * 60_000;

interface ResponseUrl {
  channel: string;
  user: string;
  /** The message that was acted on, for replace_original and delete_original. Null after a slash command. */
  ts: string | null;
  uses: number;
  expiresAtMs: number;
}

/** The addresses an app can answer to after a command or an action, without a token. */
export class ResponseUrls {
  #urls = new Map<string, ResponseUrl>();
  #state: WorkspaceState;
  #baseUrl: () => string;

  constructor(options: { state: WorkspaceState; baseUrl: () => string }) {
    this.#state = options.state;
    this.#baseUrl = options.baseUrl;
  }

  issue(given: { channel: string; user: string; ts: string | null }): string {
    const nowMs = this.#state.nowMs();
    for (const [secret, url] of this.#urls) if (nowMs > url.expiresAtMs) this.#urls.delete(secret);
    const secret = secretId();
    this.#urls.set(secret, { ...given, uses: 0, expiresAtMs: nowMs + LIFE_MS });
    return `${this.#baseUrl()}/actions/${TEAM.id}/${secret}`;
  }

  /** Performs one answer. Throws SlackError with `used_url`, `expired_url`, or what is wrong with the message. */
  use(secret: string, body: Json): void {
    const url = this.#urls.get(secret);
    if (url === undefined || this.#state.nowMs() > url.expiresAtMs) throw new SlackError('expired_url');
    if (url.uses >= USES) throw new SlackError('used_url');
    url.uses += 1;
    if (body['delete_original'] === true) this.#deleteOriginal(url);
    else this.respond(url, body);
  }

  /** Posts what an app answered: to the person alone unless it says `in_channel`; over the original if asked to. */
  respond(place: { channel: string; user: string; ts: string | null }, body: Json): void {
    const blocks = checkedBlocks(body['blocks']);
    const text = typeof body['text'] === 'string' ? body['text'] : '';
    if (text === '' && blocks === undefined) throw new SlackError('no_text');
    const content = { text, ...(blocks !== undefined && { blocks }) };
    if (body['replace_original'] === true && place.ts !== null) {
      const ephemeral = this.#state.ephemerals(place.channel, place.user).find((one) => one.ts === place.ts);
      if (ephemeral !== undefined) return this.#state.changeEphemeral(ephemeral, content);
      const message = this.#state.message(place.channel, place.ts);
      this.#state.change(
        message,
        { blocks: [], ...content, edited: { user: APP.botUserId, ts: this.#state.nextTs() } },
        { by: APP.botUserId, visible: true },
      );
      return;
    }
    if (body['response_type'] === 'in_channel') {
      this.#state.post({ channel: place.channel, user: APP.botUserId, bot_id: APP.botId, app_id: APP.id, ...content });
    } else {
      this.#state.postEphemeral({ channel: place.channel, to: place.user, ...content });
    }
  }

  #deleteOriginal(url: ResponseUrl): void {
    if (url.ts === null) throw new SlackError('message_not_found');
    const ephemeral = this.#state.ephemerals(url.channel, url.user).find((one) => one.ts === url.ts);
    if (ephemeral !== undefined) this.#state.removeEphemeral(ephemeral);
    else this.#state.remove(this.#state.message(url.channel, url.ts));
  }
}
