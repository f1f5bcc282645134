import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { listen } from '../http-server.ts';
import { foreignRequest } from './loopback.ts';
import { waterfall } from './waterfall.ts';
import type { ShownSpan } from './waterfall.ts';

export interface OtlpReceiver {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` is set to. A person who opens it sees the shots, each with its waterfall. */
  url: string;
  /** The spans of a shot that have come, by its id. */
  spansOf(shotId: string): readonly ShownSpan[];
  close(): Promise<void>;
}

const BODY_BYTES = 5 * 1_048_576;
const SHOTS_KEPT = 50;
const SPANS_KEPT = 5_000;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const nanos = z.union([z.string().regex(/^\d{1,20}$/), z.number()]).transform((value) => Number(value) / 1e6);
const value = z
  .strictObject({
    stringValue: z.string().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.number().optional(),
    boolValue: z.boolean().optional(),
  })
  .transform((one) => String(one.stringValue ?? one.intValue ?? one.doubleValue ?? one.boolValue ?? ''));
const attributes = z
  .array(z.strictObject({ key: z.string(), value }))
  .transform((list) => Object.fromEntries(list.map((one) => [one.key, one.value])));
const span = z.looseObject({
  traceId: hex(32),
  spanId: hex(16),
  parentSpanId: hex(16).optional(),
  name: z.string().min(1),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes: attributes.default({}),
  status: z.looseObject({ message: z.string().optional() }).default({}),
});
const request = z.looseObject({
  resourceSpans: z.array(
    z.looseObject({
      resource: z.looseObject({ attributes: attributes.default({}) }),
      scopeSpans: z.array(z.looseObject({ spans: z.array(span) })),
    }),
  ),
});

/** A small collector on loopback: OTLP over HTTP in JSON, kept in memory, shown as text. What is no such request is refused whole. */
export async function startOtlpReceiver(port: number): Promise<OtlpReceiver> {
  const shots = new Map<string, { traceId: string; name: string; spans: ShownSpan[] }>();

  function take(text: string): void {
    for (const { resource, scopeSpans } of request.parse(JSON.parse(text)).resourceSpans)
      for (const one of scopeSpans.flatMap(({ spans }) => spans)) {
        const { 'gobutton.launch': launch = '', 'gobutton.shot': shot = '', ...rest } = one.attributes;
        const known = shots.get(one.traceId) ?? { traceId: one.traceId, name: `${launch} ${shot}`, spans: [] };
        shots.set(one.traceId, known);
        for (const old of [...shots.keys()].slice(0, Math.max(0, shots.size - SHOTS_KEPT))) shots.delete(old);
        if (known.spans.length >= SPANS_KEPT) continue;
        known.spans.push({
          id: one.spanId,
          parent: one.parentSpanId ?? null,
          name: one.name,
          who: `${resource.attributes['service.name'] ?? '?'} ${resource.attributes['process.pid'] ?? ''}`.trim(),
          startMs: one.startTimeUnixNano,
          endMs: one.endTimeUnixNano,
          attributes: rest,
          failed: one.status.message ?? null,
        });
      }
  }

  function page(path: string): string | null {
    const named = [...shots.values()];
    if (path === '/')
      return named.length === 0
        ? 'No shot yet. Its trace comes a second after its close.\n'
        : named.map(({ traceId, name, spans }) => `${name}: ${spans.length} spans, /${traceId}\n`).join('');
    const found = shots.get(path.slice(1));
    return found === undefined ? null : `${found.name}\n\n${waterfall(found.spans)}`;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const end = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    if (foreignRequest(request, server.port) !== null) return void end(403, 'text/plain', 'not from here\n');
    if (request.method === 'POST' && request.url === '/v1/traces') {
      try {
        take(await bodyOf(request));
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return void end(400, 'application/json', JSON.stringify({ code: 3, message: why.slice(0, 500) }));
      }
      return void end(200, 'application/json', '{}');
    }
    const text = request.method === 'GET' ? page(request.url ?? '/') : null;
    end(text === null ? 404 : 200, 'text/plain; charset=utf-8', text ?? 'no such trace\n');
  }

  const server = await listen('127.0.0.1', port, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    spansOf: (shotId) => [...shots.values()].find(({ name }) => name.endsWith(` ${shotId}`))?.spans ?? [],
    close: () => server.close(),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES) throw new Error('a request of more than 5 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
