import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Content } from './content.ts';

export interface LastPush { atMs: number; platform: Platform; token: string; launchId: string; shotId: string; title: string; body: string; answer: string }

/** The latest pushes, whoever they were for; the token cut to its beginning. */
export class Last {
  readonly #ring: { atMs: number; platform: Platform; token: string; content: Content; answer: string }[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size = 1000) {
    this.#size = size;
  }

  /** The token is cut only when someone looks. */
  note(platform: Platform, token: string, content: Content, answer: string, nowMs: number): void {
    const kept = this.#ring[this.#next];
    if (kept === undefined) {
      this.#ring.push({ atMs: nowMs, platform, token, content, answer });
    } else {
      kept.atMs = nowMs;
      kept.platform = platform;
      kept.token = token;
      kept.content = content;
      kept.answer = answer;
    }
    this.#next = (this.#next + 1) % this.#size;
  }

  /** Newest first. */
  take(count: number): LastPush[] {
    const inOrder = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].toReversed();
    return inOrder.slice(0, Math.max(0, count)).map(({ atMs, platform, token, content, answer }) => ({
      atMs, platform, token: `${token.slice(0, 12)}…`, launchId: content.launchId, shotId: content.shotId, title: content.title, body: content.body, answer,
    }));
  }

  reset(): void {
    this.#ring.length = 0;
    this.#next = 0;
  }
}
