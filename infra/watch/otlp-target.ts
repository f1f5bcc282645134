import { z } from 'zod';
import { signedHeaders } from '../aws/calls/signer.ts';
import type { SigningCredentials } from '../aws/calls/signer.ts';
import { secret } from '../environment.ts';

/** Where traces go, by OpenTelemetry's own variables. */
export interface OtlpTarget {
  /** With the path of traces. */
  url: URL;
  headers: Readonly<Record<string, string>>;
}

const EXPECT = {
  endpoint:
    'the address of an OTLP collector over HTTP like http://127.0.0.1:4318 or https://xray.us-east-1.amazonaws.com, or nothing',
  headers: 'headers for the collector like api-key=abc,tenant=launch, percent-encoded, or nothing',
} as const;

/** May hold the key of whoever runs the collector. */
export const OTLP_SECRETS = [secret('OTEL_EXPORTER_OTLP_HEADERS')];

export const OTLP_VARIABLES = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), EXPECT.endpoint)
    .transform((text) => new URL(text))
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .transform((text, context) => {
      const headers = headersIn(text);
      if (headers !== null) return headers;
      context.addIssue({ code: 'custom', message: EXPECT.headers });
      return z.NEVER;
    })
    .optional(),
};

/** Null: nobody has said where to, so there are none. */
export function otlpTarget(found: {
  OTEL_EXPORTER_OTLP_ENDPOINT?: URL | undefined;
  OTEL_EXPORTER_OTLP_HEADERS?: Record<string, string> | undefined;
}): OtlpTarget | null {
  const base = found.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (base === undefined) return null;
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}/v1/traces`;
  return { url, headers: found.OTEL_EXPORTER_OTLP_HEADERS ?? {} };
}

function headersIn(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {};
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [, name, value = ''] = /^\s*([A-Za-z0-9-]+)\s*=(.*)$/.exec(part) ?? [];
    if (name === undefined) return null;
    try {
      headers[name.toLowerCase()] = decodeURIComponent(value.trim());
    } catch {
      return null;
    }
  }
  return headers;
}

/** The region, if AWS X-Ray is what takes them: it wants requests signed (docs/facts.md#xray-otlp). */
const xrayRegion = ({ url }: OtlpTarget): string | null =>
  /^xray\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(url.hostname)?.[1] ?? null;

/** The headers of one POST. `credentials` are asked for where they are needed alone. */
export async function headersFor(
  target: OtlpTarget,
  body: string,
  credentials: () => Promise<SigningCredentials>,
  nowMs: number,
): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json', ...target.headers };
  const region = xrayRegion(target);
  if (region === null) return headers;
  const { host, pathname: path, origin } = target.url;
  const signed = signedHeaders(
    { host, path, origin, region, signingName: 'xray' },
    headers,
    body,
    await credentials(),
    nowMs,
  );
  // `fetch` sets these two itself.
  const { host: _host, Host: _other, 'Content-Length': _length, ...rest } = signed;
  return rest;
}
