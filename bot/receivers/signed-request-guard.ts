/**
 * What Bolt's HTTPReceiver leaves open (docs/facts.md#bolt-signature): a correctly signed request dated in the
 * future is accepted, and so are the same signed bytes a second time. Slack's own rule is |now - timestamp| <= 300 s
 * (docs/facts.md#slack-signature).
 */

const TOLERANCE_MS = 300_000;

export type GuardVerdict = 'pass' | 'malformed' | 'stale' | 'future' | 'replayed';

export interface SignedHeaders {
  timestamp: string | undefined;
  signature: string | undefined;
}

/**
 * Refuses replays for as long as their timestamp would pass. A signature counts as used once Bolt has verified it
 * (`used`), and while its request is under way; so nobody without the secret can fill the memory, and two copies
 * at the same instant don't both pass. Memory of one process: a copy sent to another instance is stopped by the
 * record, where every decision is made once.
 */
export class SignedRequestGuard {
  readonly #underWay = new Set<string>();
  /** Signature → when its timestamp stops being accepted. */
  readonly #used = new Map<string, number>();

  /** `pass` must be followed by `finished`, whatever happens to the request. */
  begin(headers: SignedHeaders, nowMs: number): GuardVerdict {
    const key = keyOf(headers);
    if (key === null) return 'malformed';
    const sentAtMs = Number(headers.timestamp) * 1_000;
    if (nowMs - sentAtMs > TOLERANCE_MS) return 'stale';
    if (sentAtMs - nowMs > TOLERANCE_MS) return 'future';
    this.#forget(nowMs);
    if (this.#underWay.has(key) || this.#used.has(key)) return 'replayed';
    this.#underWay.add(key);
    return 'pass';
  }

  /** The signature was right. */
  used(headers: SignedHeaders): void {
    const key = keyOf(headers);
    if (key !== null) this.#used.set(key, Number(headers.timestamp) * 1_000 + TOLERANCE_MS);
  }

  finished(headers: SignedHeaders): void {
    const key = keyOf(headers);
    if (key !== null) this.#underWay.delete(key);
  }

  #forget(nowMs: number): void {
    for (const [key, untilMs] of this.#used) if (untilMs < nowMs) this.#used.delete(key);
  }
}

/** One spelling of a signature only: Bolt ignores what follows a second `=`, and would take a respelled copy for new. */
function keyOf({ timestamp, signature }: SignedHeaders): string | null {
  if (timestamp === undefined || signature === undefined) return null;
  return /^\d{1,12}$/.test(timestamp) && /^v0=[0-9a-f]{64}$/.test(signature) ? signature : null;
}
