import type { Logger } from 'pino';
import type { Credential } from '../credentials/credential.ts';
import { isDying } from '../credentials/credential.ts';
import type { Primed } from './jobs.ts';
import type { Link } from './link.ts';

export interface RenewalOptions {
  credential: Credential;
  /** Those that may be written to. */
  links: () => readonly Link[];
  /** A staff device that may get one more priming push; null: there is none, or the ration is used up. */
  device: () => Promise<{ token: string } | null>;
  /** Another connection on trial; null: it could not be opened. */
  open: () => Promise<Link | null>;
  prime: (link: Link, token: string) => Promise<Primed>;
  /** `next` takes the place of `old`; null: `next` is not wanted. */
  settle: (old: Link, next: Link, isWanted: boolean) => void;
  log: Logger;
  /** One connection at most in this time, ms. Default 500: half a minute for sixty. */
  everyMs?: number;
}

const EVERY_MS = 500;
/** After a connection could not be moved: no ration, not opened, refused. Dying ones have a quarter of an hour, and opening one after the other without a pause would look like an attack. */
const AGAIN_MS = 60_000;
const AGAIN_DYING_MS = 10_000;

/**
 * Moves a lane's connections to a new credential, one after the other and the oldest first: another connection is opened
 * under it, authenticated by a priming push, and takes the old one's place. So no connection ever meets a second
 * credential (two within 20 minutes are refused, docs/facts.md#apns-token-updates), and none gives way to one that has
 * not shown that it works.
 *
 *   waiting → moving one → waiting
 *
 * Frozen it waits, and so it does without a ration for the priming push: an authenticated connection under a credential
 * that is good for half an hour more is better than a cold one. But one whose credential is dying is moved whatever
 * happens; unprimed, it opens up on the first answer of a real device.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  #timer: NodeJS.Timeout | null = null;
  #isFrozen = false;
  #isBusy = false;
  #notBeforeMs = 0;
  /** Why the provider did not take the newest credential when it was last tried; null: it did, or was not asked. */
  refusal: string | null = null;

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      void this.#turn();
    }, this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  freeze(isFrozen: boolean): void {
    this.#isFrozen = isFrozen;
  }

  async #turn(): Promise<void> {
    const { credential, links, log } = this.#options;
    if (this.#isBusy) return;
    const { version } = credential.current();
    const [old] = links()
      .filter(({ issued }) => issued.version !== version)
      .toSorted((a, b) => a.issued.version - b.issued.version);
    if (old === undefined) return;
    const nowMs = credential.nowMs();
    const must = isDying(old.issued, nowMs);
    if (nowMs < this.#notBeforeMs || (this.#isFrozen && !must)) return;
    const againMs = nowMs + (must ? AGAIN_DYING_MS : AGAIN_MS);
    this.#isBusy = true;
    try {
      if (!(await this.#move(old, must))) this.#notBeforeMs = againMs;
    } catch (error) {
      this.#notBeforeMs = againMs;
      log.warn({ err: error }, 'a connection could not be moved to the new credential; it is tried again');
    } finally {
      this.#isBusy = false;
    }
  }

  /** False: not now. */
  async #move(old: Link, must: boolean): Promise<boolean> {
    const { device, open, prime, settle, log } = this.#options;
    // A look-up that fails must not keep a dying one.
    const found = await device().catch((error: unknown) => {
      if (!must) throw error;
      return null;
    });
    if (found === null && !must && old.connection?.unlocked === true) return false;
    const next = await open();
    if (next === null) return false;
    const answer = found === null ? null : await prime(next, found.token);
    const refusal = answer === null || answer.authenticated ? null : answer.refusal;
    if (refusal !== null)
      log.error(
        { refusal, version: next.issued.version },
        'the provider does not take the new credential; connections stay with the one they have',
      );
    if (answer !== null) this.refusal = refusal;
    const isWanted = answer === null || answer.authenticated || (must && refusal === null);
    settle(old, next, isWanted);
    return isWanted;
  }
}
