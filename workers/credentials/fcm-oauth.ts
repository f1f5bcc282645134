import { JWT } from 'google-auth-library';
import { importPKCS8, SignJWT } from 'jose';
import type { Logger } from 'pino';
import { Agent, fetch } from 'undici';
import { z } from 'zod';
import type { Credential } from './credential.ts';
import { RotatingCredential } from './rotating-credential.ts';
import type { RotatingOptions } from './rotating-credential.ts';
import type { ServiceAccount } from './service-account.ts';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const MINT_TIMEOUT_MS = 10_000;

export interface AccessToken { token: string; expiresAtMs: number }

export interface TokenSource {
  account: ServiceAccount;
  /** Local token endpoint; null: Google's, through its own library. */
  tokenUrl: string | null;
  /** Extra CA, PEM, for a local endpoint. */
  ca: string | null;
  nowMs?: () => number;
}

export function fcmCredential(options: TokenSource & { log: Logger } & Partial<RotatingOptions>): Credential {
  const { account, tokenUrl, ca, log, ...timing } = options;
  return new RotatingCredential({
    ...timing, name: 'fcm', log,
    async mint() {
      const mintedAtMs = (timing.nowMs ?? Date.now)();
      const { token, expiresAtMs } = await fetchAccessToken({ account, tokenUrl, ca, ...(timing.nowMs === undefined ? {} : { nowMs: timing.nowMs }) });
      return { authorization: `Bearer ${token}`, mintedAtMs, expiresAtMs };
    },
  });
}

/** A fresh OAuth access token for FCM. Rejects after 10 s, or with what the endpoint said. */
export function fetchAccessToken({ account, tokenUrl, ca, nowMs = Date.now }: TokenSource): Promise<AccessToken> {
  return tokenUrl === null ? fromGoogle(account) : fromUrl(account, tokenUrl, ca, nowMs());
}

async function fromGoogle(account: ServiceAccount): Promise<AccessToken> {
  const client = new JWT({ email: account.clientEmail, key: account.privateKey, scopes: [SCOPE] });
  const { access_token: token, expiry_date: expiresAtMs } = await client.authorize();
  if (typeof token !== 'string' || typeof expiresAtMs !== 'number') throw new Error('FCM_TOKEN_MISSING: Google answered without a token');
  return { token, expiresAtMs };
}

const answerShape = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

async function fromUrl(account: ServiceAccount, tokenUrl: string, ca: string | null, nowMs: number): Promise<AccessToken> {
  const key = await importPKCS8(account.privateKey, 'RS256');
  const assertion = await new SignJWT({ scope: SCOPE }).setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(account.clientEmail).setAudience(tokenUrl).setIssuedAt(Math.floor(nowMs / 1_000)).setExpirationTime(Math.floor(nowMs / 1_000) + 3_600).sign(key);
  const dispatcher = new Agent({ allowH2: true, ...(ca === null ? {} : { connect: { ca } }) });
  try {
    const answer = await fetch(tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString(),
      signal: AbortSignal.timeout(MINT_TIMEOUT_MS),
      dispatcher,
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`FCM_TOKEN_REFUSED: ${answer.status} ${/"error_description"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? ''}`);
    const { access_token: token, expires_in: seconds } = answerShape.parse(JSON.parse(text));
    return { token, expiresAtMs: nowMs + seconds * 1_000 };
  } finally {
    await dispatcher.destroy();
  }
}
