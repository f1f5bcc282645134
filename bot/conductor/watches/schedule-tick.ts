import type { Launch } from '../../../runbooks/launch/launch.ts';
import { keepsWorkers } from '../../../runbooks/launch/pool-down.ts';
import { isExpired } from '../../../runbooks/launch/remaining.ts';
import { dueSteps } from '../../../runbooks/launch/schedule.ts';
import { isPutBack } from '../../../runbooks/launch/stand-down.ts';
import { span, utc } from '../../views/words.ts';
import type { Context } from '../context.ts';

/**
 * What the clock brings: steps that are due, orders that are over, and the close of a launch that was called off. The record decides, not the tick: of two
 * instances that try, one appends, and the other is refused.
 */
export async function scheduleTick(context: Context, launch: Launch): Promise<void> {
  const nowMs = context.nowMs();
  for (const { step, dueAtMs, verdict } of dueSteps(launch, nowMs)) {
    const late =
      step.catch_up_within === 0
        ? 'it never starts by itself'
        : `it was due ${utc(dueAtMs)}, ${span(nowMs - dueAtMs)} ago, and more than ${span(step.catch_up_within)} late it does not start by itself`;
    const why = keepsWorkers(launch, step) ?? late;
    const acted = await context.execute(
      launch.id,
      verdict === 'put' ? { kind: 'put-step', step: step.id, why } : { kind: 'start-step', step: step.id },
    );
    if (!acted.ok)
      context.log.info({ launchId: launch.id, step: step.id, code: acted.code }, 'a due step was left alone');
  }
  for (const order of Object.values(launch.orders)) {
    if (order.state === 'open' && isExpired(order, nowMs))
      await context.execute(launch.id, { kind: 'expire-order', orderId: order.id });
  }
  if (isPutBack(launch)) await context.execute(launch.id, { kind: 'close-launch', by: null, reason: '' });
}
