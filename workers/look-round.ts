import type { Journal } from '../infra/aws/journal.ts';
import type { LiveStore } from '../infra/aws/live-store.ts';
import type { StoreClock } from '../infra/aws/store-clock.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { isOrderWaiting } from '../runbooks/launch/remaining.ts';
import type { Memory } from './memory.ts';
import type { Sender } from './send/sender.ts';
import type { ShotRuns } from './send/shot-runs.ts';

export interface LookRoundOptions {
  journal: Pick<Journal, 'launch' | 'news'>;
  /** Whether this is the round in which the record's end is looked at again; in the others only what is new is read. */
  isThorough: boolean;
  live: Pick<LiveStore, 'poolLaunch'>;
  clock: Pick<StoreClock, 'nowMs'>;
  pool: string;
  launchId: string;
  /** Whether the launch is set by configuration: then it stays. */
  isFixed: boolean;
  memory: Pick<Memory, 'isStale' | 'onlySkipsMore' | 'follow' | 'current'>;
  runs: Pick<ShotRuns, 'update'>;
  senders: readonly Pick<Sender, 'pause'>[];
  /** The launch as it is now. */
  onLaunch: (launch: Launch) => void;
  isSending: () => boolean;
  /** Whether a shot runs or an order waits: pushes may go out at any moment. */
  onUnderWay: (isUnderWay: boolean) => void;
  /** The pool has been given to another launch. */
  onMoved: () => void;
}

/** Before anything is sent the record is read whole at its end anyhow (dispatcher, senders). */
export const THOROUGH_EVERY = 10;

/** What a worker does every second: takes in what is new in the record, and whether the pool is still its launch's. */
export async function lookRound({
  journal,
  isThorough,
  live,
  clock,
  pool,
  launchId,
  isFixed,
  memory,
  runs,
  senders,
  onLaunch,
  isSending,
  onUnderWay,
  onMoved,
}: LookRoundOptions): Promise<void> {
  const launch = await (isThorough ? journal.launch(launchId) : journal.news(launchId));
  if (launch === null) return;
  onLaunch(launch);
  runs.update(launch);
  const sending = isSending();
  onUnderWay(sending || isOrderWaiting(launch, clock.nowMs()));
  // What runs needs what it has begun with, less who is to get nothing any more; without anything in memory there is nothing to lose.
  if (memory.isStale(launch) && memory.onlySkipsMore(launch)) {
    await memory.follow(launch);
  } else if (memory.isStale(launch) && (!sending || memory.current === null)) {
    const pause = (paused: boolean) => Promise.all(senders.map((sender) => sender.pause(paused)));
    await pause(true);
    await memory.follow(launch).finally(() => pause(false));
  }
  if (isFixed || sending) return;
  // Otherwise we would take the other launch's messages from the queues that it shares with us, and hand them back.
  const served = await live.poolLaunch(pool);
  if (served !== null && served !== launch.id) onMoved();
}
