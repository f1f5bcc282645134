import type { SegmentRef } from './entries.ts';
import type { FireOrder, Launch } from './launch.ts';
import { targetNameOf } from './market.ts';
import { targetOf } from './plan-times.ts';
import { openOrderOf, remainingDevices } from './remaining.ts';
import { VOID_BY_HALT } from './voiding.ts';

/** How a launch stands whose markets have moments of their own: what has gone, what comes next, what did not go. */

/**
 * `cut-off`: HALT ended its shot and devices are left; `order-halted`: HALT ended its order before it went; `held`: an
 * armed order did not go and waits for a press; `unarmed`: its moment came before its second person; `off`: the launch is over without it.
 */
export type Fate =
  | 'sending'
  | 'stopping'
  | 'cut-off'
  | 'fired'
  | 'held'
  | 'armed'
  | 'asked'
  | 'unarmed'
  | 'order-halted'
  | 'missed'
  | 'ahead'
  | 'off';

/** One moment. `name`: of `targets`; null: T, for the segments that none of those names. */
export interface MarketMoment {
  name: string | null;
  atMs: number;
  /** Empty: nobody in the audience, or there is none yet. */
  segments: { ref: SegmentRef; fate: Fate }[];
}

/** In order of time. Empty: the runbook has no `targets`. */
export function marketMoments(launch: Launch, nowMs: number): MarketMoment[] {
  const names = Object.keys(launch.runbook.targets ?? {});
  if (names.length === 0) return [];
  const all = launch.audience?.segments ?? [];
  const moment = (name: string | null): MarketMoment => {
    const atMs = targetOf(launch, name ?? undefined);
    const refs = all.filter((ref) => (targetNameOf(launch.runbook, ref) ?? null) === name);
    return { name, atMs, segments: refs.map((ref) => ({ ref, fate: fateOf(launch, ref.id, atMs, nowMs) })) };
  };
  const rest = moment(null);
  return [...names.map(moment), ...(rest.segments.length === 0 ? [] : [rest])].toSorted((a, b) => a.atMs - b.atMs);
}

/** What became of each segment that has this moment; `name`: null is T. */
export function fatesAt(launch: Launch, name: string | null, nowMs: number): Fate[] {
  const refs = (launch.audience?.segments ?? []).filter((ref) => (targetNameOf(launch.runbook, ref) ?? null) === name);
  return refs.map(({ id }) => fateOf(launch, id, targetOf(launch, name ?? undefined), nowMs));
}

function fateOf(launch: Launch, segment: string, atMs: number, nowMs: number): Fate {
  const attempts = launch.attempts[segment] ?? [];
  const shot = launch.shots[attempts.at(-1)?.shotId ?? ''];
  if (shot !== undefined && shot.closed === null) return shot.haltedAtMs === null ? 'sending' : 'stopping';
  const order = openOrderOf(launch, segment, nowMs);
  if (order !== undefined) return waits(order, nowMs);
  if (shot !== undefined)
    return shot.haltedAtMs !== null && remainingDevices(launch, segment) > 0 ? 'cut-off' : 'fired';
  if (launch.closed || launch.stoodDown !== null) return 'off';
  const last = Object.values(launch.orders).findLast(({ shown }) =>
    shown.segments.some((part) => part.segment === segment),
  );
  if (last?.state === 'void' && last.voidedBy === VOID_BY_HALT) return 'order-halted';
  return nowMs > atMs ? 'missed' : 'ahead';
}

function waits({ state, held, shown }: FireOrder, nowMs: number): Fate {
  if (held !== null) return 'held';
  if (state === 'armed') return 'armed';
  return shown.moment !== undefined && nowMs > shown.moment.atMs ? 'unarmed' : 'asked';
}
