import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { blankMessage, endOfChain } from '../../infra/aws/channel-message.ts';
import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { RecordStore } from '../../infra/aws/record-store.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { ItemPlace } from '../../runbooks/launch/entries.ts';
import { wellFormed } from '../../runbooks/launch/well-formed.ts';
import type { GivenWords } from '../../runbooks/record/rows.ts';
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

  /**
   * Words that somebody gives by command or form, for an entry to name: an entry can't be changed, and here they can be deleted. `press` is theirs alone,
   * so the same one twice, here or in another instance, has one place. Rejects, and then no entry may follow, when table or bucket don't answer.
   */
  async give(
    launchId: string,
    { press, user, text, atMs, given }: { press: string; user: string; text: string; atMs: number; given: GivenWords },
  ): Promise<ItemPlace> {
    const message = wellFormed({ ...blankMessage(atMs), ts: `given ${press}`, user, text, given });
    return this.#inTurn(launchId, async (chain) => {
      await this.#put(launchId, chain, message);
      const place = chain.given.get(message.ts);
      if (place === undefined) throw new Error(`GIVEN_DELETED ${launchId}: the words of this press were deleted`);
      return place;
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
        learn(chain, { ...message, ...answer.head });
        return;
      }
      await this.#catchUp(launchId, chain);
    }
    throw new Error(`CHANNEL_CONTENDED ${launchId}: lost ${MAX_RACES} races for a message`);
  }

  async #catchUp(launchId: string, chain: Chain): Promise<void> {
    const behind = await this.#record.messagesAfter(launchId, chain.head.seq, { prev: chain.head.hash });
    for (const message of behind) learn(chain, message);
    chain.head = endOfChain(behind, chain.head);
  }

  async #inTurn<T>(launchId: string, work: (chain: Chain) => Promise<T>): Promise<T> {
    const chain = this.#chains.get(launchId) ?? {
      head: { seq: 0, hash: '' },
      heard: new Heard(),
      given: new Map(),
      turn: this.#load(launchId),
    };
    this.#chains.set(launchId, chain);
    const turn = chain.turn.then(() => work(chain));
    // The next one waits for this one's end, not for its success.
    chain.turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
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
  /** Where what was given stands, by its `ts`. */ given: Map<string, ItemPlace>;
  turn: Promise<void>;
}

/** What `give` knows a press by: Slack gives every command and every form a trigger of its own, and the same one when it delivers it again. */
export const pressOf = (slackId: string, triggerId: string): string => sha256(`${slackId} ${triggerId}`).slice(0, 24);

function learn(chain: Chain, message: ChannelMessage & Head): void {
  chain.heard.add(message);
  const { ts, given, seq, hash } = message;
  if (given !== undefined) chain.given.set(ts, { seq, hash });
}
