/** A body that was read before: `[holeFrom, holeTo)` of it, counted from its beginning, may differ. */
export interface KnownBody<T> {
  readonly value: T;
  readonly holeFrom: number;
  readonly holeTo: number;
  readonly bytes: Buffer;
}

/**
 * What was made of a body, found again by its bytes: a mass push has one body per locale, so parsing each
 * would be wasted. Holds up to `limit` bodies and then begins anew, so that a sender who writes every body
 * differently costs time and not memory.
 */
export class BodyCache<T> {
  readonly #byLength = new Map<number, KnownBody<T>[]>();
  readonly #limit: number;
  #held = 0;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  /** The known body that `bytes[from, to)` equals byte by byte, but for its hole. */
  find(bytes: Buffer, from: number, to: number): KnownBody<T> | undefined {
    const kept = this.#byLength.get(to - from);
    if (kept === undefined) return undefined;
    for (const known of kept) {
      const { holeFrom, holeTo } = known;
      if (
        bytes.compare(known.bytes, holeTo, known.bytes.length, from + holeTo, to) === 0 &&
        isSame(known.bytes, bytes, from, holeFrom)
      )
        return known;
    }
    return undefined;
  }

  /** Without a hole: `holeFrom` and `holeTo` are 0. */
  add(bytes: Uint8Array, value: T, holeFrom = 0, holeTo = 0): void {
    if (this.#held >= this.#limit) this.clear();
    const known = { value, holeFrom, holeTo, bytes: Buffer.from(bytes) };
    const kept = this.#byLength.get(bytes.length);
    if (kept === undefined) this.#byLength.set(bytes.length, [known]);
    else kept.push(known);
    this.#held += 1;
  }

  clear(): void {
    this.#byLength.clear();
    this.#held = 0;
  }
}

/** Whether `bytes` from `from` on begins as `known` does, in its first `length` bytes: a few, for which a native comparison would cost more. */
function isSame(known: Uint8Array, bytes: Uint8Array, from: number, length: number): boolean {
  for (let at = 0; at < length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}
