import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from '@slack/bolt';
import type { Logger as Log } from 'pino';
import { TimeLimitError, waitAtMost, within } from '../../infra/time-limit.ts';
import { isTokenRefused, limitedForMs, slackErrorCode } from '../slack/slack-fault.ts';
import type { SlackToken } from '../slack/slack-token.ts';

const FIRST_WAIT_MS = 100;
/** While Slack can't be reached: whoever waits for its return waits this long at most. */
const LONGEST_WAIT_MS = 5_000;
/**
 * While Slack answers and sends us away: opening connections was Tier 1, once a minute
 * (docs/facts.md#slack-connections-open).
 */
const LONGEST_REFUSED_WAIT_MS = 60_000;
/** A connection that lived this long was a good one: the next is opened at once. */
const STEADY_MS = 10_000;
const OPEN_TIMEOUT_MS = 5_000;
/** From the first call to the `hello`. */
const HELLO_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 1_500;

/** Why Slack sends a connection away, and what mends it; other reasons are its everyday replacements. */
const SENT_AWAY: Record<string, string> = {
  link_disabled:
    'link_disabled: Socket Mode is switched off for the app. Switch it on at api.slack.com/apps under Socket Mode, or run the bot with SLACK_MODE=http',
  too_many_websockets:
    'too_many_websockets: the app has its ten connections already. Stop another instance, or lower SLACK_CONNECTIONS',
};

export interface SocketOptions {
  appToken: SlackToken;
  apiUrl: string | null;
  logger: Logger;
  log: Log;
  nowMs: () => number;
  /** Until when Slack lets nobody of the app open a connection. */
  limit: { untilMs: number };
  /** Default 10 s. */
  steadyMs?: number;
  /** Default 15 s. */
  helloWithinMs?: number;
}

/**
 * One Socket Mode connection that is kept open. The package's own reconnection is off. It waits 5 s and longer before it
 * tries, and a try that fails for the network's sake is a promise nobody holds, which would end the process with Slack's
 * outage (socket-mode 3.1.0, `delayReconnectAttempt`). Ours: connecting → open → waiting → connecting …, until `stop`.
 * The wait doubles until a connection has lived for a while: Slack greets with a `hello` also whom it sends away at once.
 */
export class Connection {
  readonly receiver: SocketModeReceiver;
  open = false;
  /** What keeps it from being open; null: nothing that we know of. */
  trouble: string | null = null;
  readonly #options: SocketOptions;
  readonly #log: Log;
  #stopped = false;
  #running: Promise<void> | null = null;
  #wake: () => void = () => undefined;
  #closed: () => void = () => undefined;
  /** Slack's reason for the present connection's end. */
  #reason: string | null = null;

