import type { Runbook, Step } from '../playbook/schema.ts';

/** The steps of a plan: those of its phases, and those of their backups. */

type Plan = Pick<Runbook, 'phases'>;

export const plannedSteps = ({ phases }: Plan): Step[] => phases.flatMap(({ steps }) => steps);

/** With those of backups, each after the step that it is for. */
export const everyStep = (plan: Plan): Step[] => plannedSteps(plan).flatMap((step) => [step, ...backupSteps(step)]);

export const stepNamed = (plan: Plan, id: string): Step | undefined => everyStep(plan).find((step) => step.id === id);

/** What a step's backup does, as steps of their own: due at its deadline, however late that is noticed. */
export function backupSteps(step: Step): Step[] {
  const { steps, by_itself: byItself } = step.backup ?? { steps: [], by_itself: false };
  return steps.map((one) => ({
    ...one,
    at: step.deadline ?? step.at,
    for: step.for,
    catch_up_within: byItself ? Number.POSITIVE_INFINITY : 0,
  }));
}

/** Whether the plan itself leaves this step to people (`catch_up_within: 0s`): that it waits for one is as planned, and nothing that went wrong. */
export const isLeftToPeople = (plan: Plan, id: string): boolean =>
  plannedSteps(plan).some((step) => step.id === id && step.catch_up_within === 0);

/** The step whose backup this one is of. */
export function backedUp(plan: Plan, id: string): Step | undefined {
  return plannedSteps(plan).find((step) => step.backup?.steps.some((one) => one.id === id) === true);
}
