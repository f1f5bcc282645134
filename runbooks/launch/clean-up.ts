import type { Step } from '../playbook/schema.ts';
import { own } from './decision.ts';
import type { SwitchValue } from './entries.ts';
import type { Launch } from './launch.ts';
import { stepDueAtMs } from './plan-times.ts';

/**
 * What a launch has raised or set, and how each is put back: by the last step of the plan that is about it, where that one
 * lowers or unsets it, else by a person's command. It follows from the record alone.
 */
export type CleanUp = Fleet | Turned;

/** `open`: nobody has begun. `moving`: on its way. `back`: confirmed. `left`: a person has skipped its step. */
type PutBack = 'open' | 'moving' | 'back' | 'left';

interface Part {
  id: string;
  /** Null: the plan has none. */
  step: Step | null;
  state: PutBack;
  /** Its step can still be run or skipped. */
  isOffered: boolean;
}
interface Fleet extends Part {
  kind: 'scale';
  now: number;
  to: number;
}
interface Turned extends Part {
  kind: 'switch';
  now: SwitchValue;
  to: SwitchValue;
}

/** Fleets in the runbook's order, then switches in the order in which they were first set. */
export function cleanUps(launch: Launch): CleanUp[] {
  return [
    ...launch.runbook.scale_targets.flatMap(({ id }) => fleet(launch, id) ?? []),
    ...Object.entries(launch.switches).map(([id, { value }]) => turned(launch, id, value)),
  ];
}

/** What is neither back nor left on purpose. */
export function owed(launch: Launch): CleanUp[] {
  return cleanUps(launch).filter(({ state }) => state === 'open' || state === 'moving');
}

/** Once a launch is called off, these are the only steps that still run. */
export function isCleanUp(launch: Launch, step: Pick<Step, 'id'>): boolean {
  return cleanUps(launch).some((one) => one.step?.id === step.id);
}

function fleet(launch: Launch, id: string): Fleet | null {
  const standing = own(launch.scale, id);
  if (standing === undefined) return null;
  const { desired, lowers } = standing;
  const steps = inOrder(launch).flatMap((step) =>
    step.do.kind === 'scale' && step.do.target === id ? [{ step, to: step.do.to }] : [],
  );
  const last = steps.at(-1);
  const down = last !== undefined && last.to < Math.max(desired, ...steps.map(({ to }) => to)) ? last : null;
  const to = down?.to ?? own(launch.scaleFound, id)?.desired ?? 0;
  // What no step lowers is back once an order has lowered it and what was found before is put back.
  const isOrdered = down === null ? lowers && own(launch.scaleFound, id) === undefined : desired <= down.to;
  const isThere = isOrdered && standing.state === 'reached';
  return { kind: 'scale', id, now: desired, to, ...part(launch, down?.step ?? null, isThere, isOrdered) };
}

function turned(launch: Launch, id: string, now: SwitchValue): Turned {
  const steps = inOrder(launch).flatMap((step) =>
    step.do.kind === 'switch' && step.do.switch === id ? [{ step, to: step.do.value }] : [],
  );
  const last = steps.at(-1);
  const rest = restOf(launch, id, now);
  // The last step may be one that sets it, as an earlier one did: a plan that only ever turns it on takes nothing back.
  const isBack =
    last !== undefined && (last.to === rest || (last.to !== true && steps.some(({ to }) => to !== last.to)));
  const back = isBack ? last : null;
  const to = back?.to ?? rest;
  const isAsked = Object.values(launch.switchRequests).some((one) => one.open && one.switch === id && one.value === to);
  return { kind: 'switch', id, now, to, ...part(launch, back?.step ?? null, now === to, isAsked) };
}

/** How it is as ever: off, or 0; of one whose runbook lists neither, the first that it lists. */
function restOf({ runbook }: Launch, id: string, now: SwitchValue): SwitchValue {
  const { values } = runbook.switches.find((one) => one.id === id) ?? {};
  const none = typeof now === 'number' ? 0 : false;
  return values === undefined ? none : ([none, false, 0].find((one) => values.includes(one)) ?? values[0] ?? none);
}

function part(launch: Launch, step: Step | null, isBack: boolean, isOnItsWay: boolean): Omit<Part, 'id'> {
  const run = step === null ? undefined : own(launch.steps, step.id)?.state;
  if (isBack) return { step, state: 'back', isOffered: false };
  if (run === 'started' || isOnItsWay) return { step, state: 'moving', isOffered: false };
  if (run === 'skipped') return { step, state: 'left', isOffered: false };
  return { step, state: 'open', isOffered: step !== null && run !== 'done' };
}

const inOrder = (launch: Launch): Step[] =>
  launch.runbook.phases
    .flatMap(({ steps }) => steps)
    .toSorted((a, b) => stepDueAtMs(launch, a) - stepDueAtMs(launch, b));
