import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import type { CloseDeps } from '../../../settle/close.ts';
import { manifestReader } from '../../../settle/close.ts';
import { setReader } from '../../../settle/frozen-sets.ts';
import { correctLateAccounts, LateMemo } from '../../../settle/late-accounts.ts';
import type { Context } from '../context.ts';

/** The pause between two looks is this part of the time since the close: 5 s after five minutes, a minute after an hour. */
const PART_OF_AGE = 60;

/** Accounts that came after the close of their shot, and whose worker did not live to record it. */
export class LateAccounts {
  readonly #context: Context;
  readonly #deps: CloseDeps;
  readonly #memos = new Map<string, LateMemo>();
  readonly #lookedAtMs = new Map<string, number>();
  readonly #settled = new Set<string>();

  constructor(context: Context) {
    const { cloud, journal } = context;
    this.#context = context;
    this.#deps = {
      claims: cloud.claims,
      journal,
      manifestOf: manifestReader(cloud.objects),
      setOf: setReader(cloud.objects),
    };
  }

  /** Looks at each closed shot until no account can be recorded any more: none is missing, or the launch is closed. A worker may be cut off for hours and come back with what it knows. At least once, also after a restart and after the launch. */
  async look(launch: Launch): Promise<void> {
    const { nowMs, timings, log } = this.#context;
    for (const shot of this.#open(launch)) {
      const pauseMs = Math.min(timings.lateAccountsMostMs, (nowMs() - (shot.closed?.atMs ?? 0)) / PART_OF_AGE);
      if (!launch.closed && nowMs() - (this.#lookedAtMs.get(shot.id) ?? Number.NEGATIVE_INFINITY) < pauseMs) continue;
      this.#lookedAtMs.set(shot.id, nowMs());
      const memo = this.#memos.get(shot.id) ?? new LateMemo();
      this.#memos.set(shot.id, memo);
      const { waiting, refused } = await correctLateAccounts(this.#deps, launch, shot, memo);
      for (const why of refused)
        log.error({ launchId: launch.id, shotId: shot.id, why }, 'a late account could not be recorded');
      if (waiting > 0 && !launch.closed) continue;
      this.#settled.add(shot.id);
      this.#memos.delete(shot.id);
      this.#lookedAtMs.delete(shot.id);
    }
  }

  isSettled(launch: Launch): boolean {
    return this.#open(launch).length === 0;
  }

  #open(launch: Launch): Shot[] {
    return Object.values(launch.shots).filter(
      (shot) => !this.#settled.has(shot.id) && shot.totals?.some(({ totals }) => totals.uncertain > 0) === true,
    );
  }
}
