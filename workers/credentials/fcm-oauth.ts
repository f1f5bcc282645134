import { JWT } from 'google-auth-library';
import { importPKCS8, SignJWT } from 'jose';
import type { Logger } from 'pino';
import { Agent, EnvHttpProxyAgent, fetch } from 'undici';
import { z } from 'zod';
import type { Credential } from './credential.ts';
import { RotatingCredential } from './rotating-credential.ts';
import type { RotatingOptions } from './rotating-credential.ts';
import type { ServiceAccount } from './service-account.ts';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const MINT_TIMEOUT_MS = 10_000;

export interface AccessToken {
  token: string;
  expiresAtMs: number;
}

export interface TokenSource {
  account: ServiceAccount;
  /** Local token endpoint; null: Google's, through its own library. */
  tokenUrl: string | null;
  /** Extra CA, PEM, for a local endpoint. */
  ca: string | null;
  nowMs?: () => number;
  /** Default 10 s. */
  timeoutMs?: number;
}

/** `account`: asked for at each token. */
export function fcmCredential(
  options: Omit<TokenSource, 'account'> & { account: () => ServiceAccount; log: Logger } & Partial<RotatingOptions>,
): Credential {
  const { account: present, tokenUrl, ca, log, ...timing } = options;
  return new RotatingCredential({
    ...timing,
    name: 'fcm',
    log,
    async mint() {
      const account = present();
      const mintedAtMs = (timing.nowMs ?? Date.now)();
      const { token, expiresAtMs } = await fetchAccessToken({
        account,
        tokenUrl,
        ca,
        ...(timing.nowMs === undefined ? {} : { nowMs: timing.nowMs }),
      });
      return { authorization: `Bearer ${token}`, key: account.keyId ?? account.clientEmail, mintedAtMs, expiresAtMs };
    },
  });
}

/**
 * Why there is no access token. `FCM_KEY`: the account's key signs nothing. `…_REFUSED`: the endpoint has said why it gives none.
 * `…_ENDPOINT`: what answers is no token endpoint. `…_UNREACHABLE`: nothing answers. `said`: in the endpoint's or the system's words.
 */
export class TokenError extends Error {
  readonly code: 'FCM_KEY' | 'FCM_TOKEN_REFUSED' | 'FCM_TOKEN_ENDPOINT' | 'FCM_TOKEN_UNREACHABLE';
  readonly said: string;
  constructor(code: TokenError['code'], said: string, cause?: unknown) {
    super(`${code}: ${said}`, { cause });
    this.code = code;
    this.said = said;
  }
}

/** A fresh OAuth access token for FCM. Rejects with a TokenError, after 10 s at the latest; then nothing goes on. */
export async function fetchAccessToken({
  account,
  tokenUrl,
  ca,
  nowMs = Date.now,
  timeoutMs = MINT_TIMEOUT_MS,
}: TokenSource): Promise<AccessToken> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await (tokenUrl === null ? fromGoogle(account, signal) : fromUrl(account, tokenUrl, ca, nowMs(), signal));
  } catch (error) {
    if (error instanceof TokenError) throw error;
    throw new TokenError(
      'FCM_TOKEN_UNREACHABLE',
      signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : wordsOf(error),
      error,
    );
  }
}

/** Of a failed look-up or connection its code, which says more than `fetch failed`. */
function wordsOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause)
    if ('code' in one && typeof one.code === 'string') return one.code;
  return error instanceof Error ? error.message : String(error);
}

async function fromGoogle(account: ServiceAccount, signal: AbortSignal): Promise<AccessToken> {
  await keyOf(account);
  // The library's own fetch ends the process when it is aborted amid a request; through this one the proxy variables hold too.
  const dispatcher = new EnvHttpProxyAgent();
  const post = (url: string, { headers, body }: RequestInit) =>
    fetch(url, {
      method: 'POST',
      headers: Object.fromEntries(new Headers(headers)),
      body: new URLSearchParams(body as URLSearchParams).toString(),
      signal,
      dispatcher,
    });
  const client = new JWT({
    email: account.clientEmail,
    key: account.privateKey,
    scopes: [SCOPE],
    transporterOptions: { signal, fetchImplementation: post as unknown as typeof globalThis.fetch },
  });
  const tokens = await client
    .authorize()
    .catch((error: unknown) => {
      const response = (error as { response?: { status?: number; data?: unknown } }).response;
      if (response === undefined) throw error;
      throw refusal(
        response.status ?? 0,
        typeof response.data === 'string' ? response.data : JSON.stringify(response.data ?? ''),
        error,
      );
    })
    .finally(() => dispatcher.destroy());
  const { access_token: token, expiry_date: expiresAtMs } = tokens;
  if (typeof token !== 'string' || typeof expiresAtMs !== 'number')
    throw new TokenError('FCM_TOKEN_ENDPOINT', 'an answer without a token');
  return { token, expiresAtMs };
}

const answerShape = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

async function fromUrl(
  account: ServiceAccount,
  tokenUrl: string,
  ca: string | null,
  nowMs: number,
  signal: AbortSignal,
): Promise<AccessToken> {
  const key = await keyOf(account);
  const assertion = await new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(account.clientEmail)
    .setAudience(tokenUrl)
    .setIssuedAt(Math.floor(nowMs / 1_000))
    .setExpirationTime(Math.floor(nowMs / 1_000) + 3_600)
    .sign(key);
  const dispatcher = new Agent({ allowH2: true, ...(ca === null ? {} : { connect: { ca } }) });
  try {
    const answer = await fetch(tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString(),
      // What the key has signed goes to nobody else.
      redirect: 'manual',
      signal,
      dispatcher,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw refusal(answer.status, text, undefined, answer.headers.get('location'));
    const parsed = answerShape.safeParse(jsonOf(text));
    if (!parsed.success) throw new TokenError('FCM_TOKEN_ENDPOINT', '200 without an access token', parsed.error);
    return { token: parsed.data.access_token, expiresAtMs: nowMs + parsed.data.expires_in * 1_000 };
  } finally {
    await dispatcher.destroy();
  }
}

async function keyOf(account: ServiceAccount): ReturnType<typeof importPKCS8> {
  return importPKCS8(account.privateKey, 'RS256').catch((cause: unknown) => {
    throw new TokenError('FCM_KEY', 'private_key is no RSA key in PKCS#8', cause);
  });
}

/** RFC 6749 section 5.2: a refusal is JSON with `error`. Anything else comes from another kind of server. */
function refusal(status: number, text: string, cause?: unknown, location: string | null = null): TokenError {
  const found = refusalShape.safeParse(jsonOf(text));
  if (found.success)
    return new TokenError(
      'FCM_TOKEN_REFUSED',
      `${status} ${found.data.error}${found.data.error_description === undefined ? '' : `: ${found.data.error_description}`}`,
      cause,
    );
  return new TokenError('FCM_TOKEN_ENDPOINT', `${status}${location === null ? '' : `, to ${location}`}`, cause);
}

const refusalShape = z.object({ error: z.string(), error_description: z.string().optional() });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
