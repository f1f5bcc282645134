import { SHOT } from '../playbook/rules/waits.ts';
import type { Step } from '../playbook/schema.ts';
import { own } from './decision.ts';
import type { Measured } from './entries.ts';
import { gateLines } from './gates.ts';
import type { Launch, StepState } from './launch.ts';
import { NOTHING_SENT } from './pool-down.ts';
import { stepNamed } from './steps.ts';

/** What a step waits for (`after` in the runbook): a step, a gate, or that something was sent. */

/** One of them. `why`: how it stands; null: it is over, since `overAtMs` (null: nobody noted when). */
interface Wait {
  id: string;
  why: string | null;
  overAtMs: number | null;
}

/** `measured`: the freshest measurement of every automatic gate; without it none of them counts as green. */
export function waitsOf(
  launch: Launch,
  { after = [] }: Pick<Step, 'after'>,
  measured: readonly Measured[],
  nowMs: number,
): Wait[] {
  return after.map((id) => ({
    id,
    ...(id === SHOT ? shotWait(launch) : (stepWait(launch, id) ?? gateWait(launch, id, measured, nowMs))),
  }));
}

/** Of those that are not over: how each stands, for people. */
export const waitsText = (waits: readonly Wait[]): string[] => waits.flatMap(({ why }) => why ?? []);

/** Since when a step that is due may start: its time, or the end of its last wait. Null: it waits. */
export function readyAtMs(dueAtMs: number, waits: readonly Wait[], nowMs: number): number | null {
  return waits.some(({ why }) => why !== null)
    ? null
    : Math.max(dueAtMs, ...waits.map(({ overAtMs }) => overAtMs ?? nowMs));
}

type Standing = Omit<Wait, 'id'>;

function shotWait({ shots }: Launch): Standing {
  const times = Object.values(shots).map(({ pressedAtMs }) => pressedAtMs);
  return times.length === 0 ? { why: NOTHING_SENT, overAtMs: null } : { why: null, overAtMs: Math.min(...times) };
}

function stepWait(launch: Launch, id: string): Standing | null {
  const step = stepNamed(launch.runbook, id);
  if (step === undefined) return null;
  const state = own(launch.steps, id);
  return state?.state === 'skipped' || (state?.state === 'done' && state.refused !== true)
    ? { why: null, overAtMs: state.atMs }
    : { why: `“${step.title}” ${stepHow(state)}`, overAtMs: null };
}

/** How a step stands that is not over. */
export function stepHow(state: StepState | undefined): string {
  return HOW[state?.state ?? 'waiting'];
}

const HOW: Record<StepState['state'] | 'waiting', string> = {
  waiting: 'has not started',
  held: 'waits itself',
  put: 'waits for a person',
  started: 'is not done yet',
  done: 'was refused',
  skipped: 'was skipped',
};

export function gateWait(launch: Launch, id: string, measured: readonly Measured[], nowMs: number): Standing {
  const line = gateLines(launch, measured, nowMs, 'all').find((one) => one.id === id);
  if (line === undefined) return { why: `the gate ${id} is not there`, overAtMs: null };
  if (line.status !== 'green' && line.status !== 'waived')
    return { why: `“${line.title}” is ${line.status === 'red' ? 'red' : 'not green'}: ${line.say}`, overAtMs: null };
  const change = own(launch.gateChanges, id);
  const sinceMs = change?.status === 'green' ? change.atMs : own(launch.ticks, id)?.atMs;
  return { why: null, overAtMs: line.status === 'green' ? (sinceMs ?? null) : null };
}
