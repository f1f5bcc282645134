import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { tellSpan } from '../../infra/watch/spans.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { PLATFORMS } from '../../runbooks/launch/entries.ts';
import type { ShotTally } from './tally.ts';

/** A batch on its way, in epoch ms of the store; null: it has not come so far. */
export interface BatchTimes {
  readonly batch: string;
  readonly platform: Platform;
  readonly devices: number;
  /** Sending thread; null: the main thread. */
  thread: number | null;
  readonly claimFromMs: number;
  claimedMs: number | null;
  /** First write to a socket, and the last answer as far as this thread has heard of it. */
  writtenMs: number | null;
  answeredMs: number | null;
  endMs: number;
}

interface Lane {
  batches: number;
  devices: number;
  firstMs: number;
  lastMs: number;
}

interface Kept {
  first: BatchTimes | null;
  last: BatchTimes | null;
  slowest: BatchTimes | null;
  lanes: Map<number | null, Lane>;
}

const tookMs = ({ claimFromMs, endMs }: BatchTimes): number => endMs - claimFromMs;

/**
 * What a shot's trace has of this worker, told once when the shot is over: the worker, what each thread sent to each provider, and of
 * all batches the first, the last and the slowest of a platform. So it stays at some dozens of spans, however many devices there are.
 */
export class ShotTrace {
  readonly #place: { launchId: string; shotId: string };
  readonly #bootId: string;
  readonly #clock: Pick<StoreClock, 'nowMs'>;
  readonly #startMs: number;
  readonly #kept: Record<Platform, Kept> = { ios: nothingKept(), android: nothingKept() };
  #endMs: number;
  #isTold = false;

  constructor(
    place: { launchId: string; shotId: string },
    { bootId, clock, startMs }: { bootId: string; clock: Pick<StoreClock, 'nowMs'>; startMs: number },
  ) {
    this.#place = place;
    this.#bootId = bootId;
    this.#clock = clock;
    this.#startMs = startMs;
    this.#endMs = clock.nowMs();
    tellSpan({ ...place, ...this.#inside, name: 'read record', startMs, endMs: this.#endMs });
  }

  begin(platform: Platform, batch: string, devices: number): BatchTimes {
    const claimFromMs = this.#clock.nowMs();
    const unknown = { thread: null, claimedMs: null, writtenMs: null, answeredMs: null };
    return { batch, platform, devices, claimFromMs, endMs: claimFromMs, ...unknown };
  }

  /** One that was claimed here, and is accounted for or handed on. */
  end(times: BatchTimes): void {
    times.endMs = this.#clock.nowMs();
    this.#endMs = times.endMs;
    const kept = this.#kept[times.platform];
    kept.first ??= times;
    kept.last = times;
    if (kept.slowest === null || tookMs(times) > tookMs(kept.slowest)) kept.slowest = times;
    const { thread, devices, writtenMs, answeredMs, endMs } = times;
    if (writtenMs === null) return;
    const lane = kept.lanes.get(thread) ?? { batches: 0, devices: 0, firstMs: writtenMs, lastMs: endMs };
    lane.batches += 1;
    lane.devices += devices;
    lane.firstMs = Math.min(lane.firstMs, writtenMs);
    lane.lastMs = answeredMs ?? endMs;
    kept.lanes.set(thread, lane);
  }

  /** Once: what comes after is in the record as a correction. */
  tell(tally: Pick<ShotTally, 'counts'>): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const key = this.#inside.within;
    const attributes = Object.fromEntries(
      PLATFORMS.flatMap((platform) => {
        const { written, accepted, failed, uncertain } = tally.counts(platform);
        return Object.entries({ written, accepted, failed, uncertain }).map(([name, count]) => [
          `${platform}.${name}`,
          count,
        ]);
      }),
    ) as Record<string, number>;
    const startMs = this.#startMs;
    tellSpan({ ...this.#place, name: 'worker', key, startMs, endMs: this.#endMs, attributes });
    for (const platform of PLATFORMS) this.#tellPlatform(platform);
  }

  get #inside(): { within: string } {
    return { within: `worker/${this.#bootId}` };
  }

  #tellPlatform(platform: Platform): void {
    const { lanes, first, last, slowest } = this.#kept[platform];
    for (const [thread, { batches, devices, firstMs, lastMs }] of lanes)
      tellSpan({
        ...this.#place,
        ...this.#inside,
        name: `send ${platform}`,
        startMs: firstMs,
        endMs: lastMs,
        attributes: { thread: thread ?? 'main', batches, devices },
      });
    const named = new Map<BatchTimes, string>();
    for (const [name, times] of Object.entries({ first, last, slowest }))
      if (times !== null) named.set(times, named.has(times) ? `${named.get(times)}, ${name}` : name);
    for (const [times, name] of named) this.#tellBatch(times, name);
  }

  #tellBatch(times: BatchTimes, chosen: string): void {
    const { batch, platform, devices, thread, claimFromMs, claimedMs, writtenMs, answeredMs, endMs } = times;
    const key = `batch/${this.#bootId}/${batch}`;
    const attributes = { batch, platform, devices, thread: thread ?? 'main', chosen };
    tellSpan({ ...this.#place, ...this.#inside, name: 'batch', key, startMs: claimFromMs, endMs, attributes });
    const part = (name: string, startMs: number | null, untilMs: number | null) => {
      if (startMs !== null && untilMs !== null)
        tellSpan({ ...this.#place, within: key, name, startMs, endMs: untilMs });
    };
    part('claim', claimFromMs, claimedMs);
    part('provider', writtenMs, answeredMs);
    part('account', answeredMs, endMs);
  }
}

const nothingKept = (): Kept => ({ first: null, last: null, slowest: null, lanes: new Map() });
