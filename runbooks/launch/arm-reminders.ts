import type { Step } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';
import { fatesAt } from './market-moments.ts';
import type { Fate } from './market-moments.ts';

/** Why nobody has anything to arm any more; null: somebody has, or it is to be asked for anew. */
const SETTLED: Readonly<Record<Fate, string | null>> = {
  ahead: null,
  asked: null,
  'order-halted': null,
  armed: 'armed already',
  sending: 'fired already',
  stopping: 'fired already',
  fired: 'fired already',
  'cut-off': 'fired already, and cut off by HALT',
  held: 'held at its moment, and its order waits for a press',
  unarmed: 'past its moment, and its order waits for a press',
  missed: 'past its moment',
  off: 'over',
};

/** Why a reminder to arm (`unless: armed`) is not given; null: it is, as every other reminder. Nobody in the audience yet: somebody may come. */
export function needlessReminder(launch: Launch, step: Step, nowMs: number): string | null {
  if (step.do.kind !== 'remind' || step.do.unless === undefined) return null;
  const fates = fatesAt(launch, step.for ?? null, nowMs);
  const why = fates.map((fate) => SETTLED[fate]);
  if (why.length === 0 || why.includes(null)) return null;
  return `${step.for ?? 'all of it'} is ${[...new Set(why)].join(' or ')}`;
}
