import type { KnownBlock } from '@slack/types';
import type { FireOrder, Launch } from '../../runbooks/launch/launch.ts';
import { isRenewalOffered, renewedUntilMs } from '../../runbooks/launch/renewal.ts';
import { ACTION } from '../action-ids.ts';
import { button, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfAny, nameOf } from './names.ts';
import { segmentsText } from './segments-text.ts';
import { clockOf, span } from './words.ts';

/** For its asker, once it is about to end: nobody needs it before. */
export function renewalBlocks(launch: Launch, order: FireOrder, nowMs: number): KnownBlock[] {
  if (!isRenewalOffered(launch, order, nowMs)) return [];
  return [
    section(
      `:hourglass_flowing_sand: It ends soon. *${nameOf(launch, order.requestedBy)}* can keep it open; nothing that it shows changes.`,
      button(ACTION.renew, renewLabel(launch, order, nowMs), { launchId: launch.id, orderId: order.id }),
      `renew:${order.id}`,
    ),
  ];
}

function renewLabel(launch: Launch, order: FireOrder, nowMs: number): string {
  const untilMs = renewedUntilMs(launch, order, nowMs);
  const { order_expires_after: lifetimeMs } = launch.runbook;
  return untilMs - nowMs < lifetimeMs ? `Renew until ${clockOf(untilMs)} UTC` : `Renew for ${span(lifetimeMs)}`;
}

/** Calls its asker, since an edit of the order's message calls nobody. Without a button once it is of no use; never with one for GO. */
export function renewalCall(launch: Launch, order: FireOrder, nowMs: number): Message {
  const what = segmentsText(launch, order.shown.segments);
  const who = mentionsOfAny(launch, order.requestedBy) ?? nameOf(launch, order.requestedBy);
  if (!isRenewalOffered(launch, order, nowMs))
    return message(`The order for ${what}`, [
      section(`:hourglass_flowing_sand: The order for *${what}*: ${callEnd(order, nowMs)}`),
    ]);
  return message(`The order for ${what} ends soon`, [
    section(
      `:hourglass_flowing_sand: ${who} the order for *${what}* ends at ${clockOf(order.expiresAtMs)} UTC. You can keep it open; nothing that it shows changes.`,
      button(ACTION.renewCalled, renewLabel(launch, order, nowMs), { launchId: launch.id, orderId: order.id }),
      `renew-called:${order.id}`,
    ),
  ]);
}

function callEnd({ state, expiresAtMs }: FireOrder, nowMs: number): string {
  if (state !== 'open') return `it is ${state}.`;
  return nowMs < expiresAtMs ? `it waits for GO until ${clockOf(expiresAtMs)} UTC.` : 'it has ended.';
}
