import { emf } from '../../infra/watch/emf.ts';
import type { MetricName } from '../../infra/watch/metric-names.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { ShotTally } from './tally.ts';

/** What shots do, as embedded metric lines on stdout. Rates are since the last line; latencies are since GO. */
export interface MetricsOptions {
  launchId: string;
  pool: string;
  bootId: string;
  write: (line: string) => void;
  nowMs?: () => number;
}

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #before = new Map<
    string,
    { accepted: number; failed: number; written: number; reasons: Map<string, number>; atMs: number }
  >();

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /** One line per platform that has moved since the last call, and one per reason that has grown. */
  emit(tally: ShotTally): void {
    for (const platform of PLATFORMS) this.#platform(tally, platform);
  }

  #platform(tally: ShotTally, platform: Platform): void {
    const { nowMs = Date.now } = this.#options;
    const key = `${tally.shotId}/${platform}`;
    const counts = tally.counts(platform);
    const before = this.#before.get(key) ?? {
      accepted: 0,
      failed: 0,
      written: 0,
      reasons: new Map<string, number>(),
      atMs: nowMs() - 1_000,
    };
    const now = {
      accepted: counts.accepted,
      failed: counts.failed,
      written: counts.written,
      reasons: new Map(Object.entries(tally.reasons(platform))),
      atMs: nowMs(),
    };
    if (now.written === before.written && now.accepted === before.accepted && now.failed === before.failed) return;
    this.#before.set(key, now);
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000);
    const dimensions = { Pool: this.#options.pool, Platform: platform };
    this.#line(dimensions, tally.shotId, now.atMs, {
      AcceptedPerSecond: (now.accepted - before.accepted) / seconds,
      Written: now.written - before.written,
      Accepted: now.accepted - before.accepted,
      Failed: now.failed - before.failed,
      Uncertain: counts.uncertain,
      SinceGoP50: tally.percentileMs(platform, 50),
      SinceGoP95: tally.percentileMs(platform, 95),
      SinceGoP99: tally.percentileMs(platform, 99),
    });
    for (const [reason, times] of now.reasons) {
      const grown = times - (before.reasons.get(reason) ?? 0);
      if (grown > 0) this.#line({ ...dimensions, Reason: reason }, tally.shotId, now.atMs, { FailedByReason: grown });
    }
  }

  #line(
    dimensions: Record<string, string>,
    shotId: string,
    atMs: number,
    values: Partial<Record<MetricName, number>>,
  ): void {
    const { launchId, bootId, write } = this.#options;
    write(JSON.stringify(emf(atMs, dimensions, values, { more: { launchId, shotId, bootId }, everySecond: true })));
  }
}
