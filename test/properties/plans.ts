import { planOf } from '../../runbooks/launch/plan-changes.ts';
import type { Plan, Runbook } from '../../runbooks/playbook/schema.ts';

/** Plans that a launch's runbook may be changed to, each whole: what two people decide, what one may, and what may not change at all. */

export interface NamedPlan {
  hash: string;
  plan: Plan;
}

/** The first is the runbook's own, so that a change to it takes back what another has brought. */
export function plansOf(runbook: Runbook): NamedPlan[] {
  const plan = planOf(runbook);
  const gates = (id: string, more: object) => plan.gates.map((gate) => (gate.id === id ? { ...gate, ...more } : gate));
  const steps = plan.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) => (step.id === 'remind' ? { ...step, at: -3_000_000 } : step)),
  }));
  const versions: Plan[] = [
    plan,
    { ...plan, fire: { may_ask: ['ana', 'ana-b'], may_approve: ['marketer'] } },
    { ...plan, fire: { may_approve: ['ben', 'eve'] } },
    {
      ...plan,
      fire: { may_ask: ['planners'] },
      groups: [{ id: 'planners', title: 'Planners', people: ['mia', 'ana'] }],
    },
    { ...plan, delivery: { ...plan.delivery, ios_not_after: 30_000 }, order_expires_after: 300_000 },
    { ...plan, gates: gates('copy-read', { title: 'The copy was read aloud' }), phases: steps },
    { ...plan, title: 'Super Bowl push, second try', gates: gates('copy-read', { hard: true }) },
    { ...plan, pool: { ...plan.pool, workers: 3 } },
  ];
  return versions.map((version, index) => ({ hash: `plan-${index}`, plan: version }));
}
