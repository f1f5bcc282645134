import { createHmac } from 'node:crypto';
import { secretId } from '../state/ids.ts';
import type { Json } from '../state/model.ts';
import { ACK_MS } from './transport.ts';
import type { Outcome, PayloadKind, Retry, Transport } from './transport.ts';

/** The headers that prove a request comes from Slack (docs/facts.md#slack-signature). */
function signatureHeaders(signingSecret: string, body: string, nowS: number): Record<string, string> {
  const signature = createHmac('sha256', signingSecret).update(`v0:${nowS}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': String(nowS), 'x-slack-signature': `v0=${signature}` };
}

/** Posts payloads to the app's request URL, signed, and takes the HTTP answer as the acknowledgement. */
export class HttpMode implements Transport {
  readonly requestUrl: string;
  #signingSecret: () => string;
  #nowMs: () => number;

  constructor(options: { requestUrl: string; signingSecret: () => string; nowMs: () => number }) {
    this.requestUrl = options.requestUrl;
    this.#signingSecret = options.signingSecret;
    this.#nowMs = options.nowMs;
  }

  async deliver(kind: PayloadKind, payload: Json, retry: Retry | null): Promise<Outcome> {
    const isJson = kind === 'events_api';
    const form = kind === 'slash_commands' ? stringFields(payload) : { payload: JSON.stringify(payload) };
    const body = isJson ? JSON.stringify(payload) : new URLSearchParams(form).toString();
    const headers: Record<string, string> = {
      'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      ...signatureHeaders(this.#signingSecret(), body, Math.floor(this.#nowMs() / 1000)),
      ...(retry !== null && { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason }),
    };
    try {
      const response = await fetch(this.requestUrl, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(ACK_MS),
      });
      const text = await response.text();
      const noRetry = response.headers.get('x-slack-no-retry') === '1';
      if (response.status >= 500) return { ok: false, error: 'http_service_error', noRetry };
      if (!response.ok) return { ok: false, error: 'http_client_error', noRetry };
      return { ok: true, body: answerOf(text) };
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError')
        return { ok: false, error: 'operation_timeout' };
      if (error instanceof TypeError) return { ok: false, error: 'dispatch_failed' };
      throw error;
    }
  }

  /** The challenge that Slack sends before it takes a request URL. */
  async verify(): Promise<boolean> {
    const challenge = secretId();
    const outcome = await this.deliver('events_api', { type: 'url_verification', challenge, token: 'local' }, null);
    if (!outcome.ok) return false;
    const body = outcome.body;
    return (
      body === challenge || (typeof body === 'object' && body !== null && (body as Json)['challenge'] === challenge)
    );
  }
}

function stringFields(payload: Json): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
}

/** Apps answer with JSON, with plain text, or with nothing. */
function answerOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
