import { WebClient } from '@slack/web-api';
import type { WebAPICallResult, WebClientOptions } from '@slack/web-api';
import { isTokenRefused } from './slack-fault.ts';

/** A token as it stands now. */
export interface SlackToken {
  current(): string;
  /** Slack did not take it: it may have been changed where it lives. */
  refused(): void;
}

/** One that nobody changes. */
export const fixedToken = (token: string): SlackToken => ({ current: () => token, refused: () => undefined });

/**
 * A client that takes its token anew for each call, which the package allows as an argument; its own one is set once for ever. What was
 * refused is not called again here: whoever called knows whether it may be said twice.
 */
export class TokenClient extends WebClient {
  readonly #token: SlackToken;

  constructor(token: SlackToken, options: WebClientOptions) {
    super(undefined, options);
    this.#token = token;
  }

  override async apiCall(method: string, options: Record<string, unknown> = {}): Promise<WebAPICallResult> {
    try {
      return await super.apiCall(method, { token: this.#token.current(), ...options });
    } catch (error) {
      if (isTokenRefused(error)) this.#token.refused();
      throw error;
    }
  }
}
