import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { limitedForMs, slackErrorCode } from './slack-fault.ts';

/** What Slack calls us. */
export interface Identity {
  botId: string | null;
  botUserId: string | null;
  name: string | null;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Who the bot is in its workspace, learned beside the work. Nothing waits for it: a press is served by the token alone.
 * unknown → known, once; tried ever more rarely until then, and without end, because a token that is refused may be given its rights back.
 */
export class SlackIdentity {
  readonly #client: WebClient;
  readonly #log: Logger;
  readonly #firstWaitMs: number;
  #known: Identity = { botId: null, botUserId: null, name: null };
  #refusal: string | null = null;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: { client: WebClient; log: Logger; firstWaitMs?: number }) {
    this.#client = options.client;
    this.#log = options.log;
    this.#firstWaitMs = options.firstWaitMs ?? FIRST_WAIT_MS;
  }

  /** All null until Slack has said. */
  get known(): Identity {
    return this.#known;
  }

  /** Slack's word if it refuses the token (`invalid_auth` …); null: it doesn't, or it has not answered. */
  get refusal(): string | null {
    return this.#refusal;
  }

  start(): void {
    void this.#learn(this.#firstWaitMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #learn(waitMs: number): Promise<void> {
    try {
      const { bot_id: botId = null, user_id: botUserId = null, user: name = null } = await this.#client.auth.test();
      this.#known = { botId, botUserId, name };
      this.#refusal = null;
      this.#log.info({ botId, botUserId }, 'Slack has said who the bot is');
    } catch (error) {
      if (this.#stopped) return;
      this.#refusal = slackErrorCode(error);
      const nextMs = Math.max(waitMs, limitedForMs(error) ?? 0);
      const line = { err: error, nextMs };
      if (this.#refusal !== null)
        this.#log.error(
          line,
          "Slack refuses the bot's token: presses count, and nobody can be told. Check SLACK_BOT_TOKEN",
        );
      else this.#log.warn(line, 'Slack does not say who the bot is; presses count all the same');
      this.#timer = setTimeout(() => void this.#learn(Math.min(waitMs * 2, LONGEST_WAIT_MS)), nextMs);
      this.#timer.unref();
    }
  }
}
