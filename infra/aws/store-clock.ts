import { sharedClockMs } from '../monotonic.ts';

/**
 * The store's time, which all processes have in common, whatever their own wall clocks show (docs/decisions/store-time.md).
 *
 * Every answer of DynamoDB carries a `Date` in whole seconds, cut off. It was written between the try (`sentAtMs`) and the
 * answer (`answeredAtMs`), so that the store's time less our monotonic clock is at least `date - answeredAtMs` and less
 * than `date + 1 s - sentAtMs`. Many answers at different moments of a second narrow that down to some tens of milliseconds.
 *
 * Who writes asks `latestMs`, and so stops early; who takes away (closes, takes over, calls lost) asks `earliestMs`.
 * `nowMs` is for all else: what the machine's own clock said at the first answer, as long as the answers allow it (a
 * machine that follows NTP is far more exact than a whole second), else the middle of what they allow.
 */
export interface StoreClock {
  /** Epoch ms. Before the first answer all three are the machine's own wall clock. */
  readonly nowMs: () => number;
  readonly earliestMs: () => number;
  readonly latestMs: () => number;
  /** `nowMs` of another moment of the shared monotonic clock. Cheap enough to be asked for every device. */
  readonly atMs: (monotonicMs: number) => number;
  /** How far the machine's own wall clock is ahead of the store's, give or take `errorMs`. Null: no answer yet. */
  readonly offset: () => ClockOffset | null;
  /** One more answer, also one that another thread has got. */
  readonly answered: (answer: StampedAnswer) => void;
}

export interface ClockOffset {
  aheadMs: number;
  errorMs: number;
}

/** `dateMs`: of the header, epoch ms. The others: `sharedClockMs`, just before the try and just after its answer. */
export interface StampedAnswer {
  dateMs: number;
  sentAtMs: number;
  answeredAtMs: number;
}

/** Bounds are kept for one to two of these, so that one wrong answer is forgotten. */
const WINDOW_MS = 60_000;
/** How fast a monotonic clock may drift from the store's. Crystals are within 100 ppm. */
const DRIFT = 100e-6;
/** Servers that keep the header's text renew it by a timer, which may be late by so much; seen with node's own. */
const STALE_MS = 20;
/** An answer this far outside of what all others allow needs others that say the same. */
const DOUBT_MS = 250;
/** So many in a row when the store seems to be ahead of what we took it for: our monotonic clock stood still, or the store's was set. */
const AHEAD_TAKES = 2;
/** And when it seems to be behind, for so long too: a busy server's header may be old for a while, and says nothing then. */
const BEHIND_TAKES = 5;
const BEHIND_TAKES_MS = 3_000;

/** Least and most that the store's time is ahead of the monotonic clock, in ms, at `atMs` of the latter. */
interface Bounds {
  least: number;
  most: number;
  atMs: number;
}

