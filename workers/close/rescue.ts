import type { Logger } from 'pino';
import type { BatchMessage } from '../../contract/orders.ts';
import type { Claim } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../../runbooks/launch/launch.ts';
import type { TrustedKeys } from '../../runbooks/launch/signers.ts';
import { uncovered } from '../../settle/batch-words.ts';
import type { CloseMemo } from '../../settle/close.ts';
import { lostClaims } from '../../settle/lost-claims.ts';
import type { Part } from '../../settle/part.ts';
import { TAKE_OVER_GRACE_MS } from '../send/take-batch.ts';

/**
 * Wake-ups may be lost, used up or stand behind others: a queue that was purged, an order whose dedup id somebody had used
 * before the press, a group full of messages that are nobody's, dead letters. What of a shot waits to be sent is in record
 * and claims; so a segment that nobody works at gets its batches' messages from here, past the segment queue. They are
 * wake-ups as all others: for what has been sent meanwhile they are harmless.
 *
 * A segment is lost when batches of it are anybody's (unclaimed, handed on, or left by a lease that is over), no lease in it
 * lives, and nothing was claimed or renewed for some seconds; at its beginning when nothing was a second after GO.
 */
export interface RescueOptions {
  claims: Pick<ClaimStore, 'read'>;
  live: Pick<LiveStore, 'signedReports'>;
  launchId: string;
  /** Whose reports this process believes. */
  trusted: TrustedKeys | null;
  queues: Pick<Queues, 'send' | 'depth'>;
  /** Batch queue by platform. */
  batches: Record<Platform, string>;
  /** Earliest that the store's time may be, epoch ms: a lease that may be over by our clock alone is not. */
  earliestMs: () => number;
  /** Why nothing may be claimed now (the switches say so, or can't be read), or null: then it is nobody's fault that nothing is. */
  heldBack: (shot: Shot) => string | null;
  /** This process is getting on with the segment: that costs no look. */
  isBusy: (shotId: string, segment: string) => boolean;
  log: Logger;
  nowMs?: () => number;
}

/** A segment that goes out is cut within some tenths of a second. */
const UNCUT_MS = 1_000;
const STILL_MS = 3_000;
const BACK_OFF_MOST_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/** Of two looks that lie far apart no more than this counts as still: the store was away between them, and so was everybody. */
const COUNTED_MOST_MS = 1_500;
/** Looked at first, in order: where a shot goes on, it goes on among its first unfinished batches. As many are put on a queue that is full. */
const FIRST = 100;
const QUEUE_MOST = 10_000;

/** What was seen of one segment so far. */
interface Seen {
  lookedAtMs: number;
  stillMs: number;
  sign: string | null;
  isCut: boolean;
  rescues: number;
  nextMs: number;
}

export class Rescue {
  readonly #options: RescueOptions;
  /** By shot and segment. */
  readonly #seen = new Map<string, Seen>();

  constructor(options: RescueOptions) {
    this.#options = options;
  }

  /** Whether a look at the shot is worth while now. */
  isDue(shot: Shot): boolean {
    const { heldBack, isBusy } = this.#options;
    const nowMs = this.#nowMs();
    if (shot.closed !== null || shot.haltedAtMs !== null || nowMs < shot.pressedAtMs + UNCUT_MS / 2) return false;
    if (heldBack(shot) !== null) {
      // A pause is no stillness.
      for (const { segment } of shot.segments) this.#seen.delete(keyOf(shot, segment));
      return false;
    }
    return shot.segments.some(({ segment }) => {
      const seen = this.#seen.get(keyOf(shot, segment));
      if (!isBusy(shot.id, segment)) return seen === undefined || nowMs >= seen.nextMs;
      if (seen !== undefined) Object.assign(seen, { stillMs: 0, lookedAtMs: nowMs, isCut: true, rescues: 0 });
      return false;
    });
  }

