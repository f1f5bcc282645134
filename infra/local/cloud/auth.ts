import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from './aws-error.ts';

/** Where nobody has chosen another. */
export const ACCESS_KEY_ID = 'local';
const USER = 'local';

/** Service and region that a request was signed for. */
export interface Caller { service: string; region: string; arn: string }

/**
 * Checks that there is a SigV4 header with all its parts, a date, and our access key. The signature itself is not
 * computed: the access key is new at each `npm start` and known to its own programs alone, and nothing listens in on loopback.
 */
export function authenticate(headers: IncomingHttpHeaders, ownKeyId: string): Caller {
  const header = headers.authorization;
  if (header === undefined || !header.startsWith('AWS4-HMAC-SHA256 ')) throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token', 403);
  const parts = new Map(header.slice('AWS4-HMAC-SHA256 '.length).split(',').map((part) => {
    const [name = '', ...value] = part.trim().split('=');
    return [name, value.join('=')];
  }));
  for (const name of ['Credential', 'SignedHeaders', 'Signature']) {
    if ((parts.get(name) ?? '') === '') throw new AwsError('IncompleteSignatureException', `Authorization header requires '${name}' parameter.`, 403);
  }
  if (headers['x-amz-date'] === undefined && headers.date === undefined) {
    throw new AwsError('IncompleteSignatureException', "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.", 403);
  }
  const [accessKeyId = '', , region = '', service = '', end] = parts.get('Credential')?.split('/') ?? [];
  if (end !== 'aws4_request') throw new AwsError('IncompleteSignatureException', 'Credential must have exactly 5 slash-delimited elements', 403);
  if (accessKeyId !== ownKeyId) throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', 403);
  return { service, region, arn: `arn:aws:iam::000000000000:user/${USER}` };
}
