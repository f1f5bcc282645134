import type { Given } from './commands.ts';
import { refuse } from './decision.ts';
import type { Refusal } from './decision.ts';
import type { Moment } from './entries.ts';
import { notOpen } from './fire-refusals.ts';
import type { FireOrder, GateLine, Launch } from './launch.ts';
import { clock, span } from './words.ts';

/** The moment of an order that goes by itself: which ones are taken, and the sentences when it is not its time. */

/** How far ahead: what two people have looked at is a day old at most when it goes. */
const AHEAD_MS = 24 * 3_600_000;

/** Less is no plan: the second person has to read and press. */
const SOONEST_MS = 10_000;

/** Records of before runbooks said it. */
const WITHIN_MS = 5_000;

export function momentOf({ runbook }: Pick<Launch, 'runbook'>, atMs: number | undefined): Moment | undefined {
  if (atMs === undefined) return undefined;
  // An order that has ended goes no more, however long it would be caught up with.
  return { atMs, withinMs: Math.min(runbook.armed_catch_up_within ?? WITHIN_MS, runbook.order_expires_after) };
}

/** Why an order can't be asked for with this moment; null when it can. */
export function momentProblem({ atMs }: Moment, lift: boolean, nowMs: number): Refusal | null {
  if (lift)
    return refuse(
      'TIME_INVALID',
      'An order that lifts a halt goes with the press of its second person, not at a time. Lift with /go resume, then ask with /go fire.',
    );
  if (!Number.isSafeInteger(atMs) || atMs - nowMs < SOONEST_MS)
    return refuse(
      'TIME_INVALID',
      `An order can go by itself from ${span(SOONEST_MS)} from now on, and ${clock(atMs)} is ${atMs < nowMs ? 'over' : 'sooner'}. Ask without a time, and it goes with the second person's press.`,
    );
  if (atMs - nowMs > AHEAD_MS)
    return refuse(
      'TIME_INVALID',
      `An order can go by itself within ${span(AHEAD_MS)}, and that is ${span(atMs - nowMs)} ahead. Ask for it on the day.`,
    );
  return null;
}

/** Hard gates with a probe are measured again when the moment comes, so before it they need not be green: workers are not up a day ahead. */
export function isMeasuredAgain({ hard, manual }: Pick<GateLine, 'hard' | 'manual'>): boolean {
  return hard && !manual;
}

export function momentIsOver(orderId: string, atMs: number): Refusal {
  return refuse(
    'ORDER_NOT_ARMED',
    `${orderId} was to go at ${clock(atMs)}, and nobody had armed it by then. Within seconds its message offers GO, which sends at once.`,
  );
}

export function notArmed(launch: Launch, order: FireOrder, sha256: Given['sha256']): Refusal {
  if (order.state !== 'open') return notOpen(launch, order, sha256);
  return refuse('ORDER_NOT_ARMED', `Order ${order.id} waits for a press; nobody has armed it.`);
}

export function notItsMoment(orderId: string, { atMs, withinMs }: Moment, nowMs: number): Refusal {
  const say =
    nowMs < atMs
      ? `it goes at ${clock(atMs)}, in ${span(atMs - nowMs)}`
      : `it was to go at ${clock(atMs)}, ${span(nowMs - atMs)} ago, and more than ${span(withinMs)} late it does not go by itself`;
  return refuse('TIME_INVALID', `Order ${orderId} waits: ${say}.`);
}