  constructor(index: number, options: SocketOptions) {
    this.#options = options;
    this.#log = options.log.child({ socket: index });
    this.receiver = new SocketModeReceiver({
      appToken: options.appToken.current(),
      logger: options.logger,
      autoReconnectEnabled: false,
      installerOptions: {
        clientOptions: {
          ...(options.apiUrl === null ? {} : { slackApiUrl: options.apiUrl }),
          // Else the package waits a 429 out without a word, and `stop` with it.
          timeout: OPEN_TIMEOUT_MS,
          retryConfig: { retries: 0 },
          rejectRateLimitedCalls: true,
          // The package sets the token once for ever; its one call here opens a connection.
          fetch: (url, init) => fetch(url, { ...init, headers: withToken(init?.headers, options.appToken.current()) }),
        },
      },
      customPropertiesExtractor: () => ({ receivedAtMs: options.nowMs() }),
    });
    this.receiver.client.on('disconnected', () => this.#closed());
    this.receiver.client.on('ws_message', (data: unknown) => {
      this.#reason = reasonOf(data) ?? this.#reason;
    });
  }

  /** Resolves at the first `hello`. */
  start(): Promise<void> {
    return new Promise((opened) => {
      this.#running = this.#keepOpen(opened);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    const closed = this.open ? Promise.resolve(this.receiver.client.disconnect()) : Promise.resolve();
    await waitAtMost(STOP_WITHIN_MS, Promise.all([closed, this.#running]), null);
  }

  async #keepOpen(opened: () => void): Promise<void> {
    const { nowMs, limit, steadyMs = STEADY_MS } = this.#options;
    let waitMs = FIRST_WAIT_MS;
    while (!this.#stopped) {
      await this.#sleep(limit.untilMs - nowMs());
      if (this.#stopped) return;
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      this.#closed = resolve;
      this.#reason = null;
      let isRefused = false;
      try {
        await this.#connect();
        if (this.#stopped) return void this.receiver.client.disconnect();
        const openedAtMs = performance.now();
        this.open = true;
        opened();
        this.#log.info('connected to Slack');
        await closed;
        const livedMs = performance.now() - openedAtMs;
        if (livedMs >= steadyMs) waitMs = FIRST_WAIT_MS;
        isRefused = livedMs < steadyMs;
        this.#ended(livedMs, waitMs);
      } catch (error) {
        isRefused = this.#failed(error, waitMs);
      }
      this.open = false;
      if (this.#stopped) return;
      await this.#sleep(waitMs);
      waitMs = Math.min(waitMs * 2, isRefused ? LONGEST_REFUSED_WAIT_MS : LONGEST_WAIT_MS);
    }
  }

  /** Until `hello`. Whoever accepts a socket and then says nothing is left. */
  async #connect(): Promise<void> {
    const limitMs = this.#options.helloWithinMs ?? HELLO_WITHIN_MS;
    try {
      await within({ limitMs, what: 'a socket was opened, and Slack said nothing', code: 'SLACK_NO_HELLO' }, () =>
        this.receiver.start(),
      );
    } catch (error) {
      if (error instanceof TimeLimitError) void this.receiver.client.disconnect();
      // The package rejects with nothing when a socket closes before its `hello`.
      throw error ?? new Error(`SLACK_CLOSED_EARLY: ${this.#reason ?? 'no reason given'}`);
    }
  }

  #ended(livedMs: number, waitMs: number): void {
    this.trouble = this.#reason === null ? null : (SENT_AWAY[this.#reason] ?? null);
    const line = { reason: this.#reason, livedMs: Math.round(livedMs), waitMs };
    if (this.trouble === null) this.#log.info(line, 'Slack closed the connection');
    else this.#log.error(line, `Slack sends the bot away: ${this.trouble}`);
  }

  /** True if Slack answered, and said no. */
  #failed(error: unknown, waitMs: number): boolean {
    const { nowMs, limit } = this.#options;
    const limitedMs = limitedForMs(error);
    const code = slackErrorCode(error);
    if (isTokenRefused(error)) this.#options.appToken.refused();
    if (limitedMs !== null) {
      limit.untilMs = Math.max(limit.untilMs, nowMs() + limitedMs);
      const until = new Date(limit.untilMs).toISOString();
      this.trouble = `ratelimited: Slack lets the app open no connection until ${until}`;
      this.#log.warn(
        { until, limitedMs },
        'Slack limits how often a connection may be opened; the next try is at its end',
      );
    } else {
      this.trouble =
        code === null
          ? null
          : `${code}: Slack refuses to open a connection. Check SLACK_APP_TOKEN and that Socket Mode is on`;
      this.#log.warn({ err: error, waitMs }, 'could not connect to Slack');
    }
    return code !== null;
  }

  #sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function withToken(given: ConstructorParameters<typeof Headers>[0], token: string): Headers {
  const headers = new Headers(given);
  headers.set('authorization', `Bearer ${token}`);
  return headers;
}

/** Of a `disconnect` message; null for all others. */
function reasonOf(data: unknown): string | null {
  if (typeof data !== 'string' || !data.includes('"disconnect"')) return null;
  try {
    const message = JSON.parse(data) as { type?: unknown; reason?: unknown };
    return message.type === 'disconnect' && typeof message.reason === 'string' ? message.reason : null;
  } catch {
    return null;
  }
}
