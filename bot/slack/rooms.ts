import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import type { LaunchIndexItem, LiveStore } from '../../infra/aws/live-store.ts';
import { waitAtMost } from '../../infra/time-limit.ts';
import { slackErrorCode } from './slack-fault.ts';

/** The index changes only when a launch is created or closed; a copy this old is good for finding a channel's launch. */
const INDEX_FRESH_MS = 2_000;
/** Sharing a channel with another company is announced by an event too; this is for events that were lost. */
const SHARED_FRESH_MS = 60_000;

/** Which launch belongs to a channel, and whether the channel is shared with another company (Slack Connect). */
export class Rooms {
  readonly #live: LiveStore;
  readonly #client: WebClient;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  #index: { atMs: number; items: LaunchIndexItem[] } | null = null;
  readonly #shared = new Map<string, { atMs: number; shared: boolean }>();

  constructor(options: { live: LiveStore; client: WebClient; log: Logger; nowMs: () => number }) {
    this.#live = options.live;
    this.#client = options.client;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  /** The channel's launches, open ones first, newest first. */
  async launchesOf(channelId: string): Promise<LaunchIndexItem[]> {
    const here = (await this.#items()).filter((item) => item.channelId === channelId);
    return here.toSorted((a, b) => Number(a.closed) - Number(b.closed) || b.createdAtMs - a.createdAtMs);
  }

  async launchOf(channelId: string): Promise<LaunchIndexItem | null> {
    return (await this.launchesOf(channelId))[0] ?? null;
  }

  async open(): Promise<LaunchIndexItem[]> {
    return (await this.#items()).filter((item) => !item.closed);
  }

  async all(): Promise<LaunchIndexItem[]> {
    return this.#items();
  }

  /** After a launch was created or closed here: read the index again. */
  forget(): void {
    if (this.#index !== null) this.#index.atMs = Number.NEGATIVE_INFINITY;
  }

  async #items(): Promise<LaunchIndexItem[]> {
    const nowMs = this.#nowMs();
    if (this.#index !== null && nowMs - this.#index.atMs < INDEX_FRESH_MS) return this.#index.items;
    try {
      const items = await this.#live.launches();
      this.#index = { atMs: nowMs, items };
      return items;
    } catch (error) {
      // An old index still finds the room, and a halt must not fail for want of a fresh one.
      if (this.#index === null) throw error;
      this.#log.warn({ err: error, ageMs: nowMs - this.#index.atMs }, 'using an old index of launches');
      return this.#index.items;
    }
  }

  noteShared(channelId: string, shared: boolean): void {
    this.#shared.set(channelId, { atMs: this.#nowMs(), shared });
  }

  forgetShared(channelId: string): void {
    this.#shared.delete(channelId);
  }

  /** Asks Slack unless the answer is fresh. `unknown`: Slack did not say. */
  async isShared(channelId: string): Promise<boolean | 'unknown'> {
    const known = this.#shared.get(channelId);
    if (known !== undefined && this.#nowMs() - known.atMs < SHARED_FRESH_MS) return known.shared;
    try {
      const { channel } = await this.#client.conversations.info({ channel: channelId });
      const shared = channel?.is_ext_shared === true || channel?.is_pending_ext_shared === true;
      this.noteShared(channelId, shared);
      return shared;
    } catch (error) {
      this.#log.warn({ err: error, channelId }, 'could not ask Slack whether the channel is shared');
      return known?.shared ?? 'unknown';
    }
  }

  /**
   * Whether the bot may work in the channel, asked anew: people invite it and try again. `absent`: not invited, or a private
   * channel that Slack doesn't show to it. `unknown`: Slack did not say within `withinMs`.
   */
  async membership(
    channelId: string,
    withinMs: number,
  ): Promise<'member' | 'absent' | 'archived' | 'direct' | 'unknown'> {
    if (channelId.startsWith('D')) return 'direct';
    return waitAtMost(withinMs, this.#membership(channelId), 'unknown');
  }

  async #membership(channelId: string): Promise<'member' | 'absent' | 'archived' | 'direct' | 'unknown'> {
    try {
      const { channel } = await this.#client.conversations.info({ channel: channelId });
      if (channel?.is_im === true || channel?.is_mpim === true) return 'direct';
      this.noteShared(channelId, channel?.is_ext_shared === true || channel?.is_pending_ext_shared === true);
      if (channel?.is_archived === true) return 'archived';
      return channel?.is_member === true ? 'member' : 'absent';
    } catch (error) {
      if (['channel_not_found', 'not_in_channel'].includes(slackErrorCode(error) ?? '')) return 'absent';
      this.#log.warn({ err: error, channelId }, 'could not ask Slack whether the bot is in the channel');
      return 'unknown';
    }
  }

  /** What is known without asking: for the GO press, which waits for nothing. */
  isKnownShared(channelId: string): boolean {
    return this.#shared.get(channelId)?.shared === true;
  }
}
