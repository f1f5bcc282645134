import { setTimeout as delay } from 'node:timers/promises';
import type { FireOrder, Launch } from '../../../runbooks/launch/launch.ts';
import { isPending } from '../../../runbooks/launch/voiding.ts';
import type { Acted, Context } from '../context.ts';
import { freshMeasurements } from '../gates/gate-watch.ts';

/** Ticks come every second: what is due before the next one is waited for, so that it goes at its moment and not up to a second later. */
const AHEAD_MS = 1_000;

/** The switch item is waited for so long, as at a press. */
const SWITCH_WITHIN_MS = 1_500;

/**
 * Lets armed orders go at their moment. The rules decide (`releaseFire`): a refusal becomes the reason for which the order is
 * held, and it waits for a press. Of two leaders that try one appends, and the other is refused.
 */
export async function armedOrders(context: Context, launch: Launch): Promise<void> {
  const due = Object.values(launch.orders).filter(
    (order) =>
      isPending(order) && order.held === null && (order.shown.moment?.atMs ?? Infinity) <= context.nowMs() + AHEAD_MS,
  );
  await Promise.all(due.map((order) => atItsMoment(context, launch, order)));
}

async function atItsMoment(context: Context, launch: Launch, order: FireOrder): Promise<void> {
  const { moment } = order.shown;
  if (moment === undefined) return;
  await delay(Math.max(0, moment.atMs - context.nowMs()));
  const reason = order.state === 'open' ? 'nobody had armed it by then' : await release(context, launch, order.id);
  if (reason === null) return;
  const held = await context.execute(launch.id, { kind: 'hold-fire', orderId: order.id, reason });
  context.log.warn(
    { launchId: launch.id, orderId: order.id, reason, held: held.ok },
    'an order did not go at its moment',
  );
}

/** Null: it is gone, or it is another instance's by now. */
async function release(context: Context, launch: Launch, orderId: string): Promise<string | null> {
  const { log } = context;
  const [item, measured] = await Promise.all([
    context.cloud.switches.readWithin(launch.id, SWITCH_WITHIN_MS).catch((error: unknown) => {
      log.error({ err: error, launchId: launch.id, orderId }, 'armed order: the halt switch could not be read');
      return 'unreadable' as const;
    }),
    freshMeasurements(context, launch, false).catch((error: unknown) => {
      log.error({ err: error, launchId: launch.id, orderId }, 'armed order: no measurements');
      return [];
    }),
  ]);
  if (item === 'unreadable') return 'the halt switch could not be read';
  const acted: Acted = await context.execute(launch.id, {
    kind: 'release-fire',
    orderId,
    measured,
    observedHaltEpoch: item?.haltEpoch ?? 0,
    observedHalted: item?.halted ?? false,
  });
  if (acted.ok) return null;
  log.info({ launchId: launch.id, orderId, code: acted.code }, 'an armed order was refused at its moment');
  return OVER.has(acted.code) ? null : acted.say;
}

/** It is no longer armed: gone, disarmed, void, or held already. */
const OVER = new Set([
  'ORDER_NOT_OPEN',
  'ORDER_NOT_ARMED',
  'ORDER_EXPIRED',
  'LAUNCH_CLOSED',
  'NO_SUCH_ORDER',
  'STOOD_DOWN',
]);
