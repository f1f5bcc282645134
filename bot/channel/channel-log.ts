import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { endOfChain } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { Heard } from '../slack/heard.ts';

/** Lost races are lost to messages that other instances really added. */
const MAX_RACES = 10;

/**
 * What people write in the war room, as a chain of its own beside the record: chatter never contends with decisions.
 * The conductor ties the chain's head to the record now and then (checkpoints).
 * Messages of one launch are appended one after the other here; other instances race by the conditional write.
 */
export class ChannelLog {
  readonly #record: RecordStore;
  readonly #client: WebClient;
  readonly #log: Logger;
  readonly #chains = new Map<string, Chain>();

  constructor(options: { record: RecordStore; client: WebClient; log: Logger }) {
    this.#record = options.record;
    this.#client = options.client;
    this.#log = options.log;
  }

  /** Appends once, however often Slack delivers it. `channelId` null: not a message of the channel, so nothing to link to. */
  async append(launchId: string, channelId: string | null, message: Omit<ChannelMessage, 'permalink'>): Promise<void> {
    // Asked for at once, but the turn is taken first: the chain keeps the order of the channel.
    const link =
      message.deleted || channelId === null
        ? Promise.resolve(null)
        : this.#permalink(channelId, message.mark?.of ?? message.file?.of ?? message.edits ?? message.ts);
    await this.#inTurn(launchId, async (chain) => {
      await this.#put(launchId, chain, { ...message, permalink: await link });
    });
  }

  /** What was heard is read again from the table, where somebody may have had their hands; what is on its way is taken as lost to another instance. */
  reload(launchId: string): void {
    this.#chains.delete(launchId);
  }

  async #put(launchId: string, chain: Chain, message: ChannelMessage): Promise<void> {
    for (let race = 0; race < MAX_RACES; race += 1) {
      if (chain.heard.has(message)) return;
      const answer = await this.#record.appendMessage(launchId, chain.head, message);
      if (answer.won) {
        chain.head = answer.head;
        chain.heard.add(message);
        return;
      }
      await this.#catchUp(launchId, chain);
    }
    throw new Error(`CHANNEL_CONTENDED ${launchId}: lost ${MAX_RACES} races for a message`);
  }

  async #catchUp(launchId: string, chain: Chain): Promise<void> {
    const behind = await this.#record.messagesAfter(launchId, chain.head.seq);
    for (const message of behind) chain.heard.add(message);
    chain.head = endOfChain(behind, chain.head);
  }

  async #inTurn(launchId: string, work: (chain: Chain) => Promise<void>): Promise<void> {
    const chain = this.#chains.get(launchId) ?? {
      head: { seq: 0, hash: '' },
      heard: new Heard(),
      turn: this.#load(launchId),
    };
    this.#chains.set(launchId, chain);
    const turn = chain.turn.then(() => work(chain));
    // The next one waits for this one's end, not for its success.
    chain.turn = turn.catch(() => undefined);
    await turn;
  }

  /** The chain's past, once: for its head, and to know repeated deliveries after a restart. */
  async #load(launchId: string): Promise<void> {
    await Promise.resolve();
    const chain = this.#chains.get(launchId);
    if (chain === undefined) return;
    try {
      await this.#catchUp(launchId, chain);
    } catch (error) {
      this.#chains.delete(launchId);
      throw error;
    }
  }

  /** Null if Slack doesn't say; a message without a link is worth more than none. */
  async #permalink(channelId: string, ts: string): Promise<string | null> {
    try {
      const { permalink } = await this.#client.chat.getPermalink({ channel: channelId, message_ts: ts });
      return permalink ?? null;
    } catch (error) {
      this.#log.debug({ err: error, channelId }, 'no permalink');
      return null;
    }
  }
}

interface Chain {
  head: Head;
  heard: Heard;
  turn: Promise<void>;
}
