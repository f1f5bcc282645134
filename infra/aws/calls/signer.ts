import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import aws4 from 'aws4';
import type { Endpoint } from './endpoint.ts';

export interface SigningCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** The headers of a POST with its signature, version 4, as of `nowMs`. `headers` are all signed; `host` and `x-amz-date` are added. */
export function signedHeaders(
  { host, path, region, signingName }: Endpoint,
  headers: Record<string, string>,
  body: string,
  credentials: SigningCredentials,
  nowMs: number,
): Record<string, string> {
  const request = {
    method: 'POST',
    host,
    path,
    region,
    service: signingName,
    body,
    headers: { host, 'x-amz-date': basicDate(nowMs), ...headers },
  };
  return new Signer(request, credentials).sign().headers as Record<string, string>;
}

/**
 * aws4 with its signing key made once for all requests of a day. It keeps the key as bytes, and to make a key object of them
 * for every signature costs as much as all the rest of it (11 of 20 us).
 */
class Signer extends aws4.RequestSigner {
  override signature(): string {
    return createHmac(
      'sha256',
      signingKey(this.credentials.secretAccessKey ?? '', this.getDate(), this.region, this.service),
    )
      .update(this.stringToSign())
      .digest('hex');
  }
}

let last: { secret: string; keys: Map<string, KeyObject> } = { secret: '', keys: new Map() };

/** Of the present secret alone, and there are two services and one region: more than a few keys are those of days gone by. */
const KEYS_KEPT = 8;

function signingKey(secret: string, date: string, region: string, service: string): KeyObject {
  if (last.secret !== secret || last.keys.size > KEYS_KEPT) last = { secret, keys: new Map() };
  const name = `${date}/${region}/${service}`;
  const known = last.keys.get(name);
  if (known !== undefined) return known;
  const bytes = [date, region, service, 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secret}`,
  );
  const key = createSecretKey(bytes as Buffer);
  last.keys.set(name, key);
  return key;
}

let second = Number.NaN;
let text = '';

/** `20261129T061346Z` */
function basicDate(ms: number): string {
  const now = Math.floor(ms / 1_000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1_000).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  }
  return text;
}
