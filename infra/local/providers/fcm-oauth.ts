import { createHmac, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { jsonOf } from './apns-token.ts';
import { jsonReply } from './reply.ts';
import type { Reply } from './reply.ts';

const tokenSeconds = 3600;
/** Google refuses assertions that last longer (docs/facts.md#fcm-oauth). */
const longestAssertionSeconds = 3600;
const clockSeconds = 300;
const googleTokenUrls = [
  'https://oauth2.googleapis.com/token',
  'https://www.googleapis.com/oauth2/v4/token',
  'https://accounts.google.com/o/oauth2/token',
];
const scopes = ['https://www.googleapis.com/auth/firebase.messaging', 'https://www.googleapis.com/auth/cloud-platform'];
const mostKept = 10_000;

export type AccessVerdict = 'good' | 'missing' | 'invalid' | 'expired';

/**
 * The token endpoint (RFC 7523) and the judge of what it issued. Tokens are signed with `secret` and not
 * stored, so that they outlive a restart, as Google's would.
 */
export class FcmOauth {
  readonly #key: KeyObject;
  readonly #issuer: string;
  readonly #secret: Buffer;
  readonly #ownUrl: () => string;
  /** Header → expires at, ms; null: never issued. */
  readonly #known = new Map<string, number | null>();

  constructor({
    publicKeyPem,
    clientEmail,
    secret,
    ownUrl,
  }: {
    publicKeyPem: string;
    clientEmail: string;
    secret: Buffer;
    ownUrl: () => string;
  }) {
    this.#key = createPublicKey(publicKeyPem);
    this.#issuer = clientEmail;
    this.#secret = secret;
    this.#ownUrl = ownUrl;
  }

  /** Answers a POST to the token endpoint. */
  grant(body: string, nowMs: number): Reply {
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      return oauthError('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type') ?? ''}`);
    }
    const problem = this.#assertionProblem(form.get('assertion') ?? '', nowMs);
    if (problem !== null) return oauthError('invalid_grant', problem);
    return jsonReply(
      '200',
      200,
      { access_token: this.#issue(nowMs + tokenSeconds * 1000), expires_in: tokenSeconds, token_type: 'Bearer' },
      { headers: [['cache-control', 'private']] },
    );
  }

  judge(authorization: string, nowMs: number): AccessVerdict {
    if (authorization === '') return 'missing';
    let expiresAtMs = this.#known.get(authorization);
    if (expiresAtMs === undefined) {
      expiresAtMs = this.#expiresAtMs(authorization);
      if (this.#known.size >= mostKept) this.#known.clear();
      this.#known.set(authorization, expiresAtMs);
    }
    if (expiresAtMs === null) return 'invalid';
    return nowMs < expiresAtMs ? 'good' : 'expired';
  }

  #issue(expiresAtMs: number): string {
    const content = `${expiresAtMs.toString(36)}-${randomBytes(9).toString('base64url')}`;
    return `ya29.local.${content}.${this.#sign(content)}`;
  }

  #sign(content: string): string {
    return createHmac('sha256', this.#secret).update(content).digest('base64url');
  }

  #expiresAtMs(authorization: string): number | null {
    const parts = /^bearer ya29\.local\.((\w+)-[\w-]+)\.([\w-]{43})$/i.exec(authorization);
    if (parts === null) return null;
    const [, content = '', time = '', signature = ''] = parts;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(content))) ? Number.parseInt(time, 36) : null;
  }

  #assertionProblem(assertion: string, nowMs: number): string | null {
    const parts = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(assertion);
    if (parts === null) return 'Bad Request: the assertion is no JWT.';
    const [, head = '', claims = '', signature = ''] = parts;
    const header = jsonOf(head);
    const { iss, scope, aud, exp, iat } = jsonOf(claims);
    if (header.alg !== 'RS256') return 'Invalid JWT: the algorithm must be RS256.';
    if (!verify('sha256', Buffer.from(`${head}.${claims}`), this.#key, Buffer.from(signature, 'base64url')))
      return 'Invalid JWT Signature.';
    if (iss !== this.#issuer) return 'Invalid grant: account not found';
    if (typeof aud !== 'string' || ![...googleTokenUrls, this.#ownUrl()].includes(aud))
      return 'Invalid JWT: the audience is not this token endpoint.';
    if (typeof scope !== 'string' || !scope.split(' ').some((wanted) => scopes.includes(wanted)))
      return 'Invalid OAuth scope or ID token audience provided.';
    if (typeof iat !== 'number' || typeof exp !== 'number') return 'Invalid JWT: iat and exp are required.';
    const now = nowMs / 1000;
    if (exp <= now || iat > now + clockSeconds || exp - iat > longestAssertionSeconds) {
      return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.';
    }
    return null;
  }
}

function oauthError(error: string, description: string): Reply {
  return jsonReply(`400 ${error}`, 400, { error, error_description: description });
}
