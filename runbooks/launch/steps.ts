import type { Runbook, Step } from '../playbook/schema.ts';

/** A step of the plan by its id. */
export function stepNamed({ phases }: Pick<Runbook, 'phases'>, id: string): Step | undefined {
  return phases.flatMap(({ steps }) => steps).find((step) => step.id === id);
}
