import type { App, Logger, Receiver } from '@slack/bolt';
import type { Logger as Log } from 'pino';
import type { SlackToken } from '../slack/slack-token.ts';
import { Connection } from './socket-connection.ts';
import type { SocketOptions } from './socket-connection.ts';

/**
 * Several Socket Mode connections as one receiver: Slack replaces each connection every few hours and gives every
 * payload to any one of them, so that with two there is no gap (docs/facts.md#slack-socket-gap).
 */
export class SocketReceivers implements Receiver {
  readonly #connections: Connection[];

  constructor(
    options: {
      appToken: SlackToken;
      apiUrl: string | null;
      connections: number;
      logger: Logger;
      log: Log;
      nowMs: () => number;
    } & Pick<SocketOptions, 'steadyMs' | 'helloWithinMs'>,
  ) {
    // Slack limits the app, not a connection of it: what one was told holds for all.
    const limit = { untilMs: 0 };
    this.#connections = Array.from(
      { length: options.connections },
      (_, index) => new Connection(index, { ...options, limit }),
    );
  }

  init(app: App): void {
    for (const connection of this.#connections) connection.receiver.init(app);
  }

  /** Resolves when one connection is open; the others follow. Never rejects: an outage of Slack is waited out. */
  async start(): Promise<void> {
    await Promise.race(this.#connections.map((connection) => connection.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.stop()));
  }

  get open(): number {
    return this.#connections.filter((connection) => connection.open).length;
  }

  /** What keeps connections away, each once; for people. */
  get troubles(): string[] {
    return [...new Set(this.#connections.flatMap(({ open, trouble }) => (open || trouble === null ? [] : [trouble])))];
  }
}
