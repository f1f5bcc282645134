import type { Step } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';
import { runningShots } from './remaining.ts';

/**
 * Why this step must not take the send workers down now: null, it may. A plan is written for the day on which everything
 * goes as planned; when the moment moves, its steps go on.
 */
export function keepsWorkers(launch: Launch, step: Pick<Step, 'do'>): string | null {
  const { scale_target: pool } = launch.runbook.pool;
  if (step.do.kind !== 'scale' || step.do.target !== pool) return null;
  const standing = launch.scale[pool]?.desired;
  if (standing === undefined || step.do.to >= standing) return null;
  if (runningShots(launch).length > 0) return 'a shot is running';
  return Object.keys(launch.shots).length === 0 ? 'nothing has been sent yet' : null;
}
