import type { AutomationSeen } from '../../infra/aws/automations.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { ownerName } from './names.ts';
import { signOf } from './step-message.ts';
import { plural, safe } from './words.ts';

/** More steps than these are counted, and those around the one that runs are named. */
const STEPS_SHOWN = 8;
const SIGN = { waiting: ':white_circle:', running: ':arrow_forward:', done: ':white_check_mark:', failed: ':x:' };

/** A step's automation: how far it is, then how it ended. `seen`: what AWS said last; null: nothing yet. */
export function automationMessage(launch: Launch, stepId: string, seen: AutomationSeen | null): Message {
  const step = stepNamed(launch.runbook, stepId);
  const state = launch.steps[stepId];
  const title = safe(step?.title ?? stepId, 120);
  const document = step?.do.kind === 'automation' ? step.do.document : '';
  const owner = step?.owner === undefined ? '' : ` · ${ownerName(launch, step.owner)}`;
  const isOver = state?.state === 'done';
  const sign = isOver ? signOf(state) : ':gear:';
  const how = isOver ? safe(state.say, 600) : howFar(seen);
  return message(`${step?.title ?? stepId}: ${isOver ? state.say : 'its automation runs'}`, [
    section(
      `${sign} *${title}*${owner}\nAutomation \`${safe(document, 140)}\`: ${how}${isOver ? '' : stepLines(seen)}`,
    ),
    ...(isOver || seen?.say == null ? [] : [context(`AWS says: ${safe(seen.say, 500)}`)]),
  ]);
}

function howFar(seen: AutomationSeen | null): string {
  if (seen === null) return 'starting';
  if (seen.state === 'unseen') return 'nobody knows how far it is';
  const done = seen.steps.filter(({ phase }) => phase === 'done').length;
  return seen.steps.length === 0 ? seen.status : `${done} of ${plural(seen.steps.length, 'step')} done`;
}

function stepLines(seen: AutomationSeen | null): string {
  const { steps = [] } = seen ?? {};
  const at = steps.findIndex(({ phase }) => phase === 'running' || phase === 'failed');
  const from = Math.max(0, Math.min(at - 2, steps.length - STEPS_SHOWN));
  return steps
    .slice(from, from + STEPS_SHOWN)
    .map(({ name, phase }) => `\n${SIGN[phase]} ${safe(name, 80)}`)
    .join('');
}
