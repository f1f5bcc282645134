import type { Credential, Issued } from './credential.ts';

/** A credential that changes when a test says so, `bearer token-1` at first. `authorization`: another one, always the same. */
export function fixedCredential(
  authorization: string | null = null,
): Credential & { next(): void; issued: Issued; aheadMs: number } {
  const startMs = Date.now();
  let listener = (): void => undefined;
  const issue = (version: number): Issued => ({
    version,
    authorization: authorization ?? `bearer token-${version}`,
    key: 'FIXEDKEYID',
    mintedAtMs: startMs,
    expiresAtMs: startMs + 3_600_000,
  });
  const credential = {
    issued: issue(1),
    aheadMs: 0,
    ready: () => Promise.resolve(),
    current: () => credential.issued,
    nowMs: () => Date.now() + credential.aheadMs,
    onReplaced: (told: () => void) => {
      listener = told;
    },
    freeze: () => undefined,
    refused: () => undefined,
    close: () => undefined,
    next() {
      credential.issued = {
        ...issue(credential.issued.version + 1),
        mintedAtMs: credential.nowMs(),
        expiresAtMs: credential.nowMs() + 3_600_000,
      };
      listener();
    },
  };
  return credential;
}
