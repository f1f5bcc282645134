import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';

/** Everybody's here: the access key is what tells our own programs from others. */
export const SECRET_ACCESS_KEY = 'local';

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

/**
 * Computes the signature (version 4) of a request of a JSON service and refuses one that differs, as AWS does: claims and batch
 * queues are called without the SDK, so what signs them must be tried against somebody who checks. Whoever has come here has passed `authenticate`.
 */
export function checkSignature(
  { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  body: Buffer,
): void {
  const text = headers.authorization ?? '';
  const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(text)?.[1] ?? '';
  const [, ...scope] = part('Credential').split('/');
  const names = part('SignedHeaders').split(';');
  const [service = ''] = scope.slice(2);
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned.length > 0)
    throw refusal(service, `'${unsigned.join("', '")}' must be a 'SignedHeader' in the AWS Authorization.`);
  const [path = '/', query = ''] = (url ?? '/').split('?');
  const request = [
    method,
    path,
    query.split('&').sort().join('&'),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replaceAll(/\s+/g, ' ')}`,
    ),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>(
    (from, one) => createHmac('sha256', from).update(one).digest(),
    `AWS4${SECRET_ACCESS_KEY}`,
  );
  const expected = createHmac('sha256', key).update(toSign).digest();
  const found = Buffer.from(part('Signature'), 'hex');
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) throw refusal(service, MISMATCH);
}

const refusal = (service: string, say: string) =>
  new AwsError('InvalidSignatureException', say, service === 'dynamodb' ? 400 : 403);

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
