import { claimKey } from '../contract/orders.ts';
import type { Claim } from '../infra/aws/claim-item.ts';
import type { ClaimStore } from '../infra/aws/claim-store.ts';
import type { Entry } from '../runbooks/launch/entries.ts';
import type { Launch, Shot } from '../runbooks/launch/launch.ts';
import { stateCode, unpackStates } from './account-codec.ts';
import { answeredBy } from './frozen-sets.ts';
import type { SetReader } from './frozen-sets.ts';
import { OUTSIDE, SEND, SETTLED, wholeBatch } from './members.ts';
import type { AttemptSet } from './members.ts';

const ANSWERED = new Set([stateCode('accepted'), stateCode('failed'), stateCode('bad-token')]);

/** What the record says of the attempt before, for attempts from before sets were frozen. */
export interface Before {
  policy: 'leave' | 'resend';
  /** A correction by the batch's late account was in the record already when this attempt was approved. Without one the record counts what the closer wrote (see close.ts), and so does the set. */
  knownAtApproval: boolean;
  /** It counts failed devices that are within reach: a record of before that was counted leaves them out. */
  countsReachable: boolean;
}

/** `before`: the claim of the attempt before. */
export function setFromBefore(
  before: Claim | undefined,
  count: number,
  { policy, knownAtApproval, countsReachable }: Before,
): AttemptSet {
  const members = new Uint8Array(count);
  if (before?.account == null) return { members, size: 0 };
  const now = unpackStates(before.account.states, count);
  const closed = before.closedAccount ?? null;
  const then = closed === null || knownAtApproval ? now : unpackStates(closed.states, count);
  const wanted = new Set([
    stateCode('halted'),
    stateCode('late'),
    ...(countsReachable ? [stateCode('failed')] : []),
    ...(policy === 'resend' ? [stateCode('uncertain')] : []),
  ]);
  let size = 0;
  for (let device = 0; device < count; device++) {
    if (!wanted.has(then[device] ?? 0)) continue;
    const state = now[device] ?? 0;
    members[device] = ANSWERED.has(state) && !wanted.has(state) ? SETTLED : SEND;
    size += 1;
  }
  return { members, size };
}

export interface SetDeps {
  claims: Pick<ClaimStore, 'read'>;
  setOf: SetReader;
}

/**
 * Sets of many batches of one segment attempt. Who is a member was frozen when the attempt was asked for; who of them an
 * earlier attempt has an answer of by now is read strongly consistent. Batches with nothing left have size 0.
 */
export async function attemptSets(
  { claims, setOf }: SetDeps,
  context: { launch: Launch; shot: Shot; entries: readonly Entry[] },
  segment: string,
  attempt: number,
  batches: readonly { id: string; count: number }[],
): Promise<Map<string, AttemptSet>> {
  if (attempt === 1) return new Map(batches.map(({ id, count }) => [id, wholeBatch(count)]));
  const { launch, shot } = context;
  const frozen = shot.shown.sets?.find((one) => one.segment === segment);
  if (frozen === undefined) return setsFromBefore(claims, context, segment, attempt, batches);
  const members = await setOf(launch.id, frozen);
  const earlier = Array.from({ length: attempt - 1 }, (_, at) => at + 1);
  const keysOf = (batch: string) => earlier.map((one) => claimKey(launch.id, segment, one, batch));
  const found = await claims.read(
    batches.flatMap(({ id }) => (members.has(id) ? keysOf(id) : [])),
    true,
  );
  return new Map(
    batches.map(({ id, count }) => [
      id,
      laterSet(
        members.get(id),
        keysOf(id).map((key) => found.get(key)),
        count,
      ),
    ]),
  );
}

/** `own`: the batch's claims of all earlier attempts. */
function laterSet(frozen: Uint8Array | undefined, own: readonly (Claim | undefined)[], count: number): AttemptSet {
  if (frozen === undefined) return { members: new Uint8Array(count), size: 0 };
  const answered = answeredBy(own, count);
  const members = Uint8Array.from({ length: count }, (_, device) =>
    frozen[device] !== 1 ? OUTSIDE : answered[device] === 1 ? SETTLED : SEND,
  );
  return { members, size: members.reduce((sum, member) => sum + (member === OUTSIDE ? 0 : 1), 0) };
}

/** Of an attempt that was approved before sets were frozen: what the one before it left, as the record stood then. */
async function setsFromBefore(
  claims: Pick<ClaimStore, 'read'>,
  { launch, shot, entries }: { launch: Launch; shot: Shot; entries: readonly Entry[] },
  segment: string,
  attempt: number,
  batches: readonly { id: string; count: number }[],
): Promise<Map<string, AttemptSet>> {
  const keyOf = (batch: string) => claimKey(launch.id, segment, attempt - 1, batch);
  const before = await claims.read(
    batches.map(({ id }) => keyOf(id)),
    true,
  );
  const attemptBefore = launch.attempts[segment]?.find((one) => one.attempt === attempt - 1);
  const shotBefore = attemptBefore?.shotId;
  const countsReachable = (attemptBefore?.totals?.totals.reachable ?? 0) > 0;
  const corrected = new Set(
    entries.flatMap((entry) =>
      entry.kind === 'ShotCorrected' && entry.shotId === shotBefore && entry.seq < shot.approvedSeq
        ? [entry.batch]
        : [],
    ),
  );
  return new Map(
    batches.map(({ id, count }) => [
      id,
      setFromBefore(before.get(keyOf(id)), count, {
        policy: shot.shown.uncertain,
        knownAtApproval: corrected.has(id),
        countsReachable,
      }),
    ]),
  );
}
