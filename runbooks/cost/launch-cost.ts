import type { Entry } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { sumTotals } from '../launch/totals.ts';
import { eventCost } from './event-cost.ts';
import { fleetUse, unitHour } from './fleets.ts';
import type { FleetNow } from './fleets.ts';
import type { Prices } from './prices.ts';

/** What a launch has cost, as far as its record shows: what it added to fleets, and what it sent. */
export interface LaunchCost {
  fleets: { title: string; unitHours: number; /** Null: no price is known. */ usd: number | null }[];
  /** Notifications that were written. */
  sent: number;
  /** Of requests and traffic. */
  requestsUsd: number | null;
  /** Of everything with a price. Null: there are no prices at all. */
  usd: number | null;
}

/** `fleets`: what one unit of each is, as last seen. Bot, stack and what ran before are nobody's launch and not in it. */
export function launchCost(
  launch: Launch,
  entries: readonly Entry[],
  fleets: readonly FleetNow[],
  prices: Prices | null,
  nowMs: number,
): LaunchCost {
  const use = fleetUse(entries, nowMs);
  const priced = use.map(({ target, unitHours }) => {
    const fleet = fleets.find((one) => one.target === target);
    const hour = fleet?.unit == null || prices === null ? null : unitHour(fleet.unit, prices);
    return { title: fleet?.title ?? target, unitHours, usd: hour === null ? null : hour * unitHours };
  });
  const totals = sumTotals(Object.values(launch.shots).flatMap((shot) => shot.totals ?? []));
  const sent = totals.accepted + totals.failed + totals.uncertain;
  if (prices === null) return { fleets: priced, sent, requestsUsd: null, usd: null };
  const workerHours = use.find(({ target }) => target === launch.runbook.pool.scale_target)?.unitHours ?? 0;
  const nothing = { tasks: 0, vcpu: 0, gib: 0, cpu: 'x64', hours: 0, spot: false } as const;
  const { usd: requestsUsd } = eventCost(
    {
      // Their own hours are counted above; here what they ask of the stores meanwhile.
      workers: { ...nothing, tasks: 1, hours: workerHours },
      bot: nothing,
      devices: sent,
      batchSize: launch.runbook.delivery.batch_size,
      warm: { reads: 0, writes: 0 },
      audienceBytes: 0,
      egress: 'ipv6',
      zones: 0,
      stackHours: 0,
      loadBalancer: false,
    },
    prices,
  );
  return { fleets: priced, sent, requestsUsd, usd: requestsUsd + priced.reduce((sum, { usd }) => sum + (usd ?? 0), 0) };
}
