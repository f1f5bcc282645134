import { own } from './decision.ts';
import type { EntryOf, PersonId, SegmentTotals } from './entries.ts';
import { foldError, must, personIn } from './fold-error.ts';
import type { Launch, SegmentShot, Shot } from './launch.ts';
import { devicesShown, resendable } from './remaining.ts';
import { turnOrder, VOID_BY_CORRECTION, VOID_BY_HALT, voidOrders, voidRivals } from './voiding.ts';

/** How fire orders, shots and halts change a launch. */

export function requested(launch: Launch, entry: EntryOf<'FireRequested'>): Partial<Launch> {
  const { orderId: id, shown, shownHash, devices, expiresAtMs, lifts } = entry;
  const orders = voidRivals(launch, { orderId: id, segments: shown.segments });
  return {
    usedNonces: noncesWith(launch, entry),
    orders: {
      ...orders,
      [id]: {
        id,
        requestedBy: personIn(entry),
        requestedAtMs: entry.atMs,
        shown,
        shownHash,
        devices,
        expiresAtMs,
        lifts,
        state: 'open',
        armed: null,
        held: null,
        voidedBy: null,
      },
    },
  };
}

export function approved(launch: Launch, entry: EntryOf<'FireApproved'>): Partial<Launch> {
  const { orderId, shotId, shown, shownHash, pressedAtMs, notAfterAtMs, haltEpoch, redGates } = entry;
  const order = must(launch.orders, orderId, entry);
  if (launch.audience === null) throw foldError('FOLD_IMPOSSIBLE', entry, 'there is no audience to send to');
  const shot: Shot = {
    id: shotId,
    orderId,
    requestedBy: order.requestedBy,
    approvedBy: approverIn(entry),
    segments: shown.segments,
    shown,
    shownHash,
    audience: launch.audience,
    skipList: launch.skipList,
    campaign: launch.campaign,
    approvedSeq: entry.seq,
    ...(entry.v < 3 ? {} : { approvedBySchema: 3 as const }),
    pressedAtMs,
    notAfterAtMs,
    haltEpoch,
    redGates,
    haltedAtMs: null,
    closed: null,
    totals: null,
    corrected: [],
    timing: null,
  };
  const attempts = { ...launch.attempts };
  for (const { segment, attempt } of shown.segments) {
    attempts[segment] = [
      ...(own(attempts, segment) ?? []),
      { attempt, shotId, devices: devicesShown(launch, shown, segment), closed: false, totals: null },
    ];
  }
  return {
    orders: voidRivals(
      { orders: turnOrder(launch, entry, [entry.armed === undefined ? 'open' : 'armed'], { state: 'approved' }) },
      { orderId, segments: shown.segments },
    ),
    shots: { ...launch.shots, [shotId]: shot },
    attempts,
    leftBehind: Object.fromEntries(
      Object.entries(launch.leftBehind).filter(([id]) => !shown.segments.some(({ segment }) => segment === id)),
    ),
    usedNonces: entry.armed === undefined ? noncesWith(launch, entry) : launch.usedNonces,
    // The approval of a resume lifts its halt in the same entry.
    ...(entry.lifts !== null && entry.lifts === launch.halt.epoch && launch.halt.active
      ? { halt: { ...launch.halt, active: false, by: approverIn(entry), atMs: entry.atMs }, lifts: closeLifts(launch) }
      : {}),
  };
}

export function armed(launch: Launch, entry: EntryOf<'FireArmed'>): Partial<Launch> {
  const { via, pressedAtMs, seq } = entry;
  return {
    orders: turnOrder(launch, entry, ['open'], {
      state: 'armed',
      armed: { by: personIn(entry), via, atMs: pressedAtMs, seq },
      held: null,
    }),
    usedNonces: noncesWith(launch, entry),
  };
}

/** The second person: who pressed, now or when it was armed. */
function approverIn(entry: EntryOf<'FireApproved'>): PersonId {
  return entry.armed?.by ?? personIn(entry);
}

function noncesWith(launch: Launch, { via }: EntryOf<'FireRequested' | 'FireApproved' | 'FireArmed'>): string[] {
  return via.kind === 'operator' ? [...launch.usedNonces, via.nonce] : launch.usedNonces;
}

