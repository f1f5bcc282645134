import type { SegmentsAsked } from './commands.ts';
import { own } from './decision.ts';
import type { SegmentTotals, Shown } from './entries.ts';
import type { FireOrder, Launch, SegmentShot, Shot } from './launch.ts';
import { isPending } from './voiding.ts';
import { listed } from './words.ts';

/** What is left to send, by segment: the rule that attempt n + 1 goes only to devices that attempt n did not reach. */

/** 1 for a segment that never fired; one more than the last approved attempt otherwise. */
export function nextAttempt(launch: Launch, segment: string): number {
  return (lastAttempt(launch, segment)?.attempt ?? 0) + 1;
}

/**
 * Devices that the next attempt of a segment would be for: all of it at first, then those whose last state is halted or
 * late, or that failed for another reason than their token (uncertain too under policy "resend"), and who was left behind. 0 while its shot runs, and for a segment that the audience doesn't have.
 * Who exactly is found in the claims when it is asked for, and frozen (`Shown.sets`): an account that nobody has recorded yet may change the number.
 */
export function remainingDevices(launch: Launch, segment: string): number {
  const last = lastAttempt(launch, segment);
  if (last === undefined) return launch.audience?.segments.find(({ id }) => id === segment)?.devices ?? 0;
  return last.totals === null ? 0 : resendable(last.totals, launch) + (own(launch.leftBehind, segment) ?? 0);
}

/** Devices of a closed attempt that a further attempt may send to. */
export function resendable({ totals }: SegmentTotals, launch: Launch): number {
  return (
    totals.halted +
    totals.late +
    (totals.reachable ?? 0) +
    (launch.runbook.delivery.uncertain === 'resend' ? totals.uncertain : 0)
  );
}

/** How many devices an order is for, of one of its segments. */
export function devicesShown(launch: Launch, { sets = [] }: Pick<Shown, 'sets'>, segment: string): number {
  return sets.find((one) => one.segment === segment)?.devices ?? remainingDevices(launch, segment);
}

/** Segments of which late accounts have brought devices within reach that no approved order has. In the audience's order. */
export function leftBehindOf(launch: Launch): { segment: string; devices: number }[] {
  return (launch.audience?.segments ?? []).flatMap(({ id: segment }) => {
    const devices = own(launch.leftBehind, segment) ?? 0;
    return devices === 0 ? [] : [{ segment, devices }];
  });
}

export function lastAttempt(launch: Launch, segment: string): SegmentShot | undefined {
  return own(launch.attempts, segment)?.at(-1);
}

/** The segments that a request is for, each once. `all` and `cut-off` in the audience's order, as of this moment. */
export function segmentsMeant(launch: Launch, asked: SegmentsAsked, nowMs: number): string[] {
  if (asked === 'all') return fireableSegments(launch, nowMs);
  if (asked === 'cut-off') return fireableSegments(launch, nowMs).filter((id) => lastAttempt(launch, id) !== undefined);
  return [...new Set(asked)];
}

/** Shots that are approved and not closed yet. */
export function runningShots(launch: Launch): Shot[] {
  return Object.values(launch.shots).filter((shot) => shot.closed === null);
}

/** Shots as refusals name them: `S12 (us-ios, de-ios)`. */
export function shotsText(shots: readonly Shot[]): string {
  return listed(
    shots.map(({ id, segments }) => {
      const names = segments.slice(0, NAMED).map(({ segment }) => segment);
      return `${id} (${names.join(', ')}${segments.length > NAMED ? ` and ${segments.length - NAMED} more` : ''})`;
    }),
  );
}

const NAMED = 6;

export function runningShotOf(launch: Launch, segment: string): Shot | undefined {
  return runningShots(launch).find((shot) => shot.segments.some((part) => part.segment === segment));
}

export function isExpired(order: FireOrder, nowMs: number): boolean {
  return nowMs > order.expiresAtMs;
}

/** The order that waits for its second person or its moment and names this segment, if one does. */
export function openOrderOf(launch: Launch, segment: string, nowMs: number): FireOrder | undefined {
  return Object.values(launch.orders).find(
    (order) =>
      isPending(order) && !isExpired(order, nowMs) && order.shown.segments.some((part) => part.segment === segment),
  );
}

/** Segments that could be asked for now: something left, no shot running, no order waiting. In the audience's order. */
export function fireableSegments(launch: Launch, nowMs: number): string[] {
  return (launch.audience?.segments ?? [])
    .map(({ id }) => id)
    .filter(
      (id) =>
        remainingDevices(launch, id) > 0 &&
        runningShotOf(launch, id) === undefined &&
        openOrderOf(launch, id, nowMs) === undefined,
    );
}

/** An order waits for its second person, or for its moment: GO may come at any time. */
export function isOrderWaiting(launch: Launch, nowMs: number): boolean {
  return Object.values(launch.orders).some((order) => isPending(order) && !isExpired(order, nowMs));
}
