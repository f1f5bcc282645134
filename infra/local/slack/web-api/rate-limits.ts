/**
 * Slack's rate limits per method (docs/facts.md#slack-tiers): calls within any 60 s. Slack says "N+ per minute"; the
 * stand-in allows N and not one more, so that whoever stays within it is safe there. `post` is the special rule of
 * chat.postMessage (docs/facts.md#slack-post-rate): 1 per second and channel with short bursts, and several hundred a
 * minute in the workspace. `sockets`: the stricter of what Slack has said, 1 per minute with a small burst
 * (docs/facts.md#slack-connections-open). `history`: Tier 3, and of an app that is sold outside the Marketplace one a minute
 * (docs/facts.md#slack-history-limit).
 */
export type Limit = 'tier1' | 'tier2' | 'tier3' | 'tier4' | 'history' | 'post' | 'sockets' | 'none';

const PER_MINUTE: Record<Limit, number> = {
  tier1: 1,
  tier2: 20,
  tier3: 50,
  tier4: 100,
  history: 50,
  post: 300,
  sockets: Infinity,
  none: Infinity,
};
/** Not published by Slack (docs/facts.md#unknown-slack): this many at once, refilled by 1 per second. */
const POST_BURST = 10;
/** Not published either; two bots with all their ten connections come up with it. */
const SOCKETS_BURST = 20;
const SOCKETS_PER_MS = 1 / 60_000;
const WINDOW_MS = 60_000;

export class RateLimits {
  #calls = new Map<string, number[]>();
  #buckets = new Map<string, { tokens: number; atMs: number }>();
  readonly #perMinute: Record<Limit, number>;

  constructor(isSold: boolean) {
    this.#perMinute = { ...PER_MINUTE, ...(isSold ? { history: 1 } : {}) };
  }

  /** Counts the call; answers the seconds to wait (for `Retry-After`) if it is one too many, else null. */
  take(method: string, limit: Limit, channel: string | null, nowMs: number): number | null {
    if (limit === 'none') return null;
    if (limit === 'post' && channel !== null) {
      const bucket = this.#buckets.get(channel) ?? { tokens: POST_BURST, atMs: nowMs };
      bucket.tokens = Math.min(POST_BURST, bucket.tokens + (nowMs - bucket.atMs) / 1000);
      bucket.atMs = nowMs;
      this.#buckets.set(channel, bucket);
      if (bucket.tokens < 1) return 1;
      bucket.tokens -= 1;
    }
    if (limit === 'sockets') {
      const bucket = this.#buckets.get(method) ?? { tokens: SOCKETS_BURST, atMs: nowMs };
      bucket.tokens = Math.min(SOCKETS_BURST, bucket.tokens + (nowMs - bucket.atMs) * SOCKETS_PER_MS);
      bucket.atMs = nowMs;
      this.#buckets.set(method, bucket);
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / SOCKETS_PER_MS / 1_000);
      bucket.tokens -= 1;
      return null;
    }
    const recent = (this.#calls.get(method) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    this.#calls.set(method, recent);
    const first = recent[0];
    if (recent.length >= this.#perMinute[limit] && first !== undefined)
      return Math.max(1, Math.ceil((first + WINDOW_MS - nowMs) / 1000));
    recent.push(nowMs);
    return null;
  }
}
