import { LogLevel } from '@slack/web-api';
import type { Logger } from 'pino';
import type { Message } from '../views/message.ts';
import { slackErrorCode } from './slack-fault.ts';
import { TokenClient } from './slack-token.ts';
import type { SlackToken } from './slack-token.ts';

/**
 * Slack as the conductor needs it. Several clients, because @slack/web-api pauses a client's whole queue on any
 * 429 (docs/facts.md#slack-client-429): a throttled live-stats update must never hold back a fire or halt confirmation.
 */

/** Travels as message metadata, so that a repeated effect finds the message it has already posted. */
interface EffectMark {
  launchId: string;
  effectId: string;
}

interface Upload {
  bytes: Uint8Array;
  filename: string;
  title: string;
  altText: string;
  comment: string;
}

export type Pace = 'urgent' | 'stats';

export interface SlackPort {
  /**
   * Posts and returns the message's ts. Tried once, and given up within `POST_TIMEOUT_MS`: whoever calls looks whether it
   * came through (`findPosted`) before it posts again. A person's id as channel is a direct message.
   */
  postMessage(channel: string, message: Message, options?: { mark?: EffectMark; threadTs?: string }): Promise<string>;
  /** `stats`: rejects at once when Slack is limiting us (see `limitedForMs`), and is never retried. */
  update(channel: string, ts: string, message: Message, pace?: Pace): Promise<void>;
  /** Deletes a message of ours. */
  remove(channel: string, ts: string): Promise<void>;
  /** The ts of at most `limit` messages of the channel that came after this one. Rejects at once when Slack is limiting us. */
  postedAfter(channel: string, ts: string, limit: number): Promise<string[]>;
  /**
   * A page of what stands in the channel or in one of its threads; `next` is the cursor of the page after it, null at the end. Rejects at once when Slack
   * is limiting us.
   */
  history(channel: string, page: HistoryPage): Promise<{ messages: unknown[]; next: string | null }>;
  /** Posts a file with its comment as a message. The file's name is what `findUpload` looks for. */
  upload(channel: string, file: Upload): Promise<void>;
  /** Already pinned counts as pinned. */
  pin(channel: string, ts: string): Promise<void>;
  /** The newest of the channel's last 200 messages (of the last hour) that carries this effect's mark; null: none. */
  findPosted(channel: string, mark: EffectMark): Promise<string | null>;
  /** True if one of the channel's last 200 messages holds a file of this name. */
  findUpload(channel: string, filename: string): Promise<boolean>;
  /** True if Slack says that this account is deactivated. False for one that it doesn't know: nobody can press with it either. */
  isDeactivated(slackId: string): Promise<boolean>;
}

/**
 * From `oldest` to `latest`, with both, newest first; of a thread oldest first, its first message before them. The bounds go with each page: a cursor
 * knows none (docs/facts.md#slack-cursor). A channel is read with both: how Slack begins without `latest` it does not say.
 */
export interface HistoryPage {
  oldest: string;
  latest?: string;
  cursor: string | null;
  thread?: string;
}

/** Shorter than a claim on the outbox: a post of ours is over, one way or the other, before another instance may try it. */
export const POST_TIMEOUT_MS = 4_000;

/** Slack gives as many or fewer, and recommends no more than 200 (docs/facts.md#slack-history). */
const HISTORY_PAGE = 200;

const EFFECT_EVENT = 'gobutton_effect';

/**
 * Retries within some seconds only; the outbox repeats what still fails. A WebClient left alone waits up to half an
 * hour (docs/facts.md#slack-client-retries).
 */
const URGENT_RETRIES = { retries: 2, minTimeout: 200, maxTimeout: 1_000, factor: 2 };

