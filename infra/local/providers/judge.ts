import { addCount, noCounts } from '../../../runbooks/launch/counts.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import { mergedCurve } from './curve.ts';
import { Reach, Tally } from './tally.ts';

interface PlatformFigures {
  received: number;
  distinctDevices: number;
  duplicates: number;
}

/** What GET /counts says. */
export interface Counts extends PlatformFigures {
  byPlatform: Record<Platform, PlatformFigures>;
  /** Epoch ms; null before the first receipt. */
  firstAtMs: number | null;
  lastAtMs: number | null;
  /** Answers written, by status and reason; the rest of `received` got none. */
  answers: Record<string, number>;
  /** [start of a 100 ms slot in epoch ms, receipts]. */
  curve: [number, number][];
  shots: string[];
}

/** Told of every receipt; the ledger listens. */
export interface Witness {
  receipt(tally: Tally, high: number, low: number): void;
}

/**
 * Counts what each device received, by what the pushes themselves say (their `gobutton` field), and knows
 * nothing else of the sender. Requests that were refused or not authenticated never get here.
 */
export class Judge {
  readonly tallies: Tally[] = [];
  readonly #byKey = new Map<string, Tally>();
  readonly #reach = new Map<string, Reach>();
  witness: Witness | null = null;

  tally(launchId: string, shotId: string, platform: Platform): Tally {
    const key = JSON.stringify([launchId, shotId, platform]);
    let tally = this.#byKey.get(key);
    if (tally === undefined) {
      tally = new Tally(this.tallies.length, launchId, shotId, platform, this.#reachOf(launchId, platform));
      this.tallies.push(tally);
      this.#byKey.set(key, tally);
    }
    return tally;
  }

  /** One whole, authenticated request for a device; true if the device had one before. */
  receive(tally: Tally, high: number, low: number, nowMs: number): boolean {
    tally.curve.add(nowMs);
    this.witness?.receipt(tally, high, low);
    return tally.receive(high, low);
  }

  launches(): string[] {
    return [...new Set(this.tallies.map((tally) => tally.launchId))];
  }

  /** Figures of one shot, or of a launch's real shots (test and prime sends left out). */
  counts(launchId: string, shotId: string | null): Counts {
    const ofLaunch = this.tallies.filter((tally) => tally.launchId === launchId);
    const chosen = ofLaunch.filter((tally) => (shotId === null ? !tally.rehearsal : tally.shotId === shotId));
    const platform = (name: Platform): PlatformFigures => {
      const here = chosen.filter((tally) => tally.platform === name);
      const received = here.reduce((sum, tally) => sum + tally.received, 0);
      const distinctDevices =
        shotId === null
          ? (this.#reach.get(reachKey(launchId, name))?.distinct ?? 0)
          : here.reduce((sum, tally) => sum + tally.distinct, 0);
      return { received, distinctDevices, duplicates: received - distinctDevices };
    };
    const byPlatform = { ios: platform('ios'), android: platform('android') };
    const answers = noCounts();
    for (const tally of chosen) for (const [key, count] of tally.answers) addCount(answers, key, count);
    const times = (pick: 'firstAtMs' | 'lastAtMs') =>
      chosen.map((tally) => tally.curve[pick]).filter((atMs) => atMs !== null);
    const firsts = times('firstAtMs');
    return {
      received: byPlatform.ios.received + byPlatform.android.received,
      distinctDevices: byPlatform.ios.distinctDevices + byPlatform.android.distinctDevices,
      duplicates: byPlatform.ios.duplicates + byPlatform.android.duplicates,
      byPlatform,
      firstAtMs: firsts.length === 0 ? null : Math.min(...firsts),
      lastAtMs: firsts.length === 0 ? null : Math.max(...times('lastAtMs')),
      answers,
      curve: mergedCurve(chosen.map((tally) => tally.curve)),
      shots: [...new Set(ofLaunch.map((tally) => tally.shotId))],
    };
  }

  reset(): void {
    this.tallies.length = 0;
    this.#byKey.clear();
    this.#reach.clear();
  }

  #reachOf(launchId: string, platform: Platform): Reach {
    const key = reachKey(launchId, platform);
    const reach = this.#reach.get(key) ?? new Reach();
    this.#reach.set(key, reach);
    return reach;
  }
}

function reachKey(launchId: string, platform: Platform): string {
  return `${platform}/${launchId}`;
}
