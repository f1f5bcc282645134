import type { Credential, Issued } from '../credentials/credential.ts';

/** A credential that the main thread mints, replaces and freezes: here it is only used. */
export class HandedCredential implements Credential {
  readonly #first = Promise.withResolvers<void>();
  #issued: Issued | null = null;

  take(issued: Issued): void {
    this.#issued = issued;
    this.#first.resolve();
  }

  ready(): Promise<void> {
    return this.#first.promise;
  }

  current(): Issued {
    if (this.#issued === null) throw new Error('CREDENTIAL_MISSING: none was handed over yet');
    return this.#issued;
  }

  nowMs(): number {
    return Date.now();
  }

  onReplaced(): void {
    // The lane looks at what is current by itself.
  }

  freeze(): void {
    // The main thread hands no other one over while it is frozen.
  }

  close(): void {
    // It has no timer.
  }
}
