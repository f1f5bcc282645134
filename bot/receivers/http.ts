import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HTTPReceiver } from '@slack/bolt';
import type { App, Logger, Receiver } from '@slack/bolt';
import type { Logger as Log } from 'pino';
import type { SlackToken } from '../slack/slack-token.ts';
import { SignedRequestGuard } from './signed-request-guard.ts';
import type { SignedHeaders } from './signed-request-guard.ts';

export const EVENTS_PATH = '/slack/events';

/** Slack's payloads are some KB; a modal with everything in it stays under 200 KB. */
const BODY_LIMIT_BYTES = 1_048_576;

interface HttpOptions {
  signingSecret: SlackToken;
  logger: Logger;
  log: Log;
  nowMs: () => number;
}

/**
 * Bolt's HTTPReceiver behind our guard, without its server: `onRequest` is mounted beside `/health`. Every event
 * carries `receivedAtMs`, the arrival of its first byte at us.
 */
export class HttpSlackReceiver implements Receiver {
  readonly #options: HttpOptions;
  #app: App | null = null;
  /** Bolt's one keeps the signing secret that it was made with. */
  #inner: { secret: string; receiver: HTTPReceiver } | null = null;
  readonly #guard = new SignedRequestGuard();
  readonly #receivedAtMs = new WeakMap<IncomingMessage, number>();
  readonly #log: Log;
  readonly #nowMs: () => number;
  #open = false;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
  }

  init(app: App): void {
    this.#app = app;
  }

  /** By the signing secret as it stands. What an older one has begun goes on by that. */
  #receiver(): HTTPReceiver {
    const secret = this.#options.signingSecret.current();
    if (this.#inner?.secret === secret) return this.#inner.receiver;
    const receiver = new HTTPReceiver({
      signingSecret: secret,
      endpoints: [EVENTS_PATH],
      logger: this.#options.logger,
      bodyLimit: BODY_LIMIT_BYTES,
      // Runs once the signature is verified, before the event is handled.
      customPropertiesExtractor: (request) => {
        this.#guard.used(signedHeaders(request));
        return { receivedAtMs: this.#receivedAtMs.get(request) ?? this.#nowMs() };
      },
    });
    if (this.#app !== null) receiver.init(this.#app);
    this.#inner = { secret, receiver };
    return receiver;
  }

  async start(): Promise<void> {
    this.#open = true;
  }

  async stop(): Promise<void> {
    this.#open = false;
  }

  /** For requests to `EVENTS_PATH`. 401: signature, date or replay; 413: larger than any payload of Slack; 503: not started or stopping, Slack tries again. */
  readonly onRequest: RequestListener = (request, response) => {
    if (!this.#open) return end(response, 503);
    // Refused before it is read: Bolt's own 413 leaves the rest of it on the connection
    // (docs/facts.md#bolt-large-body).
    if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) return end(response, 413);
    const headers = signedHeaders(request);
    const nowMs = this.#nowMs();
    const verdict = this.#guard.begin(headers, nowMs);
    if (verdict !== 'pass' && !(verdict === 'malformed' && headers.signature === undefined)) {
      this.#log.warn({ verdict }, 'refused a signed request');
      return end(response, 401);
    }
    this.#receivedAtMs.set(request, nowMs);
    response.once('close', () => {
      this.#guard.finished(headers);
      // Signed, in time, and not with our secret: it may have been changed where it lives.
      if (verdict === 'pass' && response.statusCode === 401) this.#options.signingSecret.refused();
    });
    try {
      this.#receiver().requestListener(request, response);
    } catch (error) {
      // Bolt throws for methods other than POST.
      this.#log.debug({ err: error }, 'not a request for the app');
      end(response, 404);
    }
  };
}

function signedHeaders(request: IncomingMessage): SignedHeaders {
  const one = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return { timestamp: one('x-slack-request-timestamp'), signature: one('x-slack-signature') };
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0, connection: 'close' });
  response.end();
}
