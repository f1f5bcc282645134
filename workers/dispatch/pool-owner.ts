import type { LiveStore } from '../../infra/aws/live-store.ts';

const HOLDS_MS = 1_000;

/**
 * The launch that the pool has been given to. While a shot of ours runs it may be another one, whose messages are on the
 * same queues for workers of its own; messages of any other launch are nobody's.
 */
export class PoolOwner {
  readonly #live: Pick<LiveStore, 'poolLaunch'>;
  readonly #pool: string;
  #asked: Promise<string | null | undefined> | null = null;
  #askedAtMs = 0;

  constructor(live: Pick<LiveStore, 'poolLaunch'>, pool: string) {
    this.#live = live;
    this.#pool = pool;
  }

  /** True too while nobody knows. */
  async is(launchId: string): Promise<boolean> {
    if (this.#asked === null || performance.now() - this.#askedAtMs > HOLDS_MS) {
      this.#askedAtMs = performance.now();
      this.#asked = this.#live.poolLaunch(this.#pool).catch(() => undefined);
    }
    const owner = await this.#asked;
    return owner === undefined || owner === launchId;
  }
}
