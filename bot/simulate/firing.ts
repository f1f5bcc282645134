import type { Command } from '../../runbooks/launch/commands.ts';
import type { Measured } from '../../runbooks/launch/entries.ts';
import { firersOf, twoFirers } from '../../runbooks/launch/fire-policy.ts';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import { segmentsMeant } from '../../runbooks/launch/remaining.ts';
import { plannedSteps } from '../../runbooks/launch/steps.ts';
import type { Person, Runbook } from '../../runbooks/playbook/schema.ts';

const MIN = 60_000;
/** The ad airs so long after T. */
const FIRE_AFTER_MS = MIN;
const FIRES_FOR_MS = 3 * 60 * MIN;
/** A market that has a moment of its own is asked for so long ahead, and a refusal leaves time to ask once more. */
const ARM_MS = 30 * MIN;
/** The second person has read it by then. */
const READ_MS = MIN / 2;
/** Closer to its moment nothing is armed any more; then it is asked for when it is time. */
const TOO_CLOSE_MS = 2 * MIN;

/** What is to go now: at once, or by itself at a moment. */
interface Due {
  segments: string[];
  momentMs?: number;
}

/** A rehearsal has no moment in its plan. */
export const opensWindow = (runbook: Runbook): boolean =>
  plannedSteps(runbook).some(({ do: act }) => act.kind === 'fire-window');

/** Each market that has its own T ahead of it, with that as its moment; where there is none, all of it a minute after T. */
export function dueFires(launch: Launch, nowMs: number): Due[] {
  if (!opensWindow(launch.runbook)) return [];
  return marketsOf(launch).flatMap(({ market, atMs }) => {
    const segments = segmentsMeant(launch, 'all', nowMs).filter(
      (id) => market === null || id === market || id.startsWith(`${market}-`),
    );
    if (segments.length === 0) return [];
    if (market !== null && nowMs >= atMs - ARM_MS && nowMs <= atMs - TOO_CLOSE_MS)
      return [{ segments, momentMs: atMs }];
    return nowMs >= atMs + FIRE_AFTER_MS && nowMs <= atMs + FIRES_FOR_MS ? [{ segments }] : [];
  });
}

/** From when to when somebody would ask, and the moments of orders that go by themselves. */
export function fireMoments(launch: Launch): number[] {
  return [
    ...marketsOf(launch).flatMap(({ market, atMs }) => [
      ...(market === null ? [] : [atMs - ARM_MS]),
      atMs + FIRE_AFTER_MS,
      atMs + FIRES_FOR_MS,
    ]),
    ...Object.values(launch.orders).flatMap(({ shown }) => shown.moment?.atMs ?? []),
  ];
}

function marketsOf(launch: Launch): { market: string | null; atMs: number }[] {
  const markets = Object.keys(launch.runbook.targets ?? {});
  return markets.length === 0
    ? [{ market: null, atMs: launch.targetAtMs }]
    : markets.map((market) => ({ market, atMs: targetOf(launch, market) }));
}

/** Whoever may, asks for all that is due. */
export function asks(launch: Launch, measured: Measured[], nowMs: number): Command[] {
  const [first] = twoFirers(launch) ?? [];
  return dueFires(launch, nowMs).flatMap((due): Command[] =>
    first === undefined
      ? []
      : [{ kind: 'request-fire', by: first.id, ...due, measured, via: viaOf(first), lift: false }],
  );
}

/** Another person presses what waits for it: that arms an order with a moment, and sends any other. */
export function presses(launch: Launch, measured: Measured[], nowMs: number): Command[] {
  return Object.values(launch.orders).flatMap((order): Command[] => {
    const second = firersOf(launch, 'approve').find(({ id }) => id !== order.requestedBy);
    if (second === undefined || !waitsForPress(order, nowMs)) return [];
    return [
      {
        kind: 'approve-fire',
        by: second.id,
        orderId: order.id,
        shownHash: order.shownHash,
        pressedAtMs: nowMs,
        measured,
        via: viaOf(second),
        observedHaltEpoch: launch.halt.epoch,
        observedHalted: launch.halt.active,
      },
    ];
  });
}

function waitsForPress({ state, held, shown: { moment }, requestedAtMs }: FireOrder, nowMs: number): boolean {
  if (state !== 'open' || nowMs < requestedAtMs + READ_MS) return false;
  return moment === undefined || held !== null || nowMs < moment.atMs;
}

const viaOf = ({ slack }: Person) => ({ kind: 'slack' as const, slackId: slack[0] ?? '' });
