import { within } from '../../infra/time-limit.ts';
import type { CredentialClock } from '../credentials/clock.ts';
import type { Credential, Issued } from '../credentials/credential.ts';

/** A thread is told before it is asked to open, so it has one at once, or something is wrong. */
const HANDED_WITHIN_MS = 10_000;
/** A storm of refusals is one piece of news. */
const TELL_EVERY_MS = 1_000;

/** A credential that the main thread mints, replaces and freezes: here it is only used. */
export class HandedCredential implements Credential {
  readonly #first = Promise.withResolvers<void>();
  readonly #clock: CredentialClock;
  readonly #withinMs: number;
  readonly #tell: (version: number) => void;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #issued: Issued | null = null;

  /** `tell`: the main thread, of one that the provider does not take. */
  constructor(clock: CredentialClock, tell: (version: number) => void, withinMs = HANDED_WITHIN_MS) {
    this.#tell = tell;
    this.#clock = clock;
    this.#withinMs = withinMs;
  }

  take(issued: Issued): void {
    this.#issued = issued;
    this.#first.resolve();
  }

  /** Rejects when none is there in time: whoever waits for connections would wait for ever, and nobody would know for what. */
  async ready(): Promise<void> {
    if (this.#issued !== null) return;
    const what = 'the main thread gave this thread no credential to open connections with';
    await within({ limitMs: this.#withinMs, what, code: 'CREDENTIAL_NOT_HANDED_OVER' }, () => this.#first.promise);
  }

  current(): Issued {
    if (this.#issued === null) throw new Error('CREDENTIAL_MISSING: none was handed over yet');
    return this.#issued;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  onReplaced(): void {
    // The lane looks at what is current by itself.
  }

  freeze(): void {
    // The main thread hands no other one over while it is frozen.
  }

  refused(version: number): void {
    const nowMs = performance.now();
    if (version !== this.#issued?.version || nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.#tell(version);
  }

  close(): void {
    // It has no timer.
  }
}
