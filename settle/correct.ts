import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../infra/aws/claim-item.ts';
import type { Journal, Appended } from '../infra/aws/journal.ts';
import { addReasons, takeReasons } from '../runbooks/launch/counts.ts';
import type { SegmentTotals, Totals } from '../runbooks/launch/entries.ts';
import { DEVICE_STATES } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { noTotals } from '../runbooks/launch/totals.ts';
import { packStates, totalsOf } from './account-codec.ts';
import { newestWord, wordName } from './batch-words.ts';

export interface LateAccount {
  launchId: string;
  shotId: string;
  segment: string;
  attempt: number;
  batch: string;
  /** The how many-th holder of the batch, from 1. */
  holder: number;
  /** Devices of the batch, and their variant. Null: there are none. */
  count: number;
  variant: string | null;
  /** What the closer had written, and what the holder knows. */
  closed: Account;
  account: Account;
}

const RETRY_MS = 1_000;

/**
 * A holder's account that came after a closer had given the batch up: moves exactly this batch's devices in the
 * totals of the closed shot. Waits while the shot is still open (its close counts the closer's word). Null when
 * there is nothing to correct, or when `signal` ended the wait. Looks again every `retryMs`, default 1,000.
 */
export async function correctShot(
  journal: Pick<Journal, 'launch' | 'append'>,
  late: LateAccount,
  signal: AbortSignal,
  retryMs = RETRY_MS,
): Promise<Appended | null> {
  while (!signal.aborted) {
    const launch = await journal.launch(late.launchId);
    if (launch?.shots[late.shotId]?.closed != null) return correctClosed(journal, late);
    await sleep(retryMs, null, { signal }).catch(() => null);
  }
  return null;
}

/** The same for a shot that is closed: at once. Null: there is nothing to correct, or somebody has done it. */
export async function correctClosed(journal: Pick<Journal, 'append'>, late: LateAccount): Promise<Appended | null> {
  const submitted = await journal.append(late.launchId, (present) => ({
    kind: 'correct-shot',
    shotId: late.shotId,
    segments: [corrected(present, late)],
    batch: wordName(late.batch, late.holder),
  }));
  return !submitted.ok && submitted.code === 'ALREADY_SO' ? null : submitted;
}

function corrected(
  launch: Launch | null,
  { shotId, segment, attempt, count, variant, closed, account }: LateAccount,
): SegmentTotals {
  const standing = launch?.shots[shotId]?.totals?.find((one) => one.segment === segment && one.attempt === attempt);
  if (standing === undefined) throw new Error(`TOTALS_MISSING: shot ${shotId} has none for ${segment}`);
  const before = totalsOf([{ ...closed, count }]).totals;
  const after = totalsOf([
    { states: packStates(newestWord({ account, closedAccount: closed }, count)), reasons: account.reasons, count },
  ]).totals;
  const variants = standing.variants?.map((one) =>
    one.variant === variant ? { ...one, totals: moved(one.totals, before, after) } : one,
  );
  return {
    segment,
    attempt,
    devices: standing.devices,
    totals: moved(standing.totals, before, after),
    ...(variants === undefined ? {} : { variants }),
  };
}

/** What stood, without what was said of these devices before, and with what is said now. */
function moved(standing: Totals, before: Totals, after: Totals): Totals {
  const totals: Totals = noTotals();
  for (const state of DEVICE_STATES) totals[state] = standing[state] - before[state] + after[state];
  const reachable = (standing.reachable ?? 0) - (before.reachable ?? 0) + (after.reachable ?? 0);
  if (reachable > 0) totals.reachable = reachable;
  addReasons(totals.reasons, standing.reasons);
  takeReasons(totals.reasons, before.reasons);
  addReasons(totals.reasons, after.reasons);
  return totals;
}
