import type { RespondFn } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { ErrorCode } from '@slack/web-api';
import type { Logger } from 'pino';
import { saidLate } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { limitedForMs, slackErrorCode, slackFault } from './slack-fault.ts';

export interface Listener {
  channelId: string;
  slackId: string;
}

interface Untold {
  to: Listener;
  message: Message;
  sinceMs: number;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Answers of a person's presses, while Slack is away for long: the oldest are the least worth. */
const MOST_UNTOLD = 500;

/**
 * Tells a person what became of what they did. Three ways: the answer address, which needs neither a token nor the bot in
 * the channel; an ephemeral post; a direct message. What none of them takes waits for Slack and is told directly then. A
 * way that may have worked, because its answer never came, is not taken again for the same message.
 */
export class Teller {
  readonly #client: WebClient;
  readonly #log: Logger;
  readonly #nowMs: () => number;
  readonly #untold: Untold[] = [];
  #waiting: NodeJS.Timeout | null = null;
  #waitMs = FIRST_WAIT_MS;
  #stopped = false;

  /** `client` must not retry by itself: a post that came through without an answer would be repeated. */
  constructor(options: { client: WebClient; log: Logger; nowMs: () => number }) {
    this.#client = options.client;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  /** How many answers wait for Slack. */
  get untold(): number {
    return this.#untold.length;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    for (const { to } of this.#untold) this.#log.warn(to, 'stopping; a person was never answered');
  }

  /** Never rejects. */
  async tell(respond: RespondFn | undefined, to: Listener, message: Message): Promise<void> {
    const sinceMs = this.#nowMs();
    try {
      if (respond === undefined) throw new Error('SLACK_NO_RESPONSE_URL');
      await respond({
        response_type: 'ephemeral',
        replace_original: false,
        text: message.text,
        blocks: message.blocks,
      });
      return;
    } catch (error) {
      this.#log.debug({ err: error, ...to }, 'no answer address took the answer');
    }
    try {
      await this.#client.chat.postEphemeral({
        channel: to.channelId,
        user: to.slackId,
        text: message.text,
        blocks: message.blocks,
      });
      return;
    } catch (error) {
      this.#log.warn({ err: error, ...to }, 'a person could not be answered in the channel');
      // Slack answers: directly then. Else there is no use in asking again at once.
      if (!mayHaveWorked(error) && (await this.#directly({ to, message, sinceMs }, message)) === 'over') return;
    }
    this.#keep({ to, message, sinceMs });
  }

  #keep(untold: Untold): void {
    if (this.#stopped) return;
    this.#untold.push(untold);
    const dropped = this.#untold.length > MOST_UNTOLD ? this.#untold.shift() : undefined;
    if (dropped !== undefined) this.#log.error(dropped.to, 'too many answers wait for Slack; the oldest is dropped');
    this.#waiting ??= this.#later(this.#waitMs);
  }

  #later(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#round(), ms).unref();
  }

  /** Oldest first, until one has to wait. */
  async #round(): Promise<void> {
    let pauseMs = 0;
    try {
      // Asked first, because this costs nobody a second copy.
      await this.#client.auth.test();
      this.#waitMs = FIRST_WAIT_MS;
      while (!this.#stopped && pauseMs === 0) {
        const [first] = this.#untold;
        if (first === undefined) break;
        const came = await this.#directly(first, saidLate(first.message, first.sinceMs));
        if (came === 'over') this.#untold.splice(this.#untold.indexOf(first), 1);
        else pauseMs = Math.max(came.pauseMs, this.#grown());
      }
    } catch (error) {
      pauseMs = Math.max(limitedForMs(error) ?? 0, this.#grown());
    }
    this.#waiting = this.#stopped || this.#untold.length === 0 ? null : this.#later(pauseMs);
  }

  #grown(): number {
    const now = this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
    return now;
  }

  /** `over`: told, perhaps told, or never to be told. */
  async #directly({ to }: Untold, message: Message): Promise<'over' | { pauseMs: number }> {
    try {
      await this.#client.chat.postMessage({
        channel: to.slackId,
        text: message.text,
        blocks: message.blocks,
        unfurl_links: false,
        unfurl_media: false,
      });
      return 'over';
    } catch (error) {
      const fault = slackFault(error);
      if (mayHaveWorked(error)) {
        this.#log.error(
          { err: error, ...to },
          'a direct message may have come through and may not; it is not sent twice',
        );
        return 'over';
      }
      if (fault === 'passing' || fault === 'room') return { pauseMs: limitedForMs(error) ?? 0 };
      this.#log.error({ err: error, ...to }, 'a person could not be answered at all');
      return 'over';
    }
  }
}

/** No word of Slack's: what was asked for may have been done. A limit and a refusal are words; so is a connection that was never made. */
function mayHaveWorked(error: unknown): boolean {
  if (limitedForMs(error) !== null || slackErrorCode(error) !== null) return false;
  if (!(error instanceof Error) || !('code' in error)) return true;
  if (error.code === ErrorCode.HTTPError && 'statusCode' in error) return Number(error.statusCode) >= 500;
  return !NEVER_SENT.has(codeDeepIn(error) ?? '');
}

const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
]);

/** `fetch failed` has its reason inside. */
function codeDeepIn(error: unknown): string | null {
  let found: string | null = null;
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if ('code' in one && typeof one.code === 'string') found = one.code;
  return found;
}
