import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { ShotTally } from './tally.ts';

/**
 * CloudWatch embedded metric lines: plain JSON on stdout that CloudWatch Logs turns into metrics (at most 100 metrics
 * and 30 dimensions an event, docs/facts.md#cloudwatch-emf). Rates are since the last line; latencies are since GO.
 */
export interface MetricsOptions {
  launchId: string;
  pool: string;
  bootId: string;
  write: (line: string) => void;
  nowMs?: () => number;
}

const NAMESPACE = 'gobutton';
const SECOND = 1;

interface Metric {
  name: string;
  unit: 'Count' | 'Count/Second' | 'Milliseconds';
  value: number;
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
    this.#line(dimensions, tally.shotId, now.atMs, [
      { name: 'AcceptedPerSecond', unit: 'Count/Second', value: (now.accepted - before.accepted) / seconds },
      { name: 'Written', unit: 'Count', value: now.written - before.written },
      { name: 'Accepted', unit: 'Count', value: now.accepted - before.accepted },
      { name: 'Failed', unit: 'Count', value: now.failed - before.failed },
      { name: 'Uncertain', unit: 'Count', value: counts.uncertain },
      { name: 'SinceGoP50', unit: 'Milliseconds', value: tally.percentileMs(platform, 50) },
      { name: 'SinceGoP95', unit: 'Milliseconds', value: tally.percentileMs(platform, 95) },
      { name: 'SinceGoP99', unit: 'Milliseconds', value: tally.percentileMs(platform, 99) },
    ]);
    for (const [reason, times] of now.reasons) {
      const grown = times - (before.reasons.get(reason) ?? 0);
      if (grown > 0)
        this.#line({ ...dimensions, Reason: reason }, tally.shotId, now.atMs, [
          { name: 'FailedByReason', unit: 'Count', value: grown },
        ]);
    }
  }

  #line(dimensions: Record<string, string>, shotId: string, atMs: number, metrics: readonly Metric[]): void {
    const { launchId, bootId, write } = this.#options;
    write(
      JSON.stringify({
        _aws: {
          Timestamp: atMs,
          CloudWatchMetrics: [
            {
              Namespace: NAMESPACE,
              Dimensions: [Object.keys(dimensions)],
              Metrics: metrics.map(({ name, unit }) => ({ Name: name, Unit: unit, StorageResolution: SECOND })),
            },
          ],
        },
        ...dimensions,
        ...Object.fromEntries(metrics.map(({ name, value }) => [name, Math.round(value * 1_000) / 1_000])),
        launchId,
        shotId,
        bootId,
      }),
    );
  }
}
