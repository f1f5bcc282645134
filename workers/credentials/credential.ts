/** One credential as it was issued. A connection is opened for one of them and has it for its life. */
export interface Issued {
  /** Counts up with every replacement, from 1. */
  readonly version: number;
  /** Value of the `authorization` header. */
  readonly authorization: string;
  /** What it was made with, as the provider calls it: the id of APNs' key, or of the service account's. */
  readonly key: string;
  readonly mintedAtMs: number;
  /** From here on the provider refuses it for age. */
  readonly expiresAtMs: number;
}

/**
 * What a lane opens its connections for. Replaced at 25 minutes while it is not frozen (a shot runs, an order waits for
 * its press); frozen it stays until it is about to die, see `isDying`, or the provider refuses it and its secret is another one.
 */
export interface Credential {
  /** Resolves when there is one; rejects if the first could not be made. */
  ready(): Promise<void>;
  /** The newest. Throws `CREDENTIAL_MISSING` before `ready`. */
  current(): Issued;
  /** By the clock that its times are of. */
  nowMs(): number;
  /** Called after each replacement. One listener. */
  onReplaced(listener: () => void): void;
  freeze(frozen: boolean): void;
  /** The provider does not take the one of this version: its secret is looked at anew. */
  refused(version: number): void;
  close(): void;
}

/** In shares of an hour, which is what APNs and Google give. A shorter life has shorter ones. */
const REPLACE_AT = 25 / 60;
const DYING_LEFT = 15 / 60;
const DEAD_LEFT = 1 / 60;
const HOUR_MS = 60 * 60_000;

const part = ({ mintedAtMs, expiresAtMs }: Issued, share: number): number =>
  Math.min(HOUR_MS, expiresAtMs - mintedAtMs) * share;

export const leftMs = ({ expiresAtMs }: Issued, nowMs: number): number => expiresAtMs - nowMs;

/** Replaced from here on while nothing is going on: at 25 minutes. */
export const isOld = (issued: Issued, nowMs: number): boolean => nowMs - issued.mintedAtMs >= part(issued, REPLACE_AT);

/** Replaced from here on whatever is going on, so that none is refused for age: 15 minutes before its end. */
export const isDying = (issued: Issued, nowMs: number): boolean => leftMs(issued, nowMs) <= part(issued, DYING_LEFT);

/** Nothing is written under it any more, as clocks may differ: a minute before its end. A device that waits is better than one that is refused. */
export const isDead = (issued: Issued, nowMs: number): boolean => leftMs(issued, nowMs) <= part(issued, DEAD_LEFT);
