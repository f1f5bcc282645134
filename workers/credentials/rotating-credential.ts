import type { Logger } from 'pino';
import type { WatchedSecret } from '../../infra/watched-secret.ts';
import { isDying, isOld, leftMs } from './credential.ts';
import type { Credential, Issued } from './credential.ts';

type Minted = Omit<Issued, 'version'>;

export interface RotatingOptions {
  name: 'apns' | 'fcm';
  mint: () => Promise<Minted>;
  log: Logger;
  /** What `mint` signs with, if it may change. */
  secret?: Pick<WatchedSecret<unknown>, 'onChanged' | 'refused'>;
  nowMs?: () => number;
  /** How often age is looked at. Default 5 s. */
  checkEveryMs?: number;
}

const RETRY_MS = 15_000;

/**
 * missing → current → (frozen ⇄ current): minted once at boot, replaced by age or for a changed secret while nothing goes on, kept
 * while frozen until it is dying, or refused and its secret changed: a new key that nobody has tried is no better than one that
 * works. A failed replacement leaves the present one in place and is tried again.
 */
export class RotatingCredential implements Credential {
  readonly #options: RotatingOptions;
  readonly #timer: NodeJS.Timeout;
  #current: Issued | null = null;
  #frozen = false;
  /** The secret is not the one that the present one was minted with. */
  #isOutdated = false;
  /** Version that the provider did not take; 0: none. */
  #refused = 0;
  #minting: Promise<void> | null = null;
  #notBeforeMs = 0;
  #listener: () => void = () => undefined;

  constructor(options: RotatingOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#check(), options.checkEveryMs ?? 5_000);
    this.#timer.unref();
    options.secret?.onChanged(() => {
      this.#isOutdated = true;
      this.#notBeforeMs = 0;
      this.#check();
    });
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

  refused(version: number): void {
    if (version !== this.#current?.version) return;
    this.#refused = version;
    this.#options.secret?.refused();
    this.#check();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const nowMs = this.nowMs();
    if (this.#current === null || nowMs < this.#notBeforeMs) return;
    if (!this.#isDue(this.#current, nowMs)) return;
    this.#mint().catch((error: unknown) => {
      this.#notBeforeMs = this.nowMs() + RETRY_MS;
      this.#options.log.error(
        { err: error, provider: this.#options.name },
        'credential could not be replaced; the present one stays',
      );
    });
  }

  #isDue(current: Issued, nowMs: number): boolean {
    if (isDying(current, nowMs)) return true;
    if (this.#isOutdated && current.version === this.#refused) return true;
    return !this.#frozen && (this.#isOutdated || isOld(current, nowMs));
  }

  #mint(): Promise<void> {
    if (this.#minting !== null) return this.#minting;
    const wasOutdated = this.#isOutdated;
    // Before the secret is read: one that changes meanwhile is minted with next.
    this.#isOutdated = false;
    this.#minting = this.#options
      .mint()
      .catch((error: unknown) => {
        this.#isOutdated ||= wasOutdated;
        throw error;
      })
      .then((minted) => {
        this.#current = { ...minted, version: (this.#current?.version ?? 0) + 1 };
        this.#options.log.info(
          {
            provider: this.#options.name,
            version: this.#current.version,
            key: minted.key,
            leftMs: leftMs(this.#current, this.nowMs()),
          },
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
