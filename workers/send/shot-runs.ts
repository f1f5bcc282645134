import type { ShotSnapshot } from '../../contract/report.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { servesFor } from '../../runbooks/launch/skip-cover.ts';
import type { ShotTrace } from '../report/shot-trace.ts';
import { authorityFor } from './authority.ts';
import type { AuthorityCode } from './authority.ts';
import type { HomeCheck } from './home-check.ts';
import { ShotRun } from './shot-run.ts';

export type FoundRun =
  | { ok: true; run: ShotRun }
  | { ok: false; code: AuthorityCode | 'AUDIENCE_NOT_LOADED' | 'HOME_ELSEWHERE'; say: string };

export interface ShotRunsOptions {
  journal: Pick<Journal, 'entries' | 'keyring'>;
  launchId: string;
  /** The record's head as noted in the switch item. */
  head: () => Promise<{ seq: number; hash: string } | null>;
  /** What is in memory now; null while loading. */
  loaded: () => { audienceHash: string; skipListHash: string | null; locales: readonly string[] } | null;
  clock: Pick<StoreClock, 'latestMs'>;
  /** Asked last, before the first push of a shot. */
  atHome: HomeCheck;
  /** A shot is known to run from now on. */
  onRun: (run: ShotRun) => void;
  /** For a shot that was looked for since then, on the shared monotonic clock. Absent or null: nobody traces. */
  traceOf?: (shotId: string, sinceMs: number) => ShotTrace | null;
}

/** Remembered figures of shots that are over, so that reports keep them for the summary. */
const KEPT = 8;
const REFUSAL_HOLDS_MS = 1_000;
const REFUSALS = 1_000;

/** The shots that this worker has looked up in the record: once each, however many batches they have. */
export class ShotRuns {
  readonly #options: ShotRunsOptions;
  readonly #runs = new Map<string, ShotRun>();
  readonly #looking = new Map<string, Promise<FoundRun>>();
  /** What was found wanting, for a second: a flood of forged messages must not become a flood of reads. */
  readonly #refused = new Map<string, { found: FoundRun; atMs: number }>();

  constructor(options: ShotRunsOptions) {
    this.#options = options;
  }

  /** Rejects when the record can't be read; then nothing is remembered. */
  find(shotId: string): Promise<FoundRun> {
    const run = this.#runs.get(shotId);
    if (run !== undefined) return Promise.resolve({ ok: true, run });
    const refused = this.#refused.get(shotId);
    if (refused !== undefined && sharedClockMs() - refused.atMs < REFUSAL_HOLDS_MS)
      return Promise.resolve(refused.found);
    let looking = this.#looking.get(shotId);
    if (looking === undefined) {
      looking = this.#look(shotId)
        .then((found) => this.#remember(shotId, found))
        .finally(() => this.#looking.delete(shotId));
      this.#looking.set(shotId, looking);
    }
    return looking;
  }

  get(shotId: string): ShotRun | undefined {
    return this.#runs.get(shotId);
  }

  all(): ShotRun[] {
    return [...this.#runs.values()];
  }

  /** Takes in what the record says of shots that are over. */
  update(launch: Launch): void {
    for (const run of this.#runs.values()) {
      const shot = launch.shots[run.authority.shot.id];
      if (shot === undefined) continue;
      run.isClosed = shot.closed !== null;
      if (shot.haltedAtMs !== null) run.halt();
      if (run.isClosed && run.inHand === 0) run.trace?.tell(run.tally);
    }
    const over = this.all().filter((run) => run.isClosed && run.inHand === 0);
    for (const run of over.slice(0, Math.max(0, over.length - KEPT))) this.#runs.delete(run.authority.shot.id);
  }

  /** Cumulative figures of all of them; those of a shot that is over are made once. */
  snapshots(): ShotSnapshot[] {
    return this.all().map((run) => {
      if (!run.isClosed || run.inHand > 0) return run.tally.snapshot();
      return (run.lastSnapshot ??= run.tally.snapshot());
    });
  }

  /** For the end of this worker: nobody else tells of what it did. */
  tellTraces(): void {
    for (const { trace, tally } of this.#runs.values()) trace?.tell(tally);
  }

  /** True while a shot that was stopped here by answers is not closed: its batches are left to others. */
  anyCondemned(platform: Platform): boolean {
    return this.all().some((run) => !run.isClosed && run.condemned(platform) !== null);
  }

  #remember(shotId: string, found: FoundRun): FoundRun {
    if (this.#refused.size >= REFUSALS) this.#refused.clear();
    if (found.ok) this.#refused.delete(shotId);
    else this.#refused.set(shotId, { found, atMs: sharedClockMs() });
    return found;
  }

  async #look(shotId: string): Promise<FoundRun> {
    const { journal, launchId, loaded, onRun, traceOf } = this.#options;
    const sinceMs = sharedClockMs();
    const head = await this.#options.head();
    const verdict = authorityFor(launchId, shotId, await journal.entries(launchId), journal.keyring, head);
    if (!verdict.ok) return verdict;
    const { launch, shot } = verdict.authority;
    const memory = loaded();
    if (
      memory === null ||
      memory.audienceHash !== shot.audience.hash ||
      !servesFor(launch.skipList, memory.skipListHash, shot.skipList?.hash ?? null)
    ) {
      return { ok: false, code: 'AUDIENCE_NOT_LOADED', say: 'the audience or skip list of the shot is not in memory' };
    }
    const home = await this.#options.atHome(launch, shotId);
    if (!home.ok) return home;
    const run = new ShotRun(verdict.authority, memory.locales, this.#options.clock);
    run.trace = traceOf?.(shotId, sinceMs) ?? null;
    this.#runs.set(shotId, run);
    onRun(run);
    return { ok: true, run };
  }
}
