import { hostname } from 'node:os';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { Logger } from 'pino';
import type { SigningCredentials } from '../aws/calls/signer.ts';
import { waitAtMost } from '../time-limit.ts';
import { headersFor } from './otlp-target.ts';
import type { OtlpTarget } from './otlp-target.ts';
import type { Whose } from './otlp.ts';
import { onSpan } from './spans.ts';
import type { Span } from './spans.ts';

export interface TracingOptions {
  target: OtlpTarget;
  whose: Whose;
  /** Of AWS; asked only if it is AWS that takes the spans. */
  credentials: () => Promise<SigningCredentials>;
  log: Logger;
  nowMs: () => number;
  /** How often what has come is sent. Default 1 s. */
  everyMs?: number;
  /** Of one POST. Default 3 s. */
  timeoutMs?: number;
}

/** Hears spans from now on and hands them on; null: nobody has said where to. */
export function startTracing(
  { tracing: target, ...of }: { tracing: OtlpTarget | null; service: string; version: string | null },
  more: { instance: string; deployment: string; log: Logger; nowMs: () => number },
): Tracing | null {
  if (target === null) return null;
  const { instance, deployment, log, nowMs } = more;
  const whose = {
    'service.name': of.service,
    'service.namespace': 'gobutton',
    'service.instance.id': instance,
    ...(of.version === null ? {} : { 'service.version': of.version }),
    'deployment.environment.name': deployment,
    'host.name': hostname(),
    'process.pid': process.pid,
  };
  log.info({ to: target.url.href }, 'traces of shots go to a collector');
  return new Tracing({ target, whose, credentials: defaultProvider(), log, nowMs });
}

/** A shot of a worker is some dozens; what comes over this is dropped and counted. */
const WAITING_MOST = 4_096;
/** X-Ray takes 10,000 spans and 5 MB (docs/facts.md#xray-otlp). */
const AT_ONCE = 512;
const PAUSE_FIRST_MS = 1_000;
const PAUSE_MOST_MS = 60_000;
const TELL_EVERY_MS = 60_000;
const STOP_WITHIN_MS = 2_000;
/** By OTLP's own rules these may be sent again; anything else was refused for good. */
const AGAIN = new Set([429, 502, 503, 504]);

/**
 * Hands spans on to a collector, beside everything else: they wait in a bounded buffer, one POST at a time has a limit of its own,
 * and what can't be handed on is dropped, counted and told once a minute. Nothing that sends ever waits for it.
 *
 *   hearing → (sending ⇄ pausing) → stopped
 */
export class Tracing {
  readonly #options: TracingOptions;
  readonly #deaf: () => void;
  readonly #timer: NodeJS.Timeout;
  #waiting: Span[] = [];
  #sending: Promise<void> | null = null;
  #pauseMs = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #dropped = 0;
  #why = '';
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TracingOptions) {
    this.#options = options;
    this.#deaf = onSpan((span) => {
      if (this.#waiting.length < WAITING_MOST) this.#waiting.push(span);
      else this.#drop(1, 'the collector is too slow');
    });
    this.#timer = setInterval(() => void this.send(), options.everyMs ?? 1_000).unref();
  }

  /** One round: what waits, in as many requests as it takes. Never rejects. */
  send(): Promise<void> {
    this.#tell(TELL_EVERY_MS);
    if (performance.now() < this.#notBeforeMs) return Promise.resolve();
    return this.#round();
  }

  /** Hears nothing more, tries once more, and gives up in two seconds. */
  async stop(): Promise<void> {
    this.#deaf();
    clearInterval(this.#timer);
    await waitAtMost(
      STOP_WITHIN_MS,
      (this.#sending ?? Promise.resolve()).then(() => this.#round()),
      null,
    );
    this.#drop(this.#waiting.splice(0).length, 'the process ended');
    this.#tell(Number.NEGATIVE_INFINITY);
  }

  #round(): Promise<void> {
    this.#sending ??= this.#sendAll()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#sending = null;
      });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.slice(0, AT_ONCE);
      const answer = await this.#post(spans);
      if (AGAIN.has(answer.status)) return this.#failed(new Error(`the collector answered ${answer.status}`));
      this.#waiting.splice(0, spans.length);
      this.#pauseMs = 0;
      if (this.#dropped === 0) this.#why = '';
      if (answer.ok) this.#drop(answer.rejected, 'the collector took a part of a request only');
      else this.#drop(spans.length, `the collector answered ${answer.status}: ${answer.text.slice(0, 200)}`);
    }
  }

  async #post(spans: readonly Span[]): Promise<{ ok: boolean; status: number; text: string; rejected: number }> {
    const { target, whose, credentials, nowMs, timeoutMs = 3_000 } = this.#options;
    // What makes the body is loaded by whoever traces, and by nobody else.
    const { otlpBody } = await import('./otlp.ts');
    const body = otlpBody(spans, whose);
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(target.url, {
      method: 'POST',
      headers: await headersFor(target, body, credentials, nowMs()),
      body,
      signal,
      // It may hold keys.
      redirect: 'manual',
    });
    const text = await response.text();
    return { ok: response.ok, status: response.status, text, rejected: rejectedIn(text) };
  }

  #failed(error: unknown): void {
    this.#pauseMs = Math.min(PAUSE_MOST_MS, Math.max(PAUSE_FIRST_MS, 2 * this.#pauseMs));
    this.#notBeforeMs = performance.now() + this.#pauseMs;
    this.#why = wordsOf(error);
    this.#options.log.debug({ why: this.#why, waiting: this.#waiting.length }, 'spans could not be sent; they wait');
  }

  #drop(count: number, why: string): void {
    if (count === 0) return;
    this.#dropped += count;
    // That the collector is away says more than that the buffer is full because of it.
    if (this.#why === '') this.#why = why;
  }

  #tell(everyMs: number): void {
    if (this.#dropped === 0 || performance.now() - this.#toldAtMs < everyMs) return;
    this.#options.log.warn({ dropped: this.#dropped, why: this.#why }, 'spans were dropped; the shot is not touched');
    this.#dropped = 0;
    this.#why = '';
    this.#toldAtMs = performance.now();
  }
}

/** A collector may take a request and reject some of its spans. What is no such answer rejects none. */
function rejectedIn(text: string): number {
  try {
    const answer = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: number | string } };
    return Number(answer.partialSuccess?.rejectedSpans ?? 0);
  } catch {
    return 0;
  }
}

/** Of a failed connection its code, which says more than `fetch failed`. */
function wordsOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause as unknown)
    if ('code' in one && typeof one.code === 'string') return one.code;
  return error instanceof Error ? error.message : String(error);
}
