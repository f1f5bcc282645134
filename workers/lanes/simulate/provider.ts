import type { Platform } from '../../../runbooks/launch/entries.ts';
import { drawsFrom } from './curve.ts';
import type { Curve, Draws } from './curve.ts';
import type { ProviderLimits } from './question.ts';
import type { Random } from './random.ts';

/** What comes back of a push. `refused`: 429, not processed. */
export const FATE = { accepted: 0, bad: 1, refused: 2, silent: 3 } as const;
export type Fate = (typeof FATE)[keyof typeof FATE];

export interface ProviderOptions {
  platform: Platform;
  latency: Curve;
  limits: ProviderLimits;
  badTokens: number;
  storm: { fromMs: number; untilMs: number; retryAfterMs: number } | null;
  random: Random;
}

/** A bucket may hold so much of a second's worth: a provider counts over a short while, not by the millisecond. */
const BURST = 0.1;

/** APNs or FCM: how long its answers take, and what it takes at most. */
export class SimProvider {
  readonly latency: Draws;
  readonly #options: ProviderOptions;
  #tokens: number;
  #tokensAtMs = 0;
  #minute = 0;
  #inMinute = 0;

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.latency = drawsFrom(options.latency, options.random);
    this.#tokens = options.limits.perSecond * BURST;
  }

  /** Judges one push that arrives now. */
  judge(nowMs: number): Fate {
    const { storm, badTokens, random, limits } = this.#options;
    if (storm !== null && nowMs >= storm.fromMs && nowMs < storm.untilMs) return FATE.refused;
    if ((limits.perSecond > 0 || limits.perMinute > 0) && !this.#mayTake(nowMs)) return FATE.refused;
    return badTokens > 0 && random() < badTokens ? FATE.bad : FATE.accepted;
  }

  /** What a 429 says now. A minute's quota is over when its minute is: who is told to come sooner is refused again. */
  retryAfterMs(nowMs: number): number {
    const { storm, limits } = this.#options;
    return storm !== null && nowMs >= storm.fromMs && nowMs < storm.untilMs ? storm.retryAfterMs : limits.retryAfterMs;
  }

  #mayTake(nowMs: number): boolean {
    const { perSecond, perMinute } = this.#options.limits;
    if (perMinute > 0) {
      const minute = Math.floor(nowMs / 60_000);
      if (minute !== this.#minute) {
        this.#minute = minute;
        this.#inMinute = 0;
      }
      if (this.#inMinute >= perMinute) return false;
    }
    if (perSecond > 0) {
      this.#tokens = Math.min(
        Math.max(1, perSecond * BURST),
        this.#tokens + ((nowMs - this.#tokensAtMs) * perSecond) / 1_000,
      );
      this.#tokensAtMs = nowMs;
      if (this.#tokens < 1) return false;
      this.#tokens -= 1;
    }
    this.#inMinute += 1;
    return true;
  }
}
