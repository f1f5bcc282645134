import type { Entry } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { isExpired, openOrderOf, remainingDevices, runningShots } from '../launch/remaining.ts';
import { nextSteps } from '../launch/schedule.ts';
import { instanceHour, taskHour } from './event-cost.ts';
import type { Prices } from './prices.ts';

/** What one unit of a scale target is, as far as its price depends on it. */
export type FleetUnit =
  | { kind: 'fargate'; vcpu: number; gib: number; cpu: 'x64' | 'arm64'; spot: boolean }
  | { kind: 'write-units' }
  /** Tasks and groups on instances of their own: the instances are paid for. `type` absent: not known, or several. `weight`: units that one of them counts as, 1 unless it is said. */
  | { kind: 'instances'; type?: string; weight?: number };

/** A scale target as it runs now. */
export interface FleetNow {
  target: string;
  title: string;
  running: number;
  /** What ran before the launch raised it; null: the launch has not, or has put it back. */
  before: number | null;
  unit: FleetUnit | null;
  /** Of all that runs. Null: no price is known. */
  usdHour: number | null;
}

/** Of one, an hour; null: not in the table. */
export function unitHour(unit: FleetUnit, prices: Prices): number | null {
  switch (unit.kind) {
    case 'fargate':
      return taskHour(unit, prices);
    case 'write-units':
      return prices.dynamo.writeUnitHour;
    case 'instances': {
      const hour = unit.type === undefined ? null : instanceHour(unit.type, prices);
      return hour === null ? null : hour / (unit.weight ?? 1);
    }
    default:
      return unit satisfies never;
  }
}

/** Raised by this launch, and still above what ran before. */
export const stillUp = (fleets: readonly FleetNow[]): FleetNow[] =>
  fleets.filter(({ before, running }) => before !== null && running > before);

/** Of those that are still up: those that no step still to come lowers. */
export function forgotten(launch: Launch, up: readonly FleetNow[], nowMs: number): FleetNow[] {
  const planned = nextSteps(launch, nowMs).map(({ step }) => (step.do.kind === 'scale' ? step.do.target : null));
  return up.filter(({ target }) => !planned.includes(target));
}

/** Nothing is sent, ordered or left to send: whatever the launch raised does nothing any more. */
export function isEventOver(launch: Launch, nowMs: number): boolean {
  if (launch.closed) return true;
  const segments = launch.audience?.segments ?? [];
  return (
    Object.keys(launch.shots).length > 0 &&
    runningShots(launch).length === 0 &&
    !Object.values(launch.orders).some((order) => order.state === 'open' && !isExpired(order, nowMs)) &&
    segments.every(({ id }) => remainingDevices(launch, id) === 0 && openOrderOf(launch, id, nowMs) === undefined)
  );
}

export interface FleetUse {
  target: string;
  /** What the launch added, times hours. */
  unitHours: number;
}

/**
 * What a launch added to each target over time, by its record: until `untilMs` where it was not put back. What starts is paid for
 * before it is ready, so a rise counts from its order; what ends, until it is gone.
 */
export function fleetUse(entries: readonly Entry[], untilMs: number): FleetUse[] {
  const before = new Map<string, number>();
  const standing = new Map<string, { count: number; sinceMs: number }>();
  const hours = new Map<string, number>();
  const settle = (target: string, atMs: number) => {
    const last = standing.get(target);
    if (last === undefined) return;
    const added = Math.max(0, last.count - (before.get(target) ?? 0));
    hours.set(target, (hours.get(target) ?? 0) + (added * Math.max(0, atMs - last.sinceMs)) / 3_600_000);
  };
  const stands = ({ target, atMs }: { target: string; atMs: number }, count: number) => {
    settle(target, atMs);
    standing.set(target, { count, sinceMs: atMs });
  };
  for (const entry of entries) {
    if (entry.kind === 'ScaleFound' && !before.has(entry.target)) before.set(entry.target, entry.found.desired);
    if (entry.kind === 'ScaleOrdered' && entry.desired > (standing.get(entry.target)?.count ?? 0))
      stands(entry, entry.desired);
    if (entry.kind === 'ScaleReached') stands(entry, entry.stands ?? entry.desired);
    if (entry.kind === 'ScaleLate') stands(entry, entry.running);
    if (entry.kind === 'ScaleChanged') stands(entry, entry.found);
  }
  for (const target of standing.keys()) settle(target, untilMs);
  return [...hours].map(([target, unitHours]) => ({ target, unitHours }));
}
