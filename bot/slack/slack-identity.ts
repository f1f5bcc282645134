import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import { limitedForMs, slackErrorCode } from './slack-fault.ts';

/** What Slack calls us. */
export interface Identity {
  botId: string | null;
  botUserId: string | null;
  name: string | null;
  teamId: string | null;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * Who the bot is in its workspace, learned beside the work. Nothing waits for it: a press is served by the token alone.
 * unknown → known, and asked anew when the token has changed; tried ever more rarely until then, and without end, because a token that
 * is refused may be given its rights back.
 */
export class SlackIdentity {
  readonly #client: WebClient;
  readonly #log: Logger;
  readonly #firstWaitMs: number;
  #known: Identity = { botId: null, botUserId: null, name: null, teamId: null };
  #refusal: string | null = null;
  #stopped = false;
  /** An answer under a token that was changed meanwhile says nothing. */
  #round = 0;
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

  /** Again after each change of the token: what is known stays until Slack has answered. */
  start(): void {
    this.#round += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    void this.#learn(this.#firstWaitMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #learn(waitMs: number): Promise<void> {
    const round = this.#round;
    try {
      const answer = await this.#client.auth.test();
      if (round !== this.#round) return;
      const { bot_id: botId = null, user_id: botUserId = null, user: name = null, team_id: teamId = null } = answer;
      this.#known = { botId, botUserId, name, teamId };
      this.#refusal = null;
      this.#log.info({ botId, botUserId }, 'Slack has said who the bot is');
    } catch (error) {
      if (this.#stopped || round !== this.#round) return;
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
