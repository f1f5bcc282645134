import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CANNOT_TAKE } from '../../contract/complaints.ts';
import { claimKey } from '../../contract/orders.ts';
import type { BatchMessage } from '../../contract/orders.ts';
import type { Share } from '../../contract/pace.ts';
import type { Claim, Holder } from '../../infra/aws/claim-item.ts';
import type { ClaimStore } from '../../infra/aws/claim-store.ts';
import { CloudError, isNotForUs } from '../../infra/aws/cloud-error.ts';
import type { StoreClock } from '../../infra/aws/store-clock.ts';
import type { Shot } from '../../runbooks/launch/launch.ts';
import { stateCode, toAccount } from '../../settle/account-codec.ts';
import { attemptSets } from '../../settle/attempt-set.ts';
import { leaseEndMs, restOf, uncovered, wordOf } from '../../settle/batch-words.ts';
import type { SetReader } from '../../settle/frozen-sets.ts';
import { SEND } from '../../settle/members.ts';
import type { AttemptSet } from '../../settle/members.ts';
import type { BatchView } from '../audience/packed/loaded-audience.ts';
import { sharedClockMs } from '../halt/switch-view.ts';
import { Lease } from './lease.ts';
import type { ShotRun } from './shot-run.ts';

/**
 * How a worker comes to hold a batch: by the first claim, or after another holder: one that has handed its rest on, or
 * whose lease is over. Then what that lease covered is given up as uncertain, and the rest is this worker's.
 */
export interface TakeContext {
  claims: ClaimStore;
  /** Who of a later attempt's batches is left. */
  setOf: SetReader;
  clock: LeaseClock;
  bootId: string;
  /** This worker's part of the pace, as of now. */
  share: () => Share;
  /** Why nothing may be claimed any more, if so. */
  isOver: () => boolean;
  /** Told to people: why batches of a shot can't be taken, where trying again won't help. */
  complain: (say: string) => void;
  log: Logger;
}

/** Bounds on the store's time, epoch ms: who writes goes by the latest that it may be, who takes away by the earliest. */
export type LeaseClock = Pick<StoreClock, 'nowMs' | 'earliestMs' | 'latestMs' | 'atMs'>;

/** A batch that this worker holds. */
export interface HeldBatch {
  key: string;
  token: string;
  /** Where this holder's devices are: the rest are others', or none of the attempt's. */
  list: number[];
  /** Of the list, those that are to be sent, in order; the others are skipped. */
  toSend: number[];
  lease: Lease;
  /** As they stand in the store: see Claim. */
  sendUntilMs: number;
  mark: number;
  /** End of the platform's window, in the store's time. */
  notAfterMs: number;
  /** Somebody else has it by now: what it knows is a late account. */
  isLost: boolean;
}

/** `isFinal`: nothing of it is left to be claimed. `againMs`: when it is worth looking at it again. */
export type Taken = { won: true; held: HeldBatch } | { won: false; isFinal: boolean; againMs: number };

/** After the end of a lease, on top of what is unknown of the store's time: for a write that was just being made. */
export const TAKE_OVER_GRACE_MS = 1_000;
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 1_000;
const LOOK_AGAIN_MS = 5_000;
/** A claim that may have landed is given back for so long before it is left to the closer: a drain waits for it. */
const LET_GO_WITHIN_MS = 2_000;

/**
 * Claims the batch. Goes on trying with one token while the store can't be asked, so that a claim that landed with its answer lost
 * is found to be ours; when `isOver` ends the tries before that, it is given back. Errors: none but those of programming.
 */