export function createStoreClock({
  wallMs = Date.now,
  monotonicMs = sharedClockMs,
}: { wallMs?: () => number; monotonicMs?: () => number } = {}): StoreClock {
  let older: Bounds | null = null;
  let newer: Bounds | null = null;
  let newerSinceMs = 0;
  let doubt: (Bounds & { times: number; sinceMs: number }) | null = null;
  /** Our own clock at the first of these answers, less the monotonic one. */
  let ownAhead = 0;
  /** What `nowMs` adds to the monotonic clock. */
  let ahead = 0;

  const known = (atMs: number): Bounds | null => (newer === null ? null : both(newer, older, atMs));

  function take(found: Bounds, atMs: number): void {
    if (newer === null) {
      // The wall clock counts whole milliseconds.
      ownAhead = wallMs() + 0.5 - monotonicMs();
      newerSinceMs = atMs;
    } else if (atMs - newerSinceMs >= WINDOW_MS) {
      older = newer;
      newer = null;
      newerSinceMs = atMs;
    }
    newer = newer === null ? found : both(newer, found, atMs);
    doubt = null;
    const { least, most } = both(newer, older, atMs);
    ahead = ownAhead >= least && ownAhead <= most ? ownAhead : (least + most) / 2;
  }

  /** True: enough answers in a row say the same. */
  function isSettled(found: Bounds, isAhead: boolean, atMs: number): boolean {
    const last = doubt === null ? null : agedTo(doubt, atMs);
    const agrees = last !== null && found.least <= last.most && found.most >= last.least;
    doubt = {
      ...(agrees ? both(last, found, atMs) : found),
      times: agrees && doubt !== null ? doubt.times + 1 : 1,
      sinceMs: agrees && doubt !== null ? doubt.sinceMs : atMs,
    };
    return isAhead
      ? doubt.times >= AHEAD_TAKES
      : doubt.times >= BEHIND_TAKES && atMs - doubt.sinceMs >= BEHIND_TAKES_MS;
  }

  const at = (atMs: number): number =>
    newer === null ? Math.floor(wallMs() + atMs - monotonicMs()) : Math.floor(atMs + ahead);

  function latest(): number {
    const atMs = monotonicMs();
    const bounds = known(atMs);
    if (bounds === null) return wallMs();
    // What is not believed yet may be true: a writer stops for it.
    return atMs + Math.max(bounds.most, doubt === null ? bounds.most : agedTo(doubt, atMs).most);
  }

  return {
    nowMs: () => (newer === null ? wallMs() : at(monotonicMs())),
    atMs: at,
    earliestMs() {
      const atMs = monotonicMs();
      const bounds = known(atMs);
      return bounds === null ? wallMs() : Math.floor(atMs + bounds.least);
    },
    latestMs: () => Math.ceil(latest()),
    offset() {
      const atMs = monotonicMs();
      const bounds = known(atMs);
      if (bounds === null) return null;
      return {
        aheadMs: Math.round(wallMs() - atMs - (bounds.least + bounds.most) / 2),
        errorMs: Math.ceil((bounds.most - bounds.least) / 2),
      };
    },
    answered({ dateMs, sentAtMs, answeredAtMs: atMs }) {
      if (!Number.isFinite(dateMs) || answerIsOdd(sentAtMs, atMs)) return;
      const found = { least: dateMs - atMs, most: dateMs + 1_000 + STALE_MS - sentAtMs, atMs };
      const before = known(atMs);
      const isAhead = before !== null && found.least > before.most + DOUBT_MS;
      const isBehind = before !== null && found.most < before.least - DOUBT_MS;
      if (isAhead || isBehind) {
        if (!isSettled(found, isAhead, atMs)) return;
        // None of the earlier ones holds any more.
        older = null;
        newer = null;
      }
      take(found, atMs);
    },
  };
}

const answerIsOdd = (sentAtMs: number, answeredAtMs: number) => !(answeredAtMs >= sentAtMs);

/** The bounds as they are worth later, or as they were a little earlier (another thread's answer comes after ours). */
function agedTo({ least, most, atMs }: Bounds, nowMs: number): Bounds {
  const drift = Math.abs(nowMs - atMs) * DRIFT;
  return { least: least - drift, most: most + drift, atMs: nowMs };
}

/** What both allow. Where they contradict each other, a header was old: that makes its upper bound wrong and leaves all lower ones right. */
function both(one: Bounds, other: Bounds | null, atMs: number): Bounds {
  const a = agedTo(one, atMs);
  if (other === null) return a;
  const b = agedTo(other, atMs);
  const least = Math.max(a.least, b.least);
  const good = [a.most, b.most].filter((most) => most >= least);
  return { least, most: Math.min(...good), atMs };
}

/** For a process without a store, and for tests: the machine's own clock, or another one, taken for the store's. */
export function wallClock(nowMs: () => number = Date.now): StoreClock {
  return {
    nowMs,
    earliestMs: nowMs,
    latestMs: nowMs,
    atMs: (monotonicMs) => Math.floor(nowMs() + monotonicMs - sharedClockMs()),
    offset: () => null,
    answered: () => undefined,
  };
}
