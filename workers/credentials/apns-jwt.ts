import { importPKCS8, SignJWT } from 'jose';
import type { Logger } from 'pino';
import type { Credential } from './credential.ts';
import { RotatingCredential } from './rotating-credential.ts';
import type { RotatingOptions } from './rotating-credential.ts';

/** APNs refuses a token whose `iat` is older than an hour (docs/facts.md#apns-token-age). */
const LIVES_MS = 60 * 60_000;

export interface ApnsKey {
  /** PKCS#8, P-256. */
  keyPem: string;
  keyId: string;
  teamId: string;
}

/** ES256 provider token from a .p8 key, asked for at each. Rejects in `ready` if the key is no PKCS#8 P-256 key. */
export function apnsCredential(options: { key: () => ApnsKey; log: Logger } & Partial<RotatingOptions>): Credential {
  const { key: present, log, ...timing } = options;
  return new RotatingCredential({
    ...timing,
    name: 'apns',
    log,
    async mint() {
      const { keyPem, keyId, teamId } = present();
      const key = await importPKCS8(keyPem, 'ES256');
      const issuedAtSeconds = Math.floor((timing.nowMs ?? Date.now)() / 1_000);
      const jwt = await new SignJWT()
        .setProtectedHeader({ alg: 'ES256', kid: keyId })
        .setIssuer(teamId)
        .setIssuedAt(issuedAtSeconds)
        .sign(key);
      return {
        authorization: `bearer ${jwt}`,
        key: keyId,
        mintedAtMs: issuedAtSeconds * 1_000,
        expiresAtMs: issuedAtSeconds * 1_000 + LIVES_MS,
      };
    },
  });
}
