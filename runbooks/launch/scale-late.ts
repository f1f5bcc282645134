import type { Step } from '../playbook/schema.ts';
import { deadlineAtMs } from './deadlines.ts';
import type { Launch, ScaleState } from './launch.ts';
import { plannedSteps, stepNamed } from './steps.ts';

/** When an order of capacity counts as late, and what people do then. */

/** For orders that no step of the plan is about: the schema's own defaults. */
const LATE_AFTER_MS = 300_000;
const BACKUP = 'ask on-call to scale by hand in the console';

/** A step with a deadline is told as late while there is still a quarter of its time left for something else. */
const LATE_SHARE = 0.75;

export function lateAfterMs(launch: Launch, target: string, { step: id, orderedAtMs }: ScaleState): number {
  const step = stepOf(launch, target);
  const asked = step?.do.kind === 'scale' ? step.do.late_after : LATE_AFTER_MS;
  // An order by hand is no longer that step's, and its deadline not this order's.
  const deadline = step === undefined || step.id !== id ? null : deadlineAtMs(launch, step);
  return deadline === null || deadline <= orderedAtMs ? asked : Math.min(asked, (deadline - orderedAtMs) * LATE_SHARE);
}

export function backupOf(launch: Launch, target: string): string {
  const step = stepOf(launch, target);
  return step?.backup?.say ?? (step?.do.kind === 'scale' ? step.do.backup : BACKUP);
}

/** The step whose order stands, else the first one of the plan for this target: its words hold for orders by hand, too. */
function stepOf(launch: Launch, target: string): Step | undefined {
  return (
    stepNamed(launch.runbook, launch.scale[target]?.step ?? '') ??
    plannedSteps(launch.runbook).find(({ do: act }) => act.kind === 'scale' && act.target === target)
  );
}
