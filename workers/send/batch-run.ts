import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { claimKey } from '../../contract/orders.ts';
import type { BatchMessage } from '../../contract/orders.ts';
import type { Account } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { sharedClockMs } from '../../infra/monotonic.ts';
import { namesBadToken } from '../../runbooks/launch/bad-tokens.ts';
import { addReason, noCounts } from '../../runbooks/launch/counts.ts';
import type { Counts } from '../../runbooks/launch/counts.ts';
import type { DeviceState } from '../../runbooks/launch/entries.ts';
import { stateCode, toAccount } from '../../settle/account-codec.ts';
import type { LateAccount } from '../../settle/correct.ts';
import { isPast, packGoneTimes } from '../../settle/gone-times.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import type { Lane, LaneJob, Outcome } from '../lanes/lane.ts';
import type { BatchTimes } from '../report/shot-trace.ts';
import { batchWrites } from './batch-writes.ts';
import type { Kept, LeaseKeeper } from './lease-keeper.ts';
import type { ShotRun } from './shot-run.ts';
import { mayChain } from './take-batch.ts';
import type { HeldBatch, LeaseClock } from './take-batch.ts';

export interface BatchContext {
  claims: ClaimStore;
  lane: Lane;
  switches: SwitchView;
  clock: LeaseClock;
  keeper: LeaseKeeper;
  log: Logger;
  /** Null or absent: nobody traces. */
  times?: BatchTimes | null;
  /** Called when the batch had been given up before its account came. */
  onLateAccount: (late: LateAccount) => void;
}

const ACCOUNT_RETRY_MOST_MS = 5_000;

/**
 * Sends a batch that this worker holds and accounts for it; its lease is renewed meanwhile. Resolves when the account stands; it goes
 * on trying as long as the process lives. `handed-on`: a part was given back unwritten, for others to take.
 */
export async function sendBatch(
  context: BatchContext,
  run: ShotRun,
  message: BatchMessage,
  view: BatchView,
  held: HeldBatch,
  receipt: string,
): Promise<'accounted' | 'handed-on'> {
  const { keeper, lane, clock } = context;
  const states = new Uint8Array(view.count).fill(stateCode('absent'));
  const reasons = noCounts();
  const goneAtMs = new Map<number, number>();
  // Both are in order, and the second is what is left of the first.
  let next = 0;
  for (const device of held.list) {
    if (held.toSend[next] === device) {
      next += 1;
      continue;
    }
    states[device] = stateCode('skipped');
    run.tally.settled(view.platform, 'skipped', null, clock.nowMs());
  }

  const unwritten: number[] = [];
  const kept = keeper.keep(held, receipt, run.authority.launch.runbook.delivery.send_within);
  const job = jobFor(context, run, view, held, kept, (device, state, outcome, atMs) => {
    if (state === null) return void unwritten.push(device);
    if (outcome.state === 'failed') {
      states[device] = stateCode(namesBadToken(outcome.reason) ? 'bad-token' : state);
      addReason(reasons, outcome.reason, 1);
      if (outcome.goneAtMs !== undefined) goneAtMs.set(device, outcome.goneAtMs);
    } else states[device] = stateCode(state);
    run.tally.settled(view.platform, state, outcome.state === 'failed' ? outcome.reason : null, atMs);
  });
  await lane.send(run.prepared(view.platform, lane), job).finally(() => keeper.drop(held));
  if (context.times != null) context.times.answeredMs = clock.nowMs();
  if (
    unwritten.length > 0 &&
    !held.isLost &&
    mayChain(run.authority.shot) &&
    (await handOn(context, run, message, held, accountOf(context, message, { states, reasons, goneAtMs })))
  ) {
    run.tally.batchDone(view.variant, states);
    return 'handed-on';
  }
  // Given up meanwhile, or out of time: nobody sends these in this attempt.
  const left = clock.earliestMs() >= held.notAfterMs ? 'late' : 'halted';
  for (const device of unwritten) {
    states[device] = stateCode(left);
    // What its lease did not cover is the next holder's to tell.
    if (!held.isLost || device < held.mark) run.tally.settled(view.platform, left, null, clock.nowMs());
  }
  run.tally.batchDone(view.variant, states);
  const account = accountOf(context, message, { states, reasons, goneAtMs });
  await accountFor(context, run, message, view, held.token, account);
  return 'accounted';
}

