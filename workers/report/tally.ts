import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';
import type { PlatformCounts, ShotSnapshot, VariantCounts } from '../../contract/report.ts';
import { addReason, countsOf, noCounts } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { DeviceState, Platform } from '../../runbooks/launch/entries.ts';
import { stateOf } from '../../settle/account-codec.ts';

const SLOT_MS = 100;
/** Answers later than this are counted as this late: an hour is past every window. */
const LONGEST_MS = 3_600_000;

type Counted = Record<DeviceState, number> & { written: number };

/** What this boot has done for one shot, from GO on. Cumulative: any one snapshot replaces all earlier ones. */
export class ShotTally {
  readonly shotId: string;
  readonly #pressedAtMs: number;
  readonly #platforms: Record<Platform, PlatformTally> = { ios: new PlatformTally(), android: new PlatformTally() };
  readonly #variants = new Map<string, VariantCounts>();
  #firstWriteAtMs: number | null = null;
  #lastWriteAtMs: number | null = null;

  constructor(shotId: string, pressedAtMs: number) {
    this.shotId = shotId;
    this.#pressedAtMs = pressedAtMs;
  }

  /** `writes` of them, the first at `firstAtMs` and the last at `atMs`. Threads tell of theirs in any order. */
  wrote(platform: Platform, atMs: number, writes = 1, firstAtMs = atMs): void {
    this.#platforms[platform].counts.written += writes;
    if (this.#firstWriteAtMs === null || firstAtMs < this.#firstWriteAtMs) this.#firstWriteAtMs = firstAtMs;
    if (this.#lastWriteAtMs === null || atMs > this.#lastWriteAtMs) this.#lastWriteAtMs = atMs;
  }

  settled(platform: Platform, state: DeviceState, reason: string | null, atMs: number): void {
    const tally = this.#platforms[platform];
    tally.counts[state] += 1;
    if (state === 'accepted') tally.accepted(Math.min(LONGEST_MS, Math.max(0, atMs - this.#pressedAtMs)));
    else if (state === 'failed' && reason !== null) addReason(tally.reasons, reason, 1);
  }

  /** A batch is done, with these codes of its devices. Once a batch, so that no device pays for it. */
  batchDone(variant: string | null, states: Uint8Array): void {
    if (variant === null) return;
    const counted = this.#variants.get(variant) ?? { variant, accepted: 0, failed: 0, others: 0 };
    this.#variants.set(variant, counted);
    for (const code of states) {
      const state = stateOf(code);
      if (state === 'accepted') counted.accepted += 1;
      else if (state === 'failed' || state === 'bad-token') counted.failed += 1;
      else if (state !== 'absent') counted.others += 1;
    }
  }

  counts(platform: Platform): Readonly<Counted> {
    return this.#platforms[platform].counts;
  }

  reasons(platform: Platform): Readonly<Counts> {
    return this.#platforms[platform].reasons;
  }

  /** Milliseconds since GO by which this share (0 to 100) of the accepted answers had come. */
  percentileMs(platform: Platform, percentile: number): number {
    return this.#platforms[platform].percentileMs(percentile);
  }

  snapshot(): ShotSnapshot {
    return {
      shotId: this.shotId,
      platforms: Object.fromEntries(
        PLATFORMS.map((platform) => [platform, this.#platforms[platform].snapshot()]),
      ) as Record<Platform, PlatformCounts>,
      ...(this.#variants.size === 0 ? {} : { variants: [...this.#variants.values()].map((one) => ({ ...one })) }),
      firstWriteAtMs: this.#firstWriteAtMs,
      lastWriteAtMs: this.#lastWriteAtMs,
    };
  }
}

/**
 * Answers of the first seconds are counted by the millisecond, and come into histogram and curve when these are asked for:
 * straight into the histogram each costs more than everything else that is done for its device.
 */
const COUNTED_MS = 8_192;

class PlatformTally {
  readonly counts: Counted = { written: 0, accepted: 0, failed: 0, uncertain: 0, halted: 0, late: 0, skipped: 0 };
  readonly reasons = noCounts();
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS,
    numberOfSignificantValueDigits: 3,
  });
  readonly #curve: number[] = [];
  readonly #perMs = new Uint32Array(COUNTED_MS);
  #counted = 0;

  accepted(sinceGoMs: number): void {
    const ms = Math.round(sinceGoMs);
    if (ms >= COUNTED_MS) return this.#record(ms, 1);
    this.#perMs[ms] = (this.#perMs[ms] ?? 0) + 1;
    this.#counted += 1;
  }

  percentileMs(percentile: number): number {
    this.#sum();
    return this.#histogram.getValueAtPercentile(percentile);
  }

  snapshot(): PlatformCounts {
    this.#sum();
    const curve: [number, number][] = [];
    // Sparse: forEach passes over the slots that were never set.
    this.#curve.forEach((times, slot) => curve.push([slot, times]));
    return {
      ...this.counts,
      reasons: countsOf(Object.entries(this.reasons)),
      histogram: encodeIntoCompressedBase64(this.#histogram),
      curve,
    };
  }

  #sum(): void {
    for (let ms = 0; ms < COUNTED_MS && this.#counted > 0; ms++) {
      const times = this.#perMs[ms] ?? 0;
      if (times === 0) continue;
      this.#perMs[ms] = 0;
      this.#counted -= times;
      this.#record(ms, times);
    }
  }

  #record(ms: number, times: number): void {
    this.#histogram.recordValueWithCount(ms, times);
    const slot = Math.floor(ms / SLOT_MS);
    this.#curve[slot] = (this.#curve[slot] ?? 0) + times;
  }
}
