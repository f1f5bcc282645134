import type { FixedTime } from '../playbook/fields/values.ts';
import type { Step } from '../playbook/schema.ts';
import { own } from './decision.ts';
import type { Launch } from './launch.ts';

/**
 * When what a plan says is. Times relative to T move with the target and are divided by `compress`. Times of their own (a
 * midnight, say) stand where they are; compressed they are as far from the target as they are from the runbook's, divided.
 */
export interface PlanClock extends Pick<Launch, 'targetAtMs' | 'compress'> {
  runbook: Pick<Launch['runbook'], 'target' | 'targets'>;
}

export function stepDueAtMs(clock: PlanClock, { at, for: market }: Pick<Step, 'at' | 'for'>): number {
  if (typeof at !== 'number') return fixedAtMs(clock, at);
  return targetOf(clock, market) + Math.round(at / clock.compress);
}

/** T of a market or segment that has its own, else that of the launch. */
export function targetOf(clock: PlanClock, market: string | undefined): number {
  const fixed = market === undefined ? undefined : own(clock.runbook.targets ?? {}, market);
  return fixed === undefined ? clock.targetAtMs : fixedAtMs(clock, fixed);
}

function fixedAtMs({ targetAtMs, compress, runbook }: PlanClock, { atMs }: FixedTime): number {
  if (compress === 1) return atMs;
  return targetAtMs + Math.round((atMs - (runbook.target?.atMs ?? targetAtMs)) / compress);
}
