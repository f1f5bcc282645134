import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Claim, ClaimStore } from '../../infra/aws/claim-store.ts';
import { namesBadToken } from '../../runbooks/launch/bad-tokens.ts';
import type { DeviceState, Platform } from '../../runbooks/launch/entries.ts';
import { addReason, noReasons } from '../../runbooks/launch/reason-counts.ts';
import type { BatchView } from '../audience/loaded-audience.ts';
import { claimKey } from '../contract.ts';
import type { BatchMessage } from '../contract.ts';
import { sharedClockMs } from '../halt/switch-view.ts';
import type { SwitchView } from '../halt/switch-view.ts';
import { WriteCheck } from '../halt/write-check.ts';
import type { Lane, LaneJob, Outcome } from '../lanes/lane.ts';
import { stateCode, toAccount } from './account-codec.ts';
import type { LateAccount } from '../close/correct.ts';
import { batchWrites } from './batch-writes.ts';
import { attemptSets, SEND, SETTLED } from './attempt-set.ts';
import type { AttemptSet } from './attempt-set.ts';
import type { ShotRun } from './shot-run.ts';

export interface BatchContext {
  claims: ClaimStore;
  lane: Lane;
  switches: SwitchView;
  bootId: string;
  log: Logger;
  /** Called when a closer had given the batch up before its account came. */
  onLateAccount: (late: LateAccount) => void;
}

/** Both times are the end of the claim, see WriteTerms. */
export type Claimed = { won: true; token: string; sendUntilMs: number; endsAtMs: number; set: AttemptSet } | { won: false; holder: Claim };

const CLAIM_TRIES = 4;
const ACCOUNT_RETRY_MOST_MS = 5_000;

/**
 * Takes one batch for this worker, for good: nobody else ever sends it in this attempt. Who is to be sent is
 * read before, so that a failure of that read leaves the batch to others.
 */
export async function claimBatch({ claims, bootId }: BatchContext, run: ShotRun, message: BatchMessage, view: BatchView): Promise<Claimed> {
  const { launch, shot } = run.authority;
  const { segment, attempt, batch } = message;
  const sets = await attemptSets(claims, run.authority, segment, attempt, [view]);
  const set = sets.get(batch);
  if (set === undefined) throw new Error(`SET_MISSING: batch ${batch}`);
  const token = randomUUID();
  // The same in every try: whichever of them landed, closers read the time that we keep to.
  const claimedAtMs = Date.now();
  const sendUntilMs = Math.min(claimedAtMs + launch.runbook.delivery.send_within, shot.notAfterAtMs[view.platform]);
  const endsAtMs = sharedClockMs() + sendUntilMs - claimedAtMs;
  for (let tries = 1; ; tries++) {
    try {
      const claimed = await claims.claim(claimKey(launch.id, segment, attempt, batch), { bootId, token, claimedAtMs, sendUntilMs });
      return claimed.won ? { won: true, token, sendUntilMs, endsAtMs, set } : { won: false, holder: claimed.holder };
    } catch (error) {
      if (tries === CLAIM_TRIES) throw error;
      await sleep(50 * 2 ** tries);
    }
  }
}

/** Sends a claimed batch and accounts for it. Resolves when the account stands; it goes on trying as long as the process lives. */
export async function sendBatch(context: BatchContext, run: ShotRun, message: BatchMessage, view: BatchView, claim: Extract<Claimed, { won: true }>): Promise<void> {
  const states = new Uint8Array(view.count).fill(stateCode('absent'));
  const reasons = noReasons();
  const toSend: number[] = [];
  for (let device = 0; device < view.count; device++) {
    const member = claim.set.members[device];
    if (member === SETTLED || (member === SEND && view.skipped(device))) {
      states[device] = stateCode('skipped');
      run.tally.settled(view.platform, 'skipped', null, Date.now());
    } else if (member === SEND) toSend.push(device);
  }

  const job = jobFor(context, run, view, toSend, claim, (device, state, reason, atMs) => {
    const refused = state === 'failed' ? reason : null;
    states[device] = stateCode(refused !== null && namesBadToken(refused) ? 'bad-token' : state);
    if (refused !== null) addReason(reasons, refused, 1);
    run.tally.settled(view.platform, state, reason, atMs);
    run.activeAtMs = Date.now();
  });
  await context.lane.send(run.prepared(view.platform, context.lane), job);
  await accountFor(context, run, message, view, claim.token, toAccount(states, reasons));
}

function jobFor(
  { switches, log }: BatchContext, run: ShotRun, view: BatchView, toSend: readonly number[],
  { sendUntilMs, endsAtMs }: Pick<Extract<Claimed, { won: true }>, 'sendUntilMs' | 'endsAtMs'>,
  settle: (device: number, state: DeviceState, reason: string | null, atMs: number) => void,
): LaneJob {
  const terms = { haltEpoch: run.authority.shot.haltEpoch, sendUntilMs, endsAtMs, stopped: run.stopped };
  const devices = toSend.length === view.count ? null : Uint32Array.from(toSend);
  return {
    ...batchWrites(view, devices, new WriteCheck(terms, switches)),
    wrote: () => run.tally.wrote(view.platform, Date.now()),
    elsewhere: { batch: view.id, devices, terms, wrote: (writes, firstAtMs, lastAtMs) => run.tally.wrote(view.platform, lastAtMs, writes, firstAtMs) },
    settle(index, outcome, atMs = Date.now()) {
      const [state, reason] = stateFrom(outcome);
      settle(toSend[index] ?? -1, state, reason, atMs);
      if (state === 'failed' && reason !== null) complain(log, run, view.platform, reason);
    },
  };
}

function stateFrom(outcome: Outcome): [DeviceState, string | null] {
  switch (outcome.state) {
    case 'accepted': return ['accepted', null];
    case 'failed': return ['failed', outcome.reason];
    case 'uncertain': return ['uncertain', outcome.reason];
    // `paused` is no end of its own: a pause that outlasts the claim is late.
    case 'held': return [outcome.why === 'halted' ? 'halted' : 'late', null];
    default: return outcome satisfies never;
  }
}

function complain(log: Logger, run: ShotRun, platform: Platform, reason: string): void {
  const stopped = run.failed(platform, reason);
  if (stopped !== null) log.fatal({ shotId: run.authority.shot.id, platform, reason: stopped }, 'this answer stops the shot on this worker: every further push would get it too');
}

async function accountFor(context: BatchContext, run: ShotRun, message: BatchMessage, view: BatchView, token: string, account: ReturnType<typeof toAccount>): Promise<void> {
  const { claims, log, onLateAccount } = context;
  const { launchId, shotId, segment, attempt, batch } = message;
  const key = claimKey(launchId, segment, attempt, batch);
  for (let waitMs = 100; ; waitMs = Math.min(ACCOUNT_RETRY_MOST_MS, waitMs * 2)) {
    try {
      const answer = await claims.account(key, token, account);
      if (!answer.ok) log.error({ shotId, batch }, 'ACCOUNT_REFUSED: the claim is not ours any more');
      else if (answer.wasClosed !== null) {
        log.warn({ shotId, batch }, 'account came after a closer had given the batch up');
        onLateAccount({ launchId, shotId, segment, attempt, batch, holder: answer.holder, count: view.count, closed: answer.wasClosed, account });
      }
      run.activeAtMs = Date.now();
      return;
    } catch (error) {
      log.error({ err: error, shotId, batch, waitMs }, 'account could not be written; trying again');
      await sleep(waitMs);
    }
  }
}
