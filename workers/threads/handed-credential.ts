import type { Credential } from '../credentials/credential.ts';

/** A credential that the main thread mints, replaces and freezes: here it is only used. Its age is asked there. */
export class HandedCredential implements Credential {
  readonly #first = Promise.withResolvers<void>();
  #authorization: string | null = null;
  #version = 0;

  take(authorization: string, version: number): void {
    this.#authorization = authorization;
    this.#version = version;
    this.#first.resolve();
  }

  ready(): Promise<void> {
    return this.#first.promise;
  }

  authorization(): string {
    if (this.#authorization === null) throw new Error('CREDENTIAL_MISSING: none was handed over yet');
    return this.#authorization;
  }

  version(): number {
    return this.#version;
  }

  ageMs(): null {
    return null;
  }

  leftMs(): null {
    return null;
  }

  freeze(): void {
    // The main thread hands no other one over while it is frozen.
  }

  close(): void {
    // It has no timer.
  }
}
