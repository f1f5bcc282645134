/**
 * What a lane puts into `authorization`. Replaced at 25 minutes so that any press finds one under 30 minutes
 * old; while frozen (a shot runs) it stays, whatever its age, unless it is about to be refused for age.
 */
export interface Credential {
  /** Resolves when there is one; rejects if the first could not be made. */
  ready(): Promise<void>;
  /** Value of the `authorization` header. Throws `CREDENTIAL_MISSING` before `ready`. */
  authorization(): string;
  /** Counts up with every replacement. */
  version(): number;
  ageMs(): number | null;
  /** Until the provider refuses it for age. */
  leftMs(): number | null;
  freeze(frozen: boolean): void;
  close(): void;
}
