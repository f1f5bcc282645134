import { shareOf } from '../../contract/pace.ts';
import type { Share, ShareOptions, Sight } from '../../contract/pace.ts';

/**
 * The roll: which workers of a pool are there, as the launch's leader calls it about once a second from their reports. It is
 * all that a worker knows of the others. Pure: time is given, in ms of the store's clock.
 */
export interface Roll {
  atMs: number;
  /** `rollName` of each, in the order in which they started. */ workers: readonly string[];
  /** Older workers, which read no roll and can't be named; they count. */ others: number;
}

/** The leader calls every second; a roll that is older was its last for now. One call that is late costs nobody anything in a full pool. */
export const ROLL_FRESH_MS = 2_500;
/** After so long without a leader nobody counts on those of the last roll any more. */
export const ROLL_KEPT_MS = 60_000;
/** Whoever still goes by another roll has read this one by then, or takes its own for an old one; their clocks may differ a little. A worker that has just got ready waits so long for its share. */
const SETTLE_MS = ROLL_FRESH_MS + 500;

/**
 * One worker's view of the roll over time. A share falls at once and rises only when it has stood for long enough that every
 * other worker goes by a roll that allows it: workers read at different moments, and at none of them may their shares be more
 * than the pace. So what counts is the least that each sight of the last seconds gives.
 */
export class RollView {
  readonly #me: string;
  #roll: Roll | null = null;
  #isRead = false;
  /** The last one is the present one. `untilMs`: last seen so. */
  readonly #sights: { sight: Sight; untilMs: number }[] = [];

  constructor(me: string) {
    this.#me = me;
  }

  /** A read that was answered. Null: there is no roll; one that we had stands until it is too old. */
  read(roll: Roll | null, nowMs: number): void {
    const before = this.#roll;
    // A store that answers from a copy, or somebody who puts an old one back: not taken, as long as the newer one is any use.
    if (roll !== null && (before === null || roll.atMs >= before.atMs || this.#modeOf(before, nowMs) !== 'fresh'))
      this.#roll = roll;
    // Where nobody calls a roll nobody has a part of the pace that would have to be given up first.
    if (!this.#isRead && (roll === null || this.#modeOf(roll, nowMs) === 'none')) this.#sights.length = 0;
    this.#isRead = true;
    this.#look(nowMs);
  }

  share(pace: number, nowMs: number, options: ShareOptions): Share {
    this.#look(nowMs);
    const shares = this.#sights.map(({ sight }) => shareOf(pace, sight, options));
    const perSecond = Math.min(...shares.map((share) => share.perSecond));
    return { perSecond, active: shares.every(({ active }) => active) };
  }

  /** How many the last roll counts; 0: there was none. */
  get size(): number {
    return this.#roll === null ? 0 : sizeOf(this.#roll);
  }

  #look(nowMs: number): void {
    const sight = this.#sight(nowMs);
    const last = this.#sights.at(-1);
    if (last !== undefined) last.untilMs = nowMs;
    if (last === undefined || !isSame(last.sight, sight)) this.#sights.push({ sight, untilMs: nowMs });
    while (this.#sights.length > 1 && (this.#sights[0]?.untilMs ?? 0) < nowMs - SETTLE_MS) this.#sights.shift();
  }

  #sight(nowMs: number): Sight {
    if (!this.#isRead) return { mode: 'unread' };
    const roll = this.#roll;
    const mode = roll === null ? 'none' : this.#modeOf(roll, nowMs);
    const size = roll === null ? 0 : sizeOf(roll);
    // On an empty roll nobody would send, though somebody is there: we are.
    if (roll === null || mode === 'none' || size === 0) return { mode: 'none', size };
    const rank = roll.workers.indexOf(this.#me);
    return { mode, size, rank: rank === -1 ? null : rank };
  }

  #modeOf({ atMs }: Roll, nowMs: number): 'fresh' | 'kept' | 'none' {
    const ageMs = nowMs - atMs;
    return ageMs <= ROLL_FRESH_MS ? 'fresh' : ageMs <= ROLL_KEPT_MS ? 'kept' : 'none';
  }
}

function sizeOf({ workers, others }: Roll): number {
  return workers.length + others;
}

function isSame(one: Sight, other: Sight): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
