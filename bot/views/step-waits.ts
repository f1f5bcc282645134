import type { Launch } from '../../runbooks/launch/launch.ts';
import { everyStep, stepNamed } from '../../runbooks/launch/steps.ts';
import { listed } from '../../runbooks/launch/words.ts';
import { SHOT } from '../../runbooks/playbook/rules/waits.ts';
import type { Step } from '../../runbooks/playbook/schema.ts';
import { count, safe, span } from './words.ts';

/** Who waits for whom in a plan, and how long a fleet took before. */

/** What a step comes after, by their titles; empty: its time alone. */
export function afterText({ runbook }: Launch, { after = [] }: Step): string {
  const names = after.map((id) => {
    if (id === SHOT) return 'something was sent';
    return `“${safe(stepNamed(runbook, id)?.title ?? runbook.gates.find((gate) => gate.id === id)?.title ?? id, 80)}”`;
  });
  return names.length === 0 ? '' : ` · after ${listed(names)}`;
}

/** Steps that are still to come and wait for this one; empty: none. */
export function waitersText({ runbook, steps }: Launch, id: string | null): string {
  const waiters = everyStep(runbook).filter(
    (step) => id !== null && step.after?.includes(id) === true && isToCome(steps[step.id]?.state),
  );
  if (waiters.length === 0) return '';
  const names = listed(waiters.map(({ title }) => `“${safe(title, 80)}”`));
  return `${names} ${waiters.length === 1 ? 'waits' : 'wait'} for it.`;
}

const isToCome = (state: string | undefined): boolean => state === undefined || state === 'held' || state === 'put';

/** How long a target took the last time that it was raised in this launch; empty: it never was. */
export function tookText({ scaleTook }: Launch, target: string): string {
  const took = Object.hasOwn(scaleTook, target) ? scaleTook[target] : undefined;
  if (took === undefined) return '';
  return `took ${span(took.tookMs)} to ${count(took.to)} ${took.isRehearsal ? 'at the last rehearsal' : 'the last time'}`;
}
