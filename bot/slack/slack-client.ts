import { LogLevel } from '@slack/bolt';
import type { Logger } from '@slack/bolt';
import type { WebClient, WebClientOptions } from '@slack/web-api';
import type { Logger as Log } from 'pino';
import { TokenClient } from './slack-token.ts';
import type { SlackToken } from './slack-token.ts';

/** One call to Slack, and one answer to a `response_url`. People wait for it; what is not there by then comes too late. */
const CALL_TIMEOUT_MS = 5_000;

/**
 * The package's defaults are ten retries over half an hour without a time-out (docs/facts.md#slack-client-retries), and
 * a full stop of the client on any 429 (docs/facts.md#slack-client-429).
 */
export function clientOptions(apiUrl: string | null, logger: Logger): WebClientOptions {
  return {
    ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
    timeout: CALL_TIMEOUT_MS,
    retryConfig: { retries: 2, minTimeout: 200, maxTimeout: 1_000, factor: 2 },
    rejectRateLimitedCalls: true,
    logger,
    // Bolt's `respond` uses this one too and sets no time-out of its own.
    fetch: (url, init) =>
      fetch(url, {
        ...init,
        signal: AbortSignal.any([AbortSignal.timeout(CALL_TIMEOUT_MS), ...(init?.signal ? [init.signal] : [])]),
      }),
  };
}

export function createClient(token: SlackToken, apiUrl: string | null, logger: Logger): WebClient {
  return new TokenClient(token, clientOptions(apiUrl, logger));
}

/** For what must not be said twice: nothing is tried again behind our back. */
export function createOnceClient(token: SlackToken, apiUrl: string | null, logger: Logger): WebClient {
  return new TokenClient(token, { ...clientOptions(apiUrl, logger), retryConfig: { retries: 0 } });
}

/** The packages log to the console by themselves; through this their warnings and errors are lines of ours. */
export function slackLogger(log: Log): Logger {
  const child = log.child({ part: 'slack' });
  const words = (lines: readonly unknown[]) =>
    lines.map((line) => (line instanceof Error ? line.message : String(line))).join(' ');
  return {
    debug: () => undefined,
    info: (...lines: unknown[]) => child.debug(words(lines)),
    warn: (...lines: unknown[]) => child.warn(words(lines)),
    error: (...lines: unknown[]) => child.error(words(lines)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
