import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { expired, noSuchOrder, notOpen } from './fire-refusals.ts';
import type { FireOrder, Launch } from './launch.ts';
import { nameOf } from './people.ts';
import { isExpired } from './remaining.ts';
import { clock, span } from './words.ts';

/**
 * The ad is late, and the order would end before it: its asker keeps it open by one tap, one more lifetime from the tap on, as
 * often as is needed until the bound. Nothing that it shows changes, so the GO button before the second person holds; what does
 * change voids it as ever (voiding.ts), and a press asks everything again (fire.ts).
 */
export function renewOrder(launch: Launch, command: CommandOf<'renew-order'>, { nowMs, sha256 }: Given): Decision {
  const order = own(launch.orders, command.orderId);
  if (order === undefined) return noSuchOrder(command.orderId);
  if (order.state !== 'open') return notOpen(launch, order, sha256);
  if (isExpired(order, nowMs)) return expired(launch, order);
  if (order.requestedBy !== command.by)
    return refuse(
      'NOT_THE_ASKER',
      `${nameOf(launch, order.requestedBy)} asked for this fire, so only they keep it open. Until ${clock(order.expiresAtMs)} it waits for GO.`,
    );
  return (
    renewalProblem(launch, order, nowMs) ??
    accept(byPerson(command.by), nowMs, {
      kind: 'FireRenewed',
      orderId: order.id,
      expiresAtMs: renewedUntilMs(launch, order, nowMs),
    })
  );
}

/** Runbooks of before the key, and those without it: in lifetimes. */
const LIVES = 4;

/** How long an order may be kept open in all, from when it was asked for, or from its moment. */
const livesMs = ({ runbook }: Launch): number => runbook.order_renewable_for ?? LIVES * runbook.order_expires_after;

function boundMs(launch: Launch, { requestedAtMs, shown }: FireOrder): number {
  return (shown.moment?.atMs ?? requestedAtMs) + livesMs(launch);
}

/** When it would end if it were renewed now. */
export function renewedUntilMs(launch: Launch, order: FireOrder, nowMs: number): number {
  return Math.min(nowMs + launch.runbook.order_expires_after, boundMs(launch, order));
}

/** Less than this part of a lifetime is no gain: two taps in a row are one. */
const GAIN = 1 / 10;

function renewalProblem(launch: Launch, order: FireOrder, nowMs: number): Refusal | null {
  const endMs = boundMs(launch, order);
  if (order.expiresAtMs >= endMs)
    return refuse(
      'TIME_INVALID',
      `This order ends at ${clock(order.expiresAtMs)} for good: ${span(livesMs(launch))} in all is what the runbook allows. Ask for a new one with /go fire.`,
    );
  const untilMs = renewedUntilMs(launch, order, nowMs);
  if (untilMs - order.expiresAtMs >= GAIN * launch.runbook.order_expires_after || untilMs === endMs) return null;
  return refuse('ALREADY_SO', `This order waits for GO until ${clock(order.expiresAtMs)} already.`);
}

/** Its asker is called: a quarter of a lifetime is left, and nobody has pressed. */
export const isRenewalUrgent = (launch: Launch, order: FireOrder, nowMs: number): boolean =>
  isRenewalOffered(launch, order, nowMs) && order.expiresAtMs - nowMs < launch.runbook.order_expires_after / 4;

/** Its asker is offered to keep it open: less than half of a lifetime is left, and it can be more. */
export function isRenewalOffered(launch: Launch, order: FireOrder, nowMs: number): boolean {
  return (
    order.state === 'open' &&
    order.expiresAtMs - nowMs < launch.runbook.order_expires_after / 2 &&
    renewalProblem(launch, order, nowMs) === null
  );
}
