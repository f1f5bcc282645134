import type { Launch } from '../../runbooks/launch/launch.ts';
import { roomShutMessage } from '../views/room-trouble.ts';
import { type Context, FACT, keepFact } from './context.ts';
import { roomFaultText, slackErrorCode, slackFault } from './slack-fault.ts';

/** Whoever mends the channel waits for the bot this long at most. */
const LONGEST_PAUSE_MS = 5_000;

/** Slack's word for what is wrong with the channel, and since when. */
export interface RoomTrouble { code: string; sinceMs: number }

/**
 * Whether the war room takes what the bot has to show. open → shut when Slack refuses the whole channel; shut → open when
 * it takes something again. While it is shut it is tried ever more rarely, and on-call people have been told directly, once.
 */
export class Room {
  readonly #context: Context;
  readonly #launchId: string;
  #trouble: RoomTrouble | null = null;
  #last: RoomTrouble | null = null;
  #tries = 0;
  #notBeforeMs = 0;

  constructor(context: Context, launchId: string) {
    this.#context = context;
    this.#launchId = launchId;
  }

  get trouble(): RoomTrouble | null {
    return this.#trouble;
  }

  /** The trouble that has ended last, for the summary of what the room missed. */
  get lastTrouble(): RoomTrouble | null {
    return this.#trouble ?? this.#last;
  }

  /** What an earlier leader knew; to be awaited before anything is shown. */
  async open(): Promise<void> {
    this.#trouble = await roomTrouble(this.#context, this.#launchId);
  }

  mayTry(): boolean {
    return this.#trouble === null || this.#context.nowMs() >= this.#notBeforeMs;
  }

  /** Slack took something. */
  async worked(): Promise<void> {
    if (this.#trouble === null) return;
    this.#context.log.info({ ...this.#trouble }, 'the war room takes posts again');
    this.#last = this.#trouble;
    this.#trouble = null;
    this.#tries = 0;
    await keepFact(this.#context, this.#launchId, FACT.roomTrouble, '');
  }

  /** True if the error is the channel's, not the message's: everything waits then. */
  async failed(launch: Launch, error: unknown): Promise<boolean> {
    const code = slackErrorCode(error);
    if (code === null || slackFault(error) !== 'room') return false;
    const { nowMs, timings, log } = this.#context;
    this.#notBeforeMs = nowMs() + Math.min(LONGEST_PAUSE_MS, timings.retryMinMs * 2 ** Math.min(this.#tries, 10));
    this.#tries += 1;
    if (this.#trouble?.code === code) return true;
    const isNew = this.#trouble === null;
    this.#trouble = { code, sinceMs: this.#trouble?.sinceMs ?? nowMs() };
    log.error({ ...this.#trouble, err: error }, 'the war room takes no posts; they wait');
    await keepFact(this.#context, this.#launchId, FACT.roomTrouble, JSON.stringify(this.#trouble));
    if (isNew) await this.#tellOnCall(launch, code);
    return true;
  }

  async #tellOnCall(launch: Launch, code: string): Promise<void> {
    const { slack, log } = this.#context;
    const onCall = launch.people.filter(({ roles }) => roles.includes('on-call')).flatMap((person) => person.slack.slice(0, 1));
    const message = roomShutMessage(launch, roomFaultText(code));
    await Promise.all(onCall.map(async (slackId) => {
      try {
        await slack?.postMessage(slackId, message);
      } catch (error) {
        log.error({ slackId, err: error }, 'on-call could not be told that the war room takes no posts');
      }
    }));
  }
}

/** What the leader has noted of a launch's channel; null: it takes posts. */
export async function roomTrouble(context: Pick<Context, 'cloud'>, launchId: string): Promise<RoomTrouble | null> {
  const kept = await context.cloud.live.effectResult(launchId, FACT.roomTrouble);
  return kept === null || kept === '' ? null : (JSON.parse(kept) as RoomTrouble);
}
