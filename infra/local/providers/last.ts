import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Content } from './content.ts';

export interface LastPush {
  atMs: number;
  platform: Platform;
  token: string;
  launchId: string;
  shotId: string;
  title: string;
  body: string;
  answer: string;
}

/** What is kept and shown of a token. */
const tokenBytes = 12;

/** The latest pushes, whoever they were for; the token cut to its beginning. */
export class Last {
  readonly #ring: { atMs: number; platform: Platform; tokenBytes: number; content: Content; answer: string }[] = [];
  readonly #tokens: Buffer;
  readonly #size: number;
  #next = 0;

  constructor(size = 1000) {
    this.#size = size;
    this.#tokens = Buffer.alloc(size * tokenBytes);
  }

  /** For the token `bytes[from, to)`, of which text is made only when someone looks. */
  note(
    platform: Platform,
    bytes: Uint8Array,
    from: number,
    to: number,
    content: Content,
    answer: string,
    nowMs: number,
  ): void {
    const length = Math.min(to - from, tokenBytes);
    const tokenAt = this.#next * tokenBytes;
    for (let at = 0; at < length; at++) this.#tokens[tokenAt + at] = bytes[from + at] as number;
    const kept = this.#ring[this.#next];
    if (kept === undefined) {
      this.#ring.push({ atMs: nowMs, platform, tokenBytes: length, content, answer });
    } else {
      kept.atMs = nowMs;
      kept.platform = platform;
      kept.tokenBytes = length;
      kept.content = content;
      kept.answer = answer;
    }
    this.#next += 1;
    if (this.#next === this.#size) this.#next = 0;
  }

  /** Newest first. */
  take(count: number): LastPush[] {
    return this.#ring
      .map((_, age) => (this.#next - 1 - age + this.#size) % this.#size)
      .slice(0, Math.max(0, count))
      .flatMap((place) => {
        const kept = this.#ring[place];
        if (kept === undefined) return [];
        const { atMs, platform, content, answer } = kept;
        const token = this.#tokens.toString('latin1', place * tokenBytes, place * tokenBytes + kept.tokenBytes);
        return {
          atMs,
          platform,
          token: `${token}…`,
          launchId: content.launchId,
          shotId: content.shotId,
          title: content.title,
          body: content.body,
          answer,
        };
      });
  }

  reset(): void {
    this.#ring.length = 0;
    this.#next = 0;
  }
}