/** Ends every running shot for good. */
export function halted(launch: Launch, entry: EntryOf<'HaltSet'>): Partial<Launch> {
  const { epoch, reason, pressedAtMs, by } = entry;
  const shots = Object.fromEntries(
    Object.entries(launch.shots).map(([id, shot]) => [
      id,
      shot.closed === null && shot.haltedAtMs === null ? { ...shot, haltedAtMs: pressedAtMs } : shot,
    ]),
  );
  return {
    shots,
    // One rule: an order that was asked for before a halt is void after it.
    orders: voidOrders(launch, () => true, VOID_BY_HALT),
    halt: {
      active: true,
      epoch: Math.max(launch.halt.epoch, epoch),
      by: 'person' in by ? by.person : null,
      reason,
      atMs: pressedAtMs,
    },
    lifts: closeLifts(launch),
  };
}

export function closedShot(launch: Launch, entry: EntryOf<'ShotClosed'>): Partial<Launch> {
  const shot = must(launch.shots, entry.shotId, entry);
  if (shot.closed !== null) throw foldError('FOLD_IMPOSSIBLE', entry, `shot ${shot.id} is closed already`);
  return {
    shots: {
      ...launch.shots,
      [shot.id]: { ...shot, closed: { atMs: entry.atMs, cause: entry.cause }, totals: entry.segments },
    },
    attempts: withTotals(launch.attempts, shot.id, entry.segments),
  };
}

export function correctedShot(launch: Launch, entry: EntryOf<'ShotCorrected'>): Partial<Launch> {
  const shot = must(launch.shots, entry.shotId, entry);
  if (shot.totals === null) throw foldError('FOLD_IMPOSSIBLE', entry, `shot ${shot.id} is not closed yet`);
  const totals = shot.totals.map((old) => entry.segments.find(({ segment }) => segment === old.segment) ?? old);
  const corrected = new Set(entry.segments.map(({ segment }) => segment));
  return {
    ...(entry.v < 3
      ? {}
      : {
          leftBehind: withLeftBehind(launch, shot, entry),
          // It showed who was left, and that is not so any more.
          orders: voidOrders(
            launch,
            ({ shown }) => shown.segments.some(({ segment }) => corrected.has(segment)),
            VOID_BY_CORRECTION,
          ),
        }),
    correctedSeq: {
      ...launch.correctedSeq,
      ...Object.fromEntries([...corrected].map((segment) => [segment, entry.seq])),
    },
    shots: { ...launch.shots, [shot.id]: { ...shot, totals, corrected: [...shot.corrected, entry.batch] } },
    attempts: withTotals(launch.attempts, shot.id, entry.segments),
  };
}

/** What a late account brings within reach of an attempt whose successor is approved already, nobody would count otherwise. */
function withLeftBehind(launch: Launch, shot: Shot, { segments }: EntryOf<'ShotCorrected'>): Launch['leftBehind'] {
  const left = { ...launch.leftBehind };
  for (const now of segments) {
    const before = shot.totals?.find(({ segment }) => segment === now.segment);
    const isLast = own(launch.attempts, now.segment)?.at(-1)?.attempt === now.attempt;
    if (before === undefined || isLast) continue;
    const more = resendable(now, launch) - resendable(before, launch);
    if (more > 0) left[now.segment] = (own(left, now.segment) ?? 0) + more;
  }
  return left;
}

export function timedShot(launch: Launch, entry: EntryOf<'ShotTimed'>): Partial<Launch> {
  const shot = must(launch.shots, entry.shotId, entry);
  if (shot.closed === null) throw foldError('FOLD_IMPOSSIBLE', entry, `shot ${shot.id} is not closed yet`);
  return { shots: { ...launch.shots, [shot.id]: { ...shot, timing: entry.timing } } };
}

function withTotals(
  attempts: Launch['attempts'],
  shotId: string,
  segments: readonly SegmentTotals[],
): Launch['attempts'] {
  const changed = { ...attempts };
  for (const totals of segments) {
    changed[totals.segment] = (own(changed, totals.segment) ?? []).map((one): SegmentShot =>
      one.shotId === shotId ? { ...one, closed: true, totals } : one,
    );
  }
  return changed;
}

function closeLifts(launch: Launch): Launch['lifts'] {
  return Object.fromEntries(Object.entries(launch.lifts).map(([id, lift]) => [id, { ...lift, open: false }]));
}
