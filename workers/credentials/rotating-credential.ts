import type { Logger } from 'pino';
import type { Credential } from './credential.ts';

export interface Minted {
  /** Value of the `authorization` header. */
  authorization: string;
  mintedAtMs: number;
  expiresAtMs: number;
}

export interface RotatingOptions {
  name: 'apns' | 'fcm';
  mint: () => Promise<Minted>;
  log: Logger;
  nowMs?: () => number;
  /** Default 25 min (DESIGN, Provider credentials). APNs allows no second new token within 20 min (FACTS 1). */
  replaceAfterMs?: number;
  /** How often age is looked at. Default 5 s. */
  checkEveryMs?: number;
}

/** Below this the credential is replaced even while frozen: one that the provider refuses would stop everything. */
const LAST_MOMENT_MS = 5 * 60_000;
const RETRY_MS = 15_000;

/**
 * missing → current → (frozen ⇄ current): minted once at boot, replaced by age while nothing runs, kept while
 * frozen. A failed replacement leaves the present one in place and is tried again.
 */
export class RotatingCredential implements Credential {
  readonly #options: RotatingOptions;
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  #current: Minted | null = null;
  #version = 0;
  #frozen = false;
  #minting: Promise<void> | null = null;
  #notBeforeMs = 0;

  constructor(options: RotatingOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#timer = setInterval(() => this.#check(), options.checkEveryMs ?? 5_000);
    this.#timer.unref();
  }

  ready(): Promise<void> {
    return this.#current === null ? this.#mint() : Promise.resolve();
  }

  authorization(): string {
    if (this.#current === null) throw new Error(`CREDENTIAL_MISSING: ${this.#options.name} has none yet`);
    return this.#current.authorization;
  }

  version(): number {
    return this.#version;
  }

  ageMs(): number | null {
    return this.#current === null ? null : Math.max(0, this.#nowMs() - this.#current.mintedAtMs);
  }

  leftMs(): number | null {
    return this.#current === null ? null : this.#current.expiresAtMs - this.#nowMs();
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (!frozen) this.#check();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const nowMs = this.#nowMs();
    if (this.#current === null || nowMs < this.#notBeforeMs) return;
    const old = nowMs - this.#current.mintedAtMs >= (this.#options.replaceAfterMs ?? 25 * 60_000);
    const dying = this.#current.expiresAtMs - nowMs < LAST_MOMENT_MS;
    if (!dying && (!old || this.#frozen)) return;
    this.#mint().catch((error: unknown) => {
      this.#notBeforeMs = this.#nowMs() + RETRY_MS;
      this.#options.log.error({ err: error, provider: this.#options.name }, 'credential could not be replaced; the present one stays');
    });
  }

  #mint(): Promise<void> {
    this.#minting ??= this.#options.mint().then((minted) => {
      this.#current = minted;
      this.#version += 1;
      this.#options.log.info({ provider: this.#options.name, version: this.#version, leftMs: this.leftMs() }, 'provider credential minted');
    }).finally(() => { this.#minting = null; });
    return this.#minting;
  }
}
