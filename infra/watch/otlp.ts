import { createHash, randomBytes } from 'node:crypto';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { WHOLE_SHOT } from './spans.ts';
import type { Span } from './spans.ts';

/**
 * Spans in OTLP's JSON. Bot and workers tell of the same shot and never speak with each other, so ids of traces, and of spans that
 * others lie in, are made from what both know: the launch, the shot, and the span's key.
 */

/** 32 hex digits. */
export const traceId = (launchId: string, shotId: string): string => hex(['trace', launchId, shotId], 32);
/** 16 hex digits. */
export const spanId = (trace: string, key: string): string => hex(['span', trace, key], 16);

const hex = (parts: readonly string[], digits: number): string =>
  createHash('sha256')
    .update(JSON.stringify(['gobutton', ...parts]))
    .digest('hex')
    .slice(0, digits);

/** What they have in common: whose they are, by the field's names (`service.name`, …). */
export type Whose = Readonly<Record<string, string | number>>;

/** The body of one POST to `/v1/traces`. */
export function otlpBody(spans: readonly Span[], whose: Whose): string {
  const resource = resourceFromAttributes({ ...whose });
  const bytes = JsonTraceSerializer.serializeRequest(spans.map((span) => readable(span, resource)));
  return Buffer.from(bytes ?? []).toString();
}

const FLAGS_SAMPLED = 1;
const KIND_INTERNAL = 0;
const STATUS = { unset: 0, error: 2 } as const;

function readable(span: Span, resource: ReadableSpan['resource']): ReadableSpan {
  const trace = traceId(span.launchId, span.shotId);
  const context = (id: string) => ({ traceId: trace, spanId: id, traceFlags: FLAGS_SAMPLED });
  const own = context(span.key === undefined ? randomBytes(8).toString('hex') : spanId(trace, span.key));
  // Two clocks that differ by less than their resolution must not make a span that ends before it begins.
  const endMs = Math.max(span.startMs, span.endMs);
  return {
    name: span.name,
    kind: KIND_INTERNAL,
    spanContext: () => own,
    ...(span.key === WHOLE_SHOT ? {} : { parentSpanContext: context(spanId(trace, span.within ?? WHOLE_SHOT)) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - span.startMs),
    status: span.failed === undefined ? { code: STATUS.unset } : { code: STATUS.error, message: span.failed },
    attributes: { 'gobutton.launch': span.launchId, 'gobutton.shot': span.shotId, ...span.attributes },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'gobutton' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const micros = Math.round(ms * 1_000);
  return [Math.floor(micros / 1_000_000), (micros % 1_000_000) * 1_000];
}
