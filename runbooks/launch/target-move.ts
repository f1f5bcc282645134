import { own } from './decision.ts';
import type { FireOrder, Launch } from './launch.ts';
import { stepDueAtMs } from './plan-times.ts';
import { isExpired } from './remaining.ts';
import { dueSteps, scheduledSteps } from './schedule.ts';
import type { DueStep, ScheduledStep } from './schedule.ts';

/** What a move of the target does to everything that is still to come. */
export interface TargetMove {
  /** Steps that are as far from the target as before. */
  moving: ScheduledStep[];
  /** Steps at a time of their own. */
  staying: ScheduledStep[];
  /** Of those that move: it was to come, and is due now. */
  due: DueStep[];
  /** Armed orders go at their own moment all the same. */
  armed: FireOrder[];
  /** Open orders that end before the new target. */
  short: FireOrder[];
}

/** `launch`: with its new target. */
export function targetMove(launch: Launch, fromAtMs: number, nowMs: number): TargetMove {
  const beforeMs = ({ step }: ScheduledStep) => stepDueAtMs({ ...launch, targetAtMs: fromAtMs }, step);
  const open = scheduledSteps(launch).filter(({ step }) => own(launch.steps, step.id) === undefined);
  const pending = Object.values(launch.orders).filter((order) => !isExpired(order, nowMs));
  return {
    moving: open.filter((one) => one.dueAtMs > nowMs && beforeMs(one) !== one.dueAtMs),
    staying: open.filter((one) => one.dueAtMs > nowMs && beforeMs(one) === one.dueAtMs),
    due: dueSteps(launch, nowMs).filter((one) => beforeMs(one) > nowMs),
    armed: pending.filter(({ state }) => state === 'armed'),
    short: pending.filter(({ state, expiresAtMs }) => state === 'open' && expiresAtMs < launch.targetAtMs),
  };
}