export async function takeBatch(
  context: TakeContext,
  run: ShotRun,
  message: BatchMessage,
  view: BatchView,
): Promise<Taken> {
  const { claims, log } = context;
  const { launch, shot } = run.authority;
  const key = claimKey(launch.id, message.segment, message.attempt, message.batch);
  const token = randomUUID();
  const notAfterMs = shot.notAfterAtMs[view.platform];
  let mayHaveLanded = false;
  for (let waitMs = RETRY_FIRST_MS; !context.isOver(); waitMs = Math.min(RETRY_MOST_MS, waitMs * 2)) {
    try {
      const sets = await attemptSets(context, run.authority, message.segment, message.attempt, [view]);
      const set = sets.get(view.id);
      if (set === undefined) throw new Error(`SET_NOT_READ: batch ${view.id}`);
      const prepare = (list: number[]) =>
        holderFor(context, {
          token,
          list,
          toSend: sendable(list, set, view),
          notAfterMs,
          sendWithinMs: launch.runbook.delivery.send_within,
          chain: mayChain(shot),
        });
      mayHaveLanded = true;
      const claimed = await claims.claim(key, prepare(restOf(undefined, set)).holder);
      if (claimed.won) {
        const list = restOf(claimed.claim, set);
        return {
          won: true,
          held: holding(context, { key, token, list, toSend: sendable(list, set, view), notAfterMs }, claimed.claim),
        };
      }
      return await after(context, claimed.holder, { key, token, set, view, notAfterMs, prepare });
    } catch (error) {
      if (isNotForUs(error)) {
        // It waits on its queue and takes no room: other batches go on.
        log.error(
          { err: error, batch: message.batch },
          'a batch can not be taken by this version; nothing of it is sent',
        );
        context.complain(`${CANNOT_TAKE} ${shot.id}: ${error.message}`);
        break;
      }
      log.warn({ err: error, batch: message.batch, waitMs }, 'a batch could not be claimed; trying again');
      await sleep(waitMs);
    }
  }
  if (mayHaveLanded) await letGo(context, { key, token, count: view.count, chain: mayChain(shot) });
  return { won: false, isFinal: false, againMs: LOOK_AGAIN_MS };
}

/** Every answer was lost, and now the tries are over: nothing was written under this token, so the batch is anybody's, not uncertain. */
async function letGo(
  { claims, log }: TakeContext,
  { key, token, count, chain }: { key: string; token: string; count: number; chain: boolean },
): Promise<void> {
  const nothing = toAccount(new Uint8Array(count).fill(stateCode('absent')), {});
  const untilMs = sharedClockMs() + LET_GO_WITHIN_MS;
  for (let waitMs = RETRY_FIRST_MS; sharedClockMs() < untilMs; waitMs = Math.min(LET_GO_WITHIN_MS / 4, waitMs * 2)) {
    try {
      if (chain && (await claims.handOn(key, token, nothing))) return;
      const standing = (await claims.read([key], true)).get(key);
      if (standing === undefined || (standing.token !== token && standing.parts.every((part) => part.token !== token)))
        return;
      // Where nobody else may have it, it is as good as sent by us, and nobody has got it: the next attempt does.
      if (!chain && standing.token === token && standing.state === 'claimed')
        return void (await claims.account(key, token, noneOf(count)));
      return await disown(claims, key, token, standing, count);
    } catch (error) {
      if (error instanceof CloudError && (error.code === 'CLAIMS_INCONSISTENT' || error.code === 'CLAIM_UNKNOWN'))
        return;
      log.warn({ err: error, key, waitMs }, 'a claim that may have landed could not be given back; trying again');
      await sleep(waitMs);
    }
  }
}

/**
 * Whether a batch of this shot may have more than one holder. Workers and closers from before leases can read what was approved before
 * them, and may be at it too: they close a claim by its state alone, the whole batch as uncertain, over what earlier holders have said
 * of it. So there the first holder has it all, for good, as they know it.
 */
export function mayChain({ approvedBySchema }: Pick<Shot, 'approvedBySchema'>): boolean {
  return approvedBySchema !== undefined;
}

interface Prepared {
  holder: Holder;
  toSend: number[];
}

