import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isObject } from './content.ts';

/** One hour: how old a provider token may be (docs/facts.md#apns-token-age). */
const oldestMs = 3_600_000;
/** A token from the future further than a clock can be wrong is no token. */
const clockMs = 300_000;
const mostKept = 1000;

export interface TeamKey {
  publicKeyPem: string;
  keyId: string;
  teamId: string;
}

export type TokenVerdict = 'good' | 'MissingProviderToken' | 'InvalidProviderToken' | 'ExpiredProviderToken';

/** Judges `authorization` headers of APNs. The signature is verified once per distinct token. */
export class ApnsTokens {
  #key: KeyObject;
  #keyId: string;
  #teamId: string;
  /** Header → issued at, ms; null: not a valid token. */
  readonly #known = new Map<string, number | null>();

  constructor({ publicKeyPem, keyId, teamId }: TeamKey) {
    this.#key = createPublicKey(publicKeyPem);
    this.#keyId = keyId;
    this.#teamId = teamId;
  }

  /** From now on this key is taken; the one before is revoked, and what it signed is no token any more. */
  replaceKey({ publicKeyPem, keyId, teamId }: TeamKey): void {
    this.#key = createPublicKey(publicKeyPem);
    this.#keyId = keyId;
    this.#teamId = teamId;
    this.#known.clear();
  }

  judge(authorization: string, nowMs: number): TokenVerdict {
    if (authorization === '') return 'MissingProviderToken';
    let issuedAtMs = this.#known.get(authorization);
    if (issuedAtMs === undefined) {
      issuedAtMs = this.#issuedAtMs(authorization);
      if (this.#known.size >= mostKept) this.#known.clear();
      this.#known.set(authorization, issuedAtMs);
    }
    if (issuedAtMs === null || issuedAtMs > nowMs + clockMs) return 'InvalidProviderToken';
    return nowMs - issuedAtMs > oldestMs ? 'ExpiredProviderToken' : 'good';
  }

  #issuedAtMs(authorization: string): number | null {
    const parts = /^bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(authorization);
    if (parts === null) return null;
    const [, head = '', claims = '', signature = ''] = parts;
    const header = jsonOf(head);
    const body = jsonOf(claims);
    if (
      header.alg !== 'ES256' ||
      header.kid !== this.#keyId ||
      body.iss !== this.#teamId ||
      typeof body.iat !== 'number'
    )
      return null;
    const signed = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: this.#key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    return signed ? body.iat * 1000 : null;
  }
}

/** The object in a base64url part of a JWT; {} if there is none. */
export function jsonOf(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isObject(value) ? value : {};
  } catch {
    // Whatever is no JSON is a token without claims, which its judge refuses.
    return {};
  }
}
