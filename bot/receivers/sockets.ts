import { SocketModeReceiver, type App, type Logger, type Receiver } from '@slack/bolt';
import type { Logger as Log } from 'pino';

/**
 * Several Socket Mode connections as one receiver: Slack replaces each connection every few hours and gives every
 * payload to any one of them, so that with two there is no gap (FACTS 0.12).
 *
 * The package's own reconnection is off. It waits 5 s and longer before it tries, and a try that fails for the
 * network's sake is a promise nobody holds, which would end the process with Slack's outage (socket-mode 3.1.0,
 * `delayReconnectAttempt`). Ours per connection: connecting → open → waiting → connecting …, until `stop`.
 */
export class SocketReceivers implements Receiver {
  readonly #connections: Connection[];

  constructor(options: { appToken: string; apiUrl: string | null; connections: number; logger: Logger; log: Log; nowMs: () => number }) {
    this.#connections = Array.from({ length: options.connections }, (_, index) => new Connection(index, options));
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
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
const STOP_WITHIN_MS = 1_500;

class Connection {
  readonly receiver: SocketModeReceiver;
  open = false;
  readonly #log: Log;
  #stopped = false;
  #running: Promise<void> | null = null;
  #wake: () => void = () => undefined;

  constructor(index: number, options: { appToken: string; apiUrl: string | null; logger: Logger; log: Log; nowMs: () => number }) {
    this.#log = options.log.child({ socket: index });
    this.receiver = new SocketModeReceiver({
      appToken: options.appToken,
      logger: options.logger,
      autoReconnectEnabled: false,
      installerOptions: {
        clientOptions: { ...(options.apiUrl === null ? {} : { slackApiUrl: options.apiUrl }), timeout: 5_000, retryConfig: { retries: 0 } },
      },
      customPropertiesExtractor: () => ({ receivedAtMs: options.nowMs() }),
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
    const late = AbortSignal.timeout(STOP_WITHIN_MS);
    const closed = this.open ? Promise.resolve(this.receiver.client.disconnect()) : Promise.resolve();
    await Promise.race([Promise.all([closed, this.#running]), new Promise<void>((resolve) => late.addEventListener('abort', () => resolve()))]);
  }

  async #keepOpen(opened: () => void): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.#stopped) {
      const closed = new Promise<void>((resolve) => this.receiver.client.once('disconnected', () => resolve()));
      try {
        await this.receiver.start();
        this.open = true;
        opened();
        this.#log.info('connected to Slack');
        waitMs = FIRST_WAIT_MS;
        await closed;
        this.#log.info('Slack closed the connection');
      } catch (error) {
        this.#log.warn({ err: error, waitMs }, 'could not connect to Slack');
      }
      this.open = false;
      if (this.#stopped) return;
      await this.#sleep(waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