export function createSlackPort(options: {
  token: SlackToken;
  apiUrl: string | null;
  log: Logger;
  timeoutMs?: number;
}): SlackPort {
  const base = {
    ...(options.apiUrl === null ? {} : { slackApiUrl: options.apiUrl }),
    timeout: options.timeoutMs ?? 5_000,
    logger: quietLogger(options.log),
  };
  // A client left alone waits a 429 out and holds every other method up with it.
  const { token } = options;
  const urgent = new TokenClient(token, { ...base, retryConfig: URGENT_RETRIES, rejectRateLimitedCalls: true });
  const once = { retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
  const stats = new TokenClient(token, { ...base, ...once });
  const posts = new TokenClient(token, { ...base, ...once, timeout: Math.min(base.timeout, POST_TIMEOUT_MS) });

  async function recent(channel: string) {
    const answer = await urgent.conversations.history({ channel, limit: 200, include_all_metadata: true });
    return answer.messages ?? [];
  }

  return {
    async postMessage(channel, message, more = {}) {
      const answer = await posts.chat.postMessage({
        channel,
        text: message.text,
        blocks: message.blocks,
        unfurl_links: false,
        unfurl_media: false,
        ...(more.threadTs === undefined ? {} : { thread_ts: more.threadTs }),
        ...(more.mark === undefined
          ? {}
          : {
              metadata: {
                event_type: EFFECT_EVENT,
                event_payload: { effectId: more.mark.effectId, launchId: more.mark.launchId },
              },
            }),
      });
      if (answer.ts === undefined) throw new Error('SLACK_NO_TS: chat.postMessage answered without a ts');
      return answer.ts;
    },

    async update(channel, ts, message, pace = 'urgent') {
      const client = pace === 'stats' ? stats : posts;
      await client.chat.update({ channel, ts, text: message.text, blocks: message.blocks });
    },

    async remove(channel, ts) {
      await urgent.chat.delete({ channel, ts });
    },

    async postedAfter(channel, ts, limit) {
      const answer = await stats.conversations.history({ channel, oldest: ts, inclusive: false, limit });
      return (answer.messages ?? []).flatMap((message) => (message.ts === undefined ? [] : [message.ts]));
    },

    async history(channel, { oldest, latest, cursor, thread }) {
      const page = {
        channel,
        oldest,
        ...(latest === undefined ? {} : { latest }),
        inclusive: true,
        limit: HISTORY_PAGE,
        ...(cursor === null ? {} : { cursor }),
      };
      const answer = await (thread === undefined
        ? stats.conversations.history(page)
        : stats.conversations.replies({ ...page, ts: thread }));
      return { messages: answer.messages ?? [], next: answer.response_metadata?.next_cursor || null };
    },

    async upload(channel, file) {
      await urgent.filesUploadV2({
        channel_id: channel,
        file: Buffer.from(file.bytes),
        filename: file.filename,
        title: file.title,
        alt_text: file.altText,
        initial_comment: file.comment,
      });
    },

    async pin(channel, ts) {
      try {
        await posts.pins.add({ channel, timestamp: ts });
      } catch (error) {
        if (slackErrorCode(error) !== 'already_pinned') throw error;
      }
    },

    async findPosted(channel, mark) {
      const found = (await recent(channel)).find((message) => {
        const payload: unknown = message.metadata?.event_payload;
        return (
          message.metadata?.event_type === EFFECT_EVENT &&
          isMark(payload) &&
          payload.effectId === mark.effectId &&
          payload.launchId === mark.launchId
        );
      });
      return found?.ts ?? null;
    },

    async findUpload(channel, filename) {
      return (await recent(channel)).some((message) => message.files?.some((file) => file.name === filename) ?? false);
    },

    async isDeactivated(slackId) {
      try {
        return (await stats.users.info({ user: slackId })).user?.deleted === true;
      } catch (error) {
        if (['user_not_found', 'user_not_visible'].includes(slackErrorCode(error) ?? '')) return false;
        throw error;
      }
    },
  };
}

function isMark(value: unknown): value is EffectMark {
  return typeof value === 'object' && value !== null && 'effectId' in value && 'launchId' in value;
}

/** The package logs to the console by itself; ours goes through pino, warnings and worse only. */
function quietLogger(log: Logger) {
  const child = log.child({ part: 'slack' });
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (...lines: unknown[]) => child.warn(lines.map(String).join(' ')),
    error: (...lines: unknown[]) => child.error(lines.map(String).join(' ')),
    setLevel: () => undefined,
    getLevel: () => LogLevel.WARN,
    setName: () => undefined,
  };
}