  /** How many batches of the shot were put on their queues again. Errors: those of the stores. */
  async look(launch: Launch, shot: Shot, parts: readonly Part[], memo: CloseMemo): Promise<number> {
    const areLost = () => this.#areLost(launch, shot, parts);
    let rescued = 0;
    for (const part of parts) {
      const key = keyOf(shot, part.segment);
      if (this.#options.isBusy(shot.id, part.segment) || this.#nowMs() < (this.#seen.get(key)?.nextMs ?? 0)) continue;
      if (this.#nowMs() >= shot.notAfterAtMs[part.platform]) continue;
      rescued += await this.#lookAt(shot, part, memo, key, areLost);
    }
    return rescued;
  }

  /** What is not running any more. */
  forget(running: readonly Shot[]): void {
    const ids = new Set(running.map(({ id }) => id));
    for (const key of this.#seen.keys()) if (!ids.has(key.slice(0, key.indexOf('/')))) this.#seen.delete(key);
  }

  async #lookAt(
    shot: Shot,
    part: Part,
    memo: CloseMemo,
    key: string,
    areLost: () => Promise<boolean>,
  ): Promise<number> {
    const seen = this.#seen.get(key) ?? {
      lookedAtMs: this.#nowMs(),
      stillMs: 0,
      sign: null,
      isCut: false,
      rescues: 0,
      nextMs: 0,
    };
    this.#seen.set(key, seen);
    const open = part.batches.filter((batch) => !memo.final.has(batch.key));
    const first = await this.#read(open.slice(0, FIRST), memo);
    const nowMs = this.#nowMs();
    if (open.length < part.batches.length) seen.isCut = true;
    if (this.#getsOn(seen, first, open.length, nowMs) || !isStill(seen)) return this.#wait(seen, nowMs);
    const all = [...first, ...(await this.#read(open.slice(FIRST), memo))];
    if (this.#hasLive(all)) {
      seen.stillMs = 0;
      return this.#wait(seen, nowMs);
    }
    const lost = all.filter(({ batch, claim }) => isLost(batch, claim)).map(({ batch }) => batch.id);
    if (lost.length === 0 || (await areLost())) return this.#wait(seen, nowMs);
    const some = (await this.#isFull(part.platform)) ? lost.slice(0, FIRST) : lost;
    await this.#send(shot, part, some);
    Object.assign(seen, { rescues: seen.rescues + 1, isCut: true, stillMs: 0 });
    this.#wait(seen, nowMs);
    return some.length;
  }

  #wait(seen: Seen, nowMs: number): 0 {
    seen.nextMs = nowMs + (seen.isCut ? LOOK_EVERY_MS : UNCUT_MS / 2);
    return 0;
  }

  /** A lease lives, or something has changed since the last look; a first one has nothing to compare with. Otherwise it was still for so much longer. */
  #getsOn(seen: Seen, found: readonly Found[], open: number, nowMs: number): boolean {
    const claims = found.flatMap(({ claim }) => claim ?? []);
    const sign = `${open} ${claims.map(({ key, state, token, sendUntilMs, mark }) => `${key} ${state} ${token} ${sendUntilMs} ${mark}`).join()}`;
    const getsOn = this.#hasLive(found) || sign !== seen.sign;
    seen.sign = sign;
    if (claims.length > 0) seen.isCut = true;
    seen.stillMs = getsOn ? 0 : seen.stillMs + Math.min(COUNTED_MOST_MS, nowMs - seen.lookedAtMs);
    if (getsOn) seen.rescues = 0;
    seen.lookedAtMs = nowMs;
    return getsOn;
  }

  #hasLive(found: readonly Found[]): boolean {
    const earliestMs = this.#options.earliestMs();
    return found.some(({ claim }) => claim?.state === 'claimed' && earliestMs < claim.sendUntilMs + TAKE_OVER_GRACE_MS);
  }

  /** Batches without a claim may have been sent then: putting them back would send them twice. */
  async #areLost(launch: Launch, shot: Shot, parts: readonly Part[]): Promise<boolean> {
    const { trusted } = this.#options;
    const lost = await lostClaims(this.#options, launch, { trusted, shotId: shot.id, parts });
    if (lost !== null)
      this.#options.log.error(
        { shotId: shot.id, ...lost },
        'claims of this shot are gone from their table: nothing of it is put back',
      );
    return lost !== null;
  }

  /** So much lies on the queue that nobody takes anything, or somebody floods it: all of it again would only cost claims, and none of it would leave the segment to whoever floods. */
  async #isFull(platform: Platform): Promise<boolean> {
    const { queues, batches } = this.#options;
    const { visible, inFlight, delayed } = await queues.depth(batches[platform]);
    return visible + inFlight + delayed >= QUEUE_MOST;
  }

  async #read(batches: Part['batches'], memo: CloseMemo): Promise<Found[]> {
    const claims = await this.#options.claims.read(
      batches.map(({ key }) => key),
      false,
    );
    for (const { state, key } of claims.values()) if (state === 'accounted' || state === 'closed') memo.final.add(key);
    return batches.map((batch) => ({ batch, claim: claims.get(batch.key) }));
  }

  async #send(shot: Shot, { segment, attempt, platform }: Part, lost: readonly string[]): Promise<void> {
    const { queues, batches, launchId, log } = this.#options;
    log.warn(
      { shotId: shot.id, segment, attempt, batches: lost.length },
      'nobody works at these batches: putting them on their queue again',
    );
    await queues.send(
      batches[platform],
      lost.map((batch) =>
        JSON.stringify({ v: 1, launchId, shotId: shot.id, segment, attempt, batch } satisfies BatchMessage),
      ),
    );
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }
}

/**
 * Half a second after the first look, which is half a second after GO at the earliest; then 3 s, 6 s, 12 s …: messages that are on the queue
 * again are soon found, or the fault is another one.
 */
function isStill({ stillMs, isCut, rescues }: Seen): boolean {
  if (!isCut) return stillMs >= UNCUT_MS / 2;
  return stillMs >= Math.min(BACK_OFF_MOST_MS, STILL_MS * 2 ** Math.max(0, rescues - 1));
}

interface Found {
  batch: Part['batches'][number];
  claim: Claim | undefined;
}

/** Called when no lease lives. A lease that covers all that is left may have been written whole: its holder or a closer says so. */
function isLost({ set }: Part['batches'][number], claim: Claim | undefined): boolean {
  if (claim === undefined || claim.state === 'open') return true;
  return claim.state === 'claimed' && uncovered(claim, set).length > 0;
}

function keyOf(shot: Shot, segment: string): string {
  return `${shot.id}/${segment}`;
}