/** Of times since when tokens are gone, those that have room and can be so; of how many they are left out is said. */
function accountOf(
  { clock, log }: BatchContext,
  { shotId, batch }: BatchMessage,
  { states, reasons, goneAtMs }: { states: Uint8Array; reasons: Counts; goneAtMs: ReadonlyMap<number, number> },
): Account {
  const account = toAccount(states, reasons);
  const past = new Map([...goneAtMs].filter(([, atMs]) => isPast(atMs, clock.latestMs())));
  const { packed, leftOut } = packGoneTimes(states, past);
  const inFuture = goneAtMs.size - past.size;
  if (leftOut + inFuture > 0)
    log.warn(
      { shotId, batch, noRoom: leftOut, inFuture },
      'of some tokens the account does not have since when they are gone',
    );
  return packed === null ? account : { ...account, goneAt: packed };
}

function jobFor(
  { switches, clock, times = null }: BatchContext,
  run: ShotRun,
  view: BatchView,
  { toSend, lease }: HeldBatch,
  kept: Kept,
  settle: (device: number, state: DeviceState | null, outcome: Outcome, atMs: number) => void,
): LaneJob {
  const terms = {
    haltEpoch: run.authority.shot.haltEpoch,
    lease: lease.memory,
    stopped: run.stops[view.platform].memory,
  };
  const devices = toSend.length === view.count ? null : Uint32Array.from(toSend);
  return {
    ...batchWrites(view, devices, new WriteCheck(terms, switches)),
    wrote() {
      const atMs = clock.nowMs();
      if (times !== null) times.writtenMs ??= atMs;
      kept.wrote(1);
      run.tally.wrote(view.platform, atMs);
    },
    again() {
      kept.again(1);
    },
    elsewhere: {
      batch: view.id,
      devices,
      terms,
      by(thread) {
        if (times !== null) times.thread = thread;
      },
      wrote(writes, firstAtMs, lastAtMs) {
        if (times !== null) times.writtenMs ??= clock.atMs(firstAtMs);
        kept.wrote(writes);
        run.tally.wrote(view.platform, clock.atMs(lastAtMs), writes, clock.atMs(firstAtMs));
      },
      again(writes) {
        kept.again(writes);
      },
    },
    settle(index, outcome, atMs = sharedClockMs()) {
      kept.settled(atMs);
      if (atMs > run.activeAtMs) run.activeAtMs = atMs;
      settle(toSend[index] ?? -1, stateFrom(outcome), outcome, clock.atMs(atMs));
    },
  };
}

/** Null: unwritten, and given back. */
function stateFrom(outcome: Outcome): DeviceState | null {
  // `paused` is no end of its own: a pause that outlasts the window is late.
  if (outcome.state === 'held') return outcome.why === 'returned' ? null : outcome.why === 'halted' ? 'halted' : 'late';
  return outcome.state;
}

/** What the account leaves out is open to others then. False: somebody else has the batch already, or its time is over. */
async function handOn(
  { claims, clock, log }: BatchContext,
  run: ShotRun,
  { shotId, batch }: BatchMessage,
  { key, token, notAfterMs }: HeldBatch,
  account: Account,
): Promise<boolean> {
  for (let waitMs = 100; clock.earliestMs() < notAfterMs; waitMs = Math.min(ACCOUNT_RETRY_MOST_MS, waitMs * 2)) {
    try {
      const isOn = await claims.handOn(key, token, account);
      run.activeAtMs = sharedClockMs();
      return isOn;
    } catch (error) {
      log.error({ err: error, shotId, batch, waitMs }, 'a batch could not be handed on; trying again');
      await sleep(waitMs);
    }
  }
  return false;
}

async function accountFor(
  context: BatchContext,
  run: ShotRun,
  message: BatchMessage,
  view: BatchView,
  token: string,
  account: ReturnType<typeof toAccount>,
): Promise<void> {
  const { claims, log, onLateAccount } = context;
  const { launchId, shotId, segment, attempt, batch } = message;
  const key = claimKey(launchId, segment, attempt, batch);
  for (let waitMs = 100; ; waitMs = Math.min(ACCOUNT_RETRY_MOST_MS, waitMs * 2)) {
    try {
      const answer = await claims.account(key, token, account);
      if (!answer.ok) log.error({ shotId, batch }, 'ACCOUNT_NOT_OURS: the claim is not ours any more');
      else if (answer.wasClosed !== null) {
        log.warn({ shotId, batch }, 'account came after a closer had given the batch up');
        onLateAccount({
          launchId,
          shotId,
          segment,
          attempt,
          batch,
          holder: answer.holder,
          count: view.count,
          variant: view.variant,
          closed: answer.wasClosed,
          account,
        });
      }
      run.activeAtMs = sharedClockMs();
      return;
    } catch (error) {
      log.error({ err: error, shotId, batch, waitMs }, 'account could not be written; trying again');
      await sleep(waitMs);
    }
  }
}
