/**
 * What was made of a body, found again by its bytes: a mass push has one body per locale, so parsing each
 * would be wasted. Holds up to `limit` bodies and then begins anew, so that a sender who writes every body
 * differently costs time and not memory.
 */
export class BodyCache<T> {
  readonly #byLength = new Map<number, { bytes: Buffer; holeStart: number; value: T }[]>();
  readonly #limit: number;
  #held = 0;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  /** Of the body whose bytes are `bytes` without those from `holeStart` to `holeEnd` (both 0: no hole). */
  get(bytes: Buffer, holeStart: number, holeEnd: number): T | undefined {
    const kept = this.#byLength.get(bytes.length - (holeEnd - holeStart));
    if (kept === undefined) return undefined;
    for (const entry of kept) {
      if (entry.holeStart === holeStart && bytes.compare(entry.bytes, holeStart, entry.bytes.length, holeEnd, bytes.length) === 0
        && bytes.compare(entry.bytes, 0, holeStart, 0, holeStart) === 0) return entry.value;
    }
    return undefined;
  }

  set(bytes: Buffer, holeStart: number, holeEnd: number, value: T): void {
    if (this.#held >= this.#limit) this.clear();
    const rest = Buffer.concat([bytes.subarray(0, holeStart), bytes.subarray(holeEnd)]);
    const kept = this.#byLength.get(rest.length);
    if (kept === undefined) this.#byLength.set(rest.length, [{ bytes: rest, holeStart, value }]);
    else kept.push({ bytes: rest, holeStart, value });
    this.#held += 1;
  }

  clear(): void {
    this.#byLength.clear();
    this.#held = 0;
  }
}
