import type { Logger } from 'pino';
import type { Share } from '../../contract/pace.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import type { Queues } from '../../infra/aws/queues.ts';
import { sharedClockMs } from '../halt/switch-view.ts';
import { VISIBILITY_SECONDS } from './prefetch-buffer.ts';
import { devicesIn, grant, markAfter } from './take-batch.ts';
import type { HeldBatch, LeaseClock } from './take-batch.ts';

/**
 * Renews the leases of the batches that this worker sends, and keeps their messages its own. At full speed a batch is gone
 * before either is due. A batch that nothing is written of for a whole lease, while it may be, is given back: another worker
 * may have a connection that works. Renewing takes the store: a worker that is cut off, or paused, loses its leases by itself.
 */
export interface KeeperOptions {
  claims: Pick<ClaimStore, 'renew'>;
  queues: Pick<Queues, 'handBack'>;
  /** The platform's batch queue. */
  queue: string;
  clock: LeaseClock;
  share: () => Share;
  /** Writing waits, whatever the connections do: the switches can't be read, or a lift is on its way. */
  isPaused: () => boolean;
  log: Logger;
  everyMs?: number;
}

/** What the sender of a batch tells of its progress. */
export interface Kept {
  wrote(writes: number): void;
  /** So many writes were refused unread: their devices are unsent again. */
  again(writes: number): void;
  /** One device, at that time of the shared monotonic clock. */
  settled(atMs: number): void;
}

interface Keeping {
  held: HeldBatch;
  receipt: string;
  leaseMs: number;
  /** What was last asked for. It may stand in the store although that was never heard, and a lease does not shrink. */
  asked: { sendUntilMs: number; mark: number };
  /** Devices: writes less those that were refused unread. */
  writes: number;
  settled: number;
  /** When something of it was last written or answered, or it could not have been; shared monotonic clock. */
  movedAtMs: number;
  /** When its message's visibility was last begun. */
  visibleFromMs: number;
  isRenewing: boolean;
}

const EVERY_MS = 100;
const EXTEND_AFTER_MS = 4_000;
/** A pace may leave so many times its own gap between two writes of a batch. */
const GAPS = 3;

export class LeaseKeeper {
  readonly #options: KeeperOptions;
  readonly #keeping = new Map<HeldBatch, Keeping>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** From the claim on until `drop`. `leaseMs`: how long a lease lasts. */
  keep(held: HeldBatch, receipt: string, leaseMs: number): Kept {
    const nowMs = sharedClockMs();
    const keeping: Keeping = {
      held,
      receipt,
      leaseMs,
      asked: held,
      writes: 0,
      settled: 0,
      movedAtMs: nowMs,
      visibleFromMs: nowMs,
      isRenewing: false,
    };
    this.#keeping.set(held, keeping);
    this.#timer ??= setInterval(() => this.#look(), this.#options.everyMs ?? EVERY_MS);
    return {
      wrote(writes) {
        keeping.writes += writes;
        keeping.movedAtMs = sharedClockMs();
      },
      again(writes) {
        keeping.writes -= writes;
      },
      settled(atMs) {
        keeping.settled += 1;
        if (atMs > keeping.movedAtMs) keeping.movedAtMs = atMs;
      },
    };
  }

  drop(held: HeldBatch): void {
    this.#keeping.delete(held);
    if (this.#keeping.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Nothing more of any of them is written: what is unwritten goes to others. */
  giveBackAll(): void {
    for (const { held } of this.#keeping.values()) held.lease.giveBack();
  }

  #look(): void {
    const nowMs = sharedClockMs();
    const share = this.#options.share();
    for (const keeping of this.#keeping.values()) {
      if (keeping.settled >= keeping.held.toSend.length) continue;
      // A pause, or a store that does not renew, says nothing of the connections.
      if (this.#options.isPaused() || keeping.held.lease.leftMs(nowMs) <= 0) keeping.movedAtMs = nowMs;
      if (this.#isStuck(keeping, share, nowMs)) keeping.held.lease.giveBack();
      if (!keeping.isRenewing && isDue(keeping, share, nowMs)) void this.#renew(keeping, share);
    }
    this.#extend(nowMs);
  }

  /** Of what is written the answers are waited for, by whoever wrote it. */
  #isStuck({ held, writes, leaseMs, movedAtMs }: Keeping, { perSecond, active }: Share, nowMs: number): boolean {
    if (held.isLost || writes >= held.toSend.length) return false;
    return !active || nowMs - movedAtMs > Math.max(leaseMs, perSecond === 0 ? 0 : (GAPS * 1_000) / perSecond);
  }

  async #renew(keeping: Keeping, share: Share): Promise<void> {
    const { claims, clock, log } = this.#options;
    const { held, leaseMs, asked } = keeping;
    keeping.isRenewing = true;
    const untilMs = Math.min(clock.latestMs() + leaseMs, held.notAfterMs);
    const lease = {
      sendUntilMs: Math.max(asked.sendUntilMs, untilMs),
      mark: Math.max(asked.mark, markFor(keeping, share)),
    };
    keeping.asked = lease;
    try {
      if (await claims.renew(held.key, held.token, lease)) grant(held, lease, clock);
      // It may be accounted for by now.
      else if (this.#keeping.has(held)) {
        log.warn({ key: held.key }, 'a batch was given up on this worker; what is unwritten of it is left to others');
        held.isLost = true;
        held.lease.giveBack();
      }
    } catch (error) {
      // Not known to be in: written no further than before, and asked again.
      log.warn({ err: error, key: held.key }, 'a lease could not be renewed; trying again');
    } finally {
      keeping.isRenewing = false;
    }
  }

  #extend(nowMs: number): void {
    const due = [...this.#keeping.values()].filter(({ visibleFromMs }) => nowMs - visibleFromMs > EXTEND_AFTER_MS);
    if (due.length === 0) return;
    for (const keeping of due) keeping.visibleFromMs = nowMs;
    const { queues, queue, log } = this.#options;
    queues
      .handBack(
        queue,
        due.map(({ receipt }) => receipt),
        VISIBILITY_SECONDS,
      )
      .catch((error: unknown) =>
        log.warn(
          { err: error, messages: due.length },
          'messages could not be kept; whoever gets them sees whose their batches are',
        ),
      );
  }
}

/** Half of the lease is over, or half of what it covers is written. */
function isDue(keeping: Keeping, { perSecond }: Share, nowMs: number): boolean {
  const { held, leaseMs, writes } = keeping;
  if (held.isLost) return false;
  if (held.lease.leftMs(nowMs) < leaseMs / 2) return true;
  const left = markFor(keeping, { perSecond, active: true });
  return left > held.mark && (perSecond === 0 || placesBelow(held) - writes < devicesIn(leaseMs, perSecond) / 2);
}

/** Up to where it may be written during a lease that begins now; never lower than it was. */
function markFor({ held, leaseMs, writes }: Keeping, { perSecond }: Share): number {
  const mark =
    perSecond === 0 ? Number.POSITIVE_INFINITY : markAfter(held.toSend, writes + devicesIn(leaseMs, perSecond));
  return Math.max(held.mark, mark);
}

/** How many of its devices the lease covers. */
function placesBelow({ toSend, mark }: HeldBatch): number {
  let low = 0;
  for (let high = toSend.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((toSend[middle] ?? 0) < mark) low = middle + 1;
    else high = middle;
  }
  return low;
}
