import type { Launch } from '../../../runbooks/launch/launch.ts';
import { roomFaultText, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import { roomShutMessage } from '../../views/room-trouble.ts';
import type { RoomTrouble } from '../conductor-port.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/** Whoever mends the channel waits for the bot this long at most. */
const LONGEST_PAUSE_MS = 5_000;

/** What Slack was asked for: some channels take edits of what stands there and no new post. */
export type Asked = 'post' | 'edit';

/**
 * Whether the war room takes what the bot has to show. open → shut when Slack refuses the whole channel; shut → open when
 * it takes something again. While it is shut it is tried ever more rarely, and on-call people have been told directly, once.
 */
export class Room {
  readonly #context: Context;
  readonly #launchId: string;
  #trouble: RoomTrouble | null = null;
  #last: { code: string; endedAtMs: number } | null = null;
  /** What the store has of it. */
  #noted = '';
  #tries = 0;
  #notBeforeMs = 0;

  constructor(context: Context, launchId: string) {
    this.#context = context;
    this.#launchId = launchId;
  }

  get trouble(): RoomTrouble | null {
    return this.#trouble;
  }

  /** The trouble that stood at this time or came later; null: none, so it was something else that kept posts away. */
  troubleSince(ms: number): { code: string } | null {
    return this.#trouble ?? (this.#last !== null && this.#last.endedAtMs >= ms ? this.#last : null);
  }

  /** What an earlier leader knew; to be awaited before anything is shown. */
  async open(): Promise<void> {
    this.#noted = (await fact(this.#context, this.#launchId, FACT.roomTrouble)) ?? '';
    this.#trouble = parsed(this.#noted);
  }

  mayTry(): boolean {
    return this.#trouble === null || this.#context.nowMs() >= this.#notBeforeMs;
  }

  /** Slack took something. */
  async worked(asked: Asked): Promise<void> {
    if (this.#trouble !== null && (asked === 'post' || !this.#trouble.refusesPosts)) {
      this.#context.log.info({ ...this.#trouble }, 'the war room takes posts again');
      this.#last = { code: this.#trouble.code, endedAtMs: this.#context.nowMs() };
      this.#trouble = null;
      this.#tries = 0;
    }
    await this.#note();
  }

  /** A channel that people archive once their launch is closed is put away, not shut: what was still to be said is in the timeline. */
  isPutAway(launch: Launch, error: unknown): boolean {
    return launch.closed && slackErrorCode(error) === 'is_archived';
  }

  /** True if the error is the channel's, not the message's: everything waits then. */
  async failed(launch: Launch, error: unknown, asked: Asked): Promise<boolean> {
    const code = slackErrorCode(error);
    if (code === null || slackFault(error) !== 'room') return false;
    const { nowMs, timings, log } = this.#context;
    this.#notBeforeMs = nowMs() + Math.min(LONGEST_PAUSE_MS, timings.retryMinMs * 2 ** Math.min(this.#tries, 10));
    this.#tries += 1;
    const before = this.#trouble;
    this.#trouble = {
      code,
      sinceMs: before?.sinceMs ?? nowMs(),
      refusesPosts: asked === 'post' || before?.refusesPosts === true,
    };
    if (before?.code !== code) log.error({ ...this.#trouble, err: error }, 'the war room takes no posts; they wait');
    // Told before it is noted: twice, if this process dies in between, rather than never.
    if (before === null) await this.#tellOnCall(launch, code);
    await this.#note();
    return true;
  }

  async #note(): Promise<void> {
    const now = this.#trouble === null ? '' : JSON.stringify(this.#trouble);
    if (now === this.#noted) return;
    await keepFact(this.#context, this.#launchId, FACT.roomTrouble, now);
    this.#noted = now;
  }

  async #tellOnCall(launch: Launch, code: string): Promise<void> {
    const { slack, log } = this.#context;
    const onCall = launch.people
      .filter(({ roles }) => roles.includes('on-call'))
      .flatMap((person) => person.slack.slice(0, 1));
    const message = roomShutMessage(launch, roomFaultText(code));
    await Promise.all(
      onCall.map(async (slackId) => {
        try {
          await slack?.postMessage(slackId, message);
        } catch (error) {
          log.error({ slackId, err: error }, 'on-call could not be told that the war room takes no posts');
        }
      }),
    );
  }
}

/** What the leader has noted of a launch's channel; null: it takes posts. */
export async function roomTrouble(context: Pick<Context, 'cloud'>, launchId: string): Promise<RoomTrouble | null> {
  return parsed(await context.cloud.facts.get(launchId, FACT.roomTrouble));
}

const parsed = (kept: string | null): RoomTrouble | null =>
  kept === null || kept === '' ? null : (JSON.parse(kept) as RoomTrouble);