/** There is a holder already. */
async function after(
  context: TakeContext,
  standing: Claim,
  {
    key,
    token,
    set,
    view,
    notAfterMs,
    prepare,
  }: {
    key: string;
    token: string;
    set: AttemptSet;
    view: BatchView;
    notAfterMs: number;
    prepare: (list: number[]) => Prepared;
  },
): Promise<Taken> {
  const { claims, clock } = context;
  await disown(claims, key, token, standing, view.count);
  if (standing.state === 'accounted' || standing.state === 'closed') return { won: false, isFinal: true, againMs: 0 };
  const endsInMs =
    standing.state === 'open' ? 0 : leaseEndMs(standing, notAfterMs) + TAKE_OVER_GRACE_MS - clock.earliestMs();
  if (endsInMs > 0) return { won: false, isFinal: false, againMs: endsInMs };
  const list = uncovered(standing, set);
  // Its last holder may have written it all: its account is waited for, or a closer gives it up.
  if (list.length === 0) return { won: false, isFinal: false, againMs: LOOK_AGAIN_MS };
  const { holder, toSend } = prepare(list);
  const word = standing.state === 'open' ? null : wordOf(standing, set, 'absent', (device) => view.skipped(device));
  const taken = await claims.takeOver(key, standing, word, holder);
  if (!taken.won) {
    await disown(claims, key, token, taken.claim, view.count);
    return { won: false, isFinal: false, againMs: LOOK_AGAIN_MS };
  }
  context.log.info({ batch: view.id, devices: list.length, after: standing.state }, 'took a batch over');
  return { won: true, held: holding(context, { key, token, list, toSend, notAfterMs }, taken.claim) };
}

/** A claim of ours landed with every answer lost, and somebody gave us up before we knew: nothing was written under it. */
async function disown(claims: ClaimStore, key: string, token: string, standing: Claim, count: number): Promise<void> {
  const isOurs =
    standing.parts.some((part) => part.token === token && part.account === null) ||
    (standing.token === token && standing.state === 'closed');
  if (isOurs) await claims.account(key, token, noneOf(count));
}

/** Nothing was written. */
const noneOf = (count: number) => toAccount(new Uint8Array(count).fill(stateCode('halted')), {});

function sendable(list: readonly number[], { members }: AttemptSet, view: BatchView): number[] {
  const found: number[] = [];
  for (const device of list) if (members[device] === SEND && !view.skipped(device)) found.push(device);
  return found;
}

function holderFor(
  { clock, bootId, share }: TakeContext,
  {
    token,
    toSend,
    notAfterMs,
    sendWithinMs,
    chain,
  }: { token: string; list: number[]; toSend: number[]; notAfterMs: number; sendWithinMs: number; chain: boolean },
): Prepared {
  const claimedAtMs = clock.latestMs();
  const { perSecond } = share();
  const mark = markAfter(
    toSend,
    perSecond === 0 || !chain ? Number.POSITIVE_INFINITY : devicesIn(sendWithinMs, perSecond),
  );
  return {
    holder: { bootId, token, claimedAtMs, sendUntilMs: Math.min(claimedAtMs + sendWithinMs, notAfterMs), mark },
    toSend,
  };
}

function holding(
  { clock }: TakeContext,
  batch: Pick<HeldBatch, 'key' | 'token' | 'list' | 'toSend' | 'notAfterMs'>,
  claim: Pick<Claim, 'sendUntilMs' | 'mark'>,
): HeldBatch {
  const lease = Lease.create();
  const held: HeldBatch = { ...batch, lease, sendUntilMs: claim.sendUntilMs, mark: claim.mark, isLost: false };
  grant(held, claim, clock);
  return held;
}

/** Writes by what stands in the store, its time taken at the latest that it may be: after the answer, which has told the time. */
export function grant(
  held: HeldBatch,
  { sendUntilMs, mark }: Pick<Claim, 'sendUntilMs' | 'mark'>,
  clock: LeaseClock,
): void {
  const toOwnMs = sharedClockMs() - clock.latestMs();
  Object.assign(held, { sendUntilMs, mark });
  held.lease.grant({ untilMs: sendUntilMs + toOwnMs, lateAtMs: held.notAfterMs + toOwnMs, mark });
}

/** The mark behind which so many of these devices lie; Infinity: all of them. */
export function markAfter(toSend: readonly number[], devices: number): number {
  return devices >= toSend.length
    ? Number.POSITIVE_INFINITY
    : (toSend[Math.max(1, devices)] ?? Number.POSITIVE_INFINITY);
}

/** What a worker with this pace writes in the time, rounded up. */
export function devicesIn(ms: number, perSecond: number): number {
  return Math.max(1, Math.ceil((perSecond * ms) / 1_000));
}
