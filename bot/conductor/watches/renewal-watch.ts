import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isRenewalUrgent } from '../../../runbooks/launch/renewal.ts';
import { renewalCall } from '../../views/renewal.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';

/**
 * Calls the asker of an order that is about to end and that they can keep open, once a lifetime: edits of its message call nobody.
 * It is noted before it is posted, so that a crash in between calls nobody twice; the order's message offers it all the same. What Slack
 * did not take is tried again.
 */
export async function renewalWatch(context: Context, launch: Launch): Promise<void> {
  const { slack, nowMs } = context;
  if (slack === null) return;
  for (const order of Object.values(launch.orders)) {
    if (!isRenewalUrgent(launch, order, nowMs())) continue;
    const called = FACT.renewalCalled(order.id, order.expiresAtMs);
    const was = await fact(context, launch.id, called);
    if (was !== null && was !== '') continue;
    await keepFact(context, launch.id, called, String(nowMs()));
    try {
      await slack.postMessage(launch.channelId, renewalCall(launch, order, nowMs()));
    } catch (error) {
      await keepFact(context, launch.id, called, '');
      throw error;
    }
  }
}
