import type { Logger } from 'pino';
import { isDying, isOld, leftMs } from './credential.ts';
import type { Credential, Issued } from './credential.ts';

type Minted = Omit<Issued, 'version'>;

export interface RotatingOptions {
  name: 'apns' | 'fcm';
  mint: () => Promise<Minted>;
  log: Logger;
  nowMs?: () => number;
  /** How often age is looked at. Default 5 s. */
  checkEveryMs?: number;
}

const RETRY_MS = 15_000;

/**
 * missing → current → (frozen ⇄ current): minted once at boot, replaced by age while nothing goes on, kept while frozen
 * until it is dying. A failed replacement leaves the present one in place and is tried again.
 */
export class RotatingCredential implements Credential {
  readonly #options: RotatingOptions;
  readonly #timer: NodeJS.Timeout;
  #current: Issued | null = null;
  #frozen = false;
  #minting: Promise<void> | null = null;
  #notBeforeMs = 0;
  #listener: () => void = () => undefined;

  constructor(options: RotatingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#check(), options.checkEveryMs ?? 5_000);
    this.#timer.unref();
  }

  ready(): Promise<void> {
    return this.#current === null ? this.#mint() : Promise.resolve();
  }

  current(): Issued {
    if (this.#current === null) throw new Error(`CREDENTIAL_MISSING: ${this.#options.name} has none yet`);
    return this.#current;
  }

  nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  onReplaced(listener: () => void): void {
    this.#listener = listener;
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (!frozen) this.#check();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const nowMs = this.nowMs();
    if (this.#current === null || nowMs < this.#notBeforeMs) return;
    if (!isDying(this.#current, nowMs) && (this.#frozen || !isOld(this.#current, nowMs))) return;
    this.#mint().catch((error: unknown) => {
      this.#notBeforeMs = this.nowMs() + RETRY_MS;
      this.#options.log.error(
        { err: error, provider: this.#options.name },
        'credential could not be replaced; the present one stays',
      );
    });
  }

  #mint(): Promise<void> {
    this.#minting ??= this.#options
      .mint()
      .then((minted) => {
        this.#current = { ...minted, version: (this.#current?.version ?? 0) + 1 };
        this.#options.log.info(
          { provider: this.#options.name, version: this.#current.version, leftMs: leftMs(this.#current, this.nowMs()) },
          'provider credential minted',
        );
        this.#listener();
      })
      .finally(() => {
        this.#minting = null;
      });
    return this.#minting;
  }
}
