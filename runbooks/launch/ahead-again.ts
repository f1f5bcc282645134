import { deadlineAtMs } from './deadlines.ts';
import type { Launch } from './launch.ts';
import { scheduledSteps } from './schedule.ts';
import { plannedSteps } from './steps.ts';

/** Steps that waited or were too late and have their time ahead again, and deadlines that do. `moved`: with the new times. What has begun stays begun, also of a backup. */
export function aheadAgain(moved: Launch, atMs: number): { steps: string[]; missed: string[] } {
  const ahead = new Set(
    scheduledSteps(moved)
      .filter(({ dueAtMs }) => dueAtMs > atMs)
      .map(({ step: { id } }) => id),
  );
  const deadlines = new Map(plannedSteps(moved.runbook).map((step) => [step.id, deadlineAtMs(moved, step)]));
  return {
    steps: waitingSteps(moved).filter((id) => ahead.has(id)),
    missed: Object.keys(moved.missed).filter((id) => !deadlines.has(id) || (deadlines.get(id) ?? atMs) > atMs),
  };
}

/** They have come due and not begun. */
export function waitingSteps({ steps }: Pick<Launch, 'steps'>): string[] {
  return Object.keys(steps).filter((id) => ['put', 'held'].includes(steps[id]?.state ?? ''));
}
