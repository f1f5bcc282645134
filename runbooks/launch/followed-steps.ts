import type { Step } from '../playbook/schema.ts';
import type { GateLine, Launch, StepState } from './launch.ts';
import { shortfalls } from './rehearsal-report.ts';
import { everyStep } from './steps.ts';
import { listed, span } from './words.ts';

/** Steps that begin something and end when it has come: by what workers say, by the answers to copies, by a rehearsal's report. */

export type FollowedStep = Step & { do: Extract<Step['do'], { kind: 'load' | 'prime' | 'test-send' | 'rehearsal' }> };

const isFollowed = (step: Step): step is FollowedStep =>
  step.do.kind === 'load' || step.do.kind === 'prime' || step.do.kind === 'test-send' || step.do.kind === 'rehearsal';

/** Those that are under way. */
export const followedSteps = ({ runbook, steps }: Launch): FollowedStep[] =>
  everyStep(runbook)
    .filter(isFollowed)
    .filter(({ id }) => steps[id]?.state === 'started');

type End = { say: string; refused?: true };

/** How it ends now; null: it goes on. `found`: of a step that waits for workers, what they say; null: they were not asked. */
export function followedEnd(
  launch: Launch,
  { id, do: act }: FollowedStep,
  found: Pick<GateLine, 'status' | 'say'> | null,
  nowMs: number,
): End | null {
  if (launch.stoodDown !== null) return { say: 'given up, as the launch was called off', refused: true };
  const tookMs = nowMs - (launch.steps[id] as StepState).atMs;
  switch (act.kind) {
    case 'load':
    case 'prime':
      if (found?.status === 'green') return { say: `${found.say}, after ${span(tookMs)}` };
      return late(tookMs, act.within, found?.say ?? 'nothing was heard of it');
    case 'test-send':
      return copiesEnd(launch, id) ?? late(tookMs, act.within, 'the copies have no answer yet');
    case 'rehearsal':
      return rehearsalEnd(launch, id);
    default:
      return act satisfies never;
  }
}

const late = (tookMs: number, withinMs: number, say: string): End | null =>
  tookMs < withinMs ? null : { say: `not within ${span(withinMs)}: ${say}`, refused: true };

function copiesEnd({ tests }: Launch, step: string): End | null {
  const results = Object.values(tests).find((test) => test.step === step)?.results ?? null;
  if (results === null) return null;
  const failed = results.filter(({ accepted }) => !accepted);
  const reasons = [...new Set(failed.map(({ reason }) => reason))];
  return failed.length === 0 && results.length > 0
    ? { say: `${results.length} accepted by their providers` }
    : { say: `${failed.length} of ${results.length} were not accepted (${listed(reasons)})`, refused: true };
}

/** Its own time limit is the rehearsal's. */
function rehearsalEnd({ rehearsals, runbook }: Launch, step: string): End | null {
  const report = Object.values(rehearsals).find((one) => one.step === step)?.report ?? null;
  if (report === null) return null;
  const wrong = shortfalls(runbook, report);
  return wrong.length === 0
    ? { say: `all that was asked for, ready after ${span(report.readyMs ?? 0)}` }
    : { say: listed(wrong), refused: true };
}
