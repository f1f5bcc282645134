import type { Logger } from 'pino';
import type { WorkerReport } from '../../contract/report.ts';
import type { Signer } from '../../infra/aws/keyring.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { within } from '../../infra/time-limit.ts';
import type { ShotRuns } from '../send/shot-runs.ts';
import { fitted } from './fit.ts';
import type { Metrics } from './metrics.ts';

export interface ReporterOptions {
  live: Pick<LiveStore, 'putReport'>;
  /** Signs the reports: only then does the roll name this worker. */
  signer: Signer | null;
  /** The present report; built anew each time. */
  report: () => WorkerReport;
  runs: ShotRuns;
  clock: Pick<StoreClock, 'nowMs'>;
  metrics: Metrics | null;
  /** How many report to the same launch, as far as is known. */
  workers: () => number;
  log: Logger;
}

const IDLE_MS = 1_000;
const SENDING_MS = 250;
/**
 * From 60 workers on they report the more seldom the more there are, down to once a second: the table starts with 4,000
 * writes a second for all (docs/facts.md#dynamodb-on-demand).
 */
const SENDING_MS_PER_WORKER = 4;
/** What the reports of a pool may come to in a second, before they give up detail of their curves. */
const POOL_BYTES_PER_SECOND = 2_000_000;
const LEAST_BYTES = 4_096;
/** Reports of a long shot are large (its curve): after this they come every second, unless it stands still. */
const FAST_FOR_MS = 30_000;
const GIVE_UP_MS = 3_000;

/** Writes the worker's report to the live store, every second and four times a second while a shot is young. */
export class Reporter {
  readonly #options: ReporterOptions;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #metricsAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan(0);
  }

  /** Now, besides the regular ones: a change of state should be seen at once. */
  async publish(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
    const { live, report, signer, log } = this.#options;
    this.#writing = within(
      { limitMs: GIVE_UP_MS, what: 'the report was not written', code: 'REPORT_TIMEOUT' },
      (signal) => live.putReport(fitted(report(), this.#bytes()), signer, signal),
    )
      .catch((error: unknown) => {
        log.warn({ err: error }, 'report was not written');
      })
      .finally(() => {
        this.#writing = null;
      });
    await this.#writing;
  }

  /** The last metrics go out here: a short shot may be over between two lines. */
  stop(): void {
    if (!this.#stopped) this.#metrics(0);
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #plan(afterMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#metrics(IDLE_MS);
      void this.publish().then(() => this.#plan(this.#everyMs()));
    }, afterMs);
    this.#timer.unref();
  }

  #everyMs(): number {
    // That one stands still is to be seen soon, and its first push after that.
    const { runs, clock, workers } = this.#options;
    const isWatched = runs
      .all()
      .some(
        (run) =>
          !run.isClosed &&
          (clock.nowMs() - run.authority.shot.pressedAtMs < FAST_FOR_MS ||
            sharedClockMs() - run.activeAtMs > SENDING_MS),
      );
    return isWatched ? Math.min(IDLE_MS, Math.max(SENDING_MS, workers() * SENDING_MS_PER_WORKER)) : IDLE_MS;
  }

  #bytes(): number {
    return Math.max(
      LEAST_BYTES,
      (POOL_BYTES_PER_SECOND * this.#everyMs()) / 1_000 / Math.max(1, this.#options.workers()),
    );
  }

  #metrics(atLeastMs: number): void {
    const { metrics, runs } = this.#options;
    if (metrics === null || performance.now() - this.#metricsAtMs < atLeastMs) return;
    this.#metricsAtMs = performance.now();
    for (const run of runs.all()) metrics.emit(run.tally);
  }
}
