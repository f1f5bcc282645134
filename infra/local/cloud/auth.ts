import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './aws-error.ts';

/** Where nobody has chosen another. */
export const ACCESS_KEY_ID = 'local';

/** Service and region that a request was signed for, and by whom. */
export interface Caller {
  service: string;
  region: string;
  accessKeyId: string;
}

/**
 * Checks that there is a SigV4 header with all its parts, a date of about now, and an access key of ours. The signature itself is computed
 * where programs of ours make it (signature.ts), and else not: the access key is new at each `npm start` and known to its own
 * programs alone, and nothing listens in on loopback.
 */
export function authenticate(
  headers: IncomingHttpHeaders,
  isOurs: (accessKeyId: string) => boolean,
  nowMs: number,
): Caller {
  const header = headers.authorization;
  if (header === undefined || !header.startsWith('AWS4-HMAC-SHA256 '))
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token', 403);
  const parts = new Map(
    header
      .slice('AWS4-HMAC-SHA256 '.length)
      .split(',')
      .map((part) => {
        const [name = '', ...value] = part.trim().split('=');
        return [name, value.join('=')];
      }),
  );
  for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
    if ((parts.get(name) ?? '') === '')
      throw new AwsError('IncompleteSignatureException', `Authorization header requires '${name}' parameter.`, 403);
  }
  if (headers['x-amz-date'] === undefined && headers.date === undefined) {
    throw new AwsError(
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
      403,
    );
  }
  const [accessKeyId = '', , region = '', service = '', end] = parts.get('Credential')?.split('/') ?? [];
  if (end !== 'aws4_request')
    throw new AwsError('IncompleteSignatureException', 'Credential must have exactly 5 slash-delimited elements', 403);
  if (!isOurs(accessKeyId))
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', 403);
  checkSigningTime(service, String(headers['x-amz-date'] ?? headers.date), nowMs);
  return { service, region, accessKeyId };
}

/** A signature is good for so long before and after it was made (docs/facts.md#aws-clock). */
const SIGNED_WITHIN_MINUTES = 5;
const S3_SIGNED_WITHIN_MINUTES = 15;

/** As AWS words it: whoever's clock is further off is refused, and learns the server's time from the `Date` of the refusal. */
function checkSigningTime(service: string, text: string, nowMs: number): void {
  const signedAtMs = signingTime(text);
  if (Number.isNaN(signedAtMs))
    throw new AwsError('IncompleteSignatureException', `Date must be in ISO-8601 'basic format'. Got '${text}'.`, 403);
  const minutes = service === 's3' ? S3_SIGNED_WITHIN_MINUTES : SIGNED_WITHIN_MINUTES;
  const withinMs = minutes * 60_000;
  if (Math.abs(nowMs - signedAtMs) <= withinMs) return;
  if (service === 's3')
    throw new AwsError(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      403,
    );
  const say =
    signedAtMs < nowMs
      ? `Signature expired: ${basic(signedAtMs)} is now earlier than ${basic(nowMs - withinMs)} (${basic(nowMs)} - ${minutes} min.)`
      : `Signature not yet current: ${basic(signedAtMs)} is still later than ${basic(nowMs + withinMs)} (${basic(nowMs)} + ${minutes} min.)`;
  throw new AwsError('InvalidSignatureException', say, service === 'dynamodb' ? 400 : 403);
}

/** `20261129T061346Z`, or the text of a `Date` header. */
function signingTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function basic(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}
