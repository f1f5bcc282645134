/** Table `<prefix>-claims`, key `k` = claimKey(...). One small item per batch and attempt, no index. */
export interface Claim {
  key: string;
  bootId: string;
  token: string;
  claimedAtMs: number;
  sendUntilMs: number;
  /** claimed → accounted (by its holder) | closed (by a closer); closed → accounted when the holder's account comes later. */
  state: 'claimed' | 'accounted' | 'closed';
  account: Account | null;
}

/** At most 1 KB: packed device states (see account-codec.ts), and how often each failure reason occurred. */
export interface Account { states: Uint8Array; reasons: Record<string, number> }

export interface ClaimStore {
  /** Put if absent. A lost answer is read back: our own token is success. */
  claim(key: string, holder: { bootId: string; token: string; claimedAtMs: number; sendUntilMs: number }): Promise<{ won: true } | { won: false; holder: Claim }>;
  /** Conditional on the token. `wasClosed`: a closer had given it up; the totals need a correction entry. */
  account(key: string, token: string, account: Account): Promise<{ ok: true; wasClosed: Account | null } | { ok: false }>;
  /**
   * Closer: creates an unclaimed item as closed, or turns a claimed, unaccounted one into closed. `won: false` returns what stands there.
   * `onlyIf` names what the closer saw, because the two get different states (late or halted, and uncertain): if it has
   * changed meanwhile the answer is `won: false` with the claim as it is now (`claim.state` 'claimed' is possible then). Absent: either.
   */
  close(key: string, account: Account, onlyIf?: 'unclaimed' | 'claimed'): Promise<{ won: true } | { won: false; claim: Claim }>;
  /** Strongly consistent when `consistent`; missing keys are absent from the map. Any number of keys. */
  read(keys: readonly string[], consistent: boolean): Promise<Map<string, Claim>>;
}
