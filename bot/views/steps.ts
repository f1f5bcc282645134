import type { KnownBlock } from '@slack/types';
import { isCleanUp } from '../../runbooks/launch/clean-up.ts';
import { deadlineAtMs } from '../../runbooks/launch/deadlines.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { keepsFleet, NOTHING_SENT } from '../../runbooks/launch/pool-down.ts';
import { scheduledSteps } from '../../runbooks/launch/schedule.ts';
import type { Step } from '../../runbooks/playbook/schema.ts';
import { ACTION } from '../action-ids.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { ownerName } from './names.ts';
import { answerButtons, signOf } from './step-message.ts';
import { afterText, tookText } from './step-waits.ts';
import { fit, plural, safe, span, timeOfDay, toTarget } from './words.ts';

/** What a step that only says something ends with: no news. */
const TOLD = 'told the channel';

/** A step that AWS does at this time if no bot has. `says`: why it does not. */
export interface StepAhead {
  step: string;
  atMs: number;
  says: string | null;
}

/** Steps with their own buttons; the rest is a list. */
const STEP_BLOCKS = 10;

/** The plan: done, waiting for a person, coming. The next few can be run early or skipped. */
export function stepsMessage(launch: Launch, nowMs: number, ahead: readonly StepAhead[] = []): Message {
  const all = scheduledSteps(launch).map(({ step, dueAtMs }) => ({ step, dueAtMs, state: launch.steps[step.id] }));
  const over = all.filter(({ state }) => state?.state === 'done' || state?.state === 'skipped');
  const rest = all.filter(({ state }) => state?.state !== 'done' && state?.state !== 'skipped');
  // Called off: only what puts back still runs.
  const open = launch.stoodDown === null ? rest : rest.filter(({ step }) => isCleanUp(launch, step));
  const blocks: KnownBlock[] = [
    header(`Plan: ${launch.name}`),
    context(
      `${toTarget(nowMs, launch.targetAtMs)} · target ${timeOfDay(launch.targetAtMs)}${launch.compress === 1 ? '' : ` · compressed ${launch.compress} times`}`,
    ),
  ];
  if (over.length > 0)
    blocks.push(
      section(
        fit(
          over.map(
            ({ step, state }) =>
              `${signOf(state)} ${safe(step.title, 120)}${state?.say && state.say !== TOLD ? `: ${safe(state.say, state.refused === true ? 400 : 120)}` : ''}`,
          ),
          2_000,
        ),
      ),
    );
  for (const { step, dueAtMs, state } of open.slice(0, STEP_BLOCKS)) {
    blocks.push(
      section(
        `${signOf(state)} *${safe(step.title, 120)}*${ownersText(launch, step)}\n${dueText(launch, dueAtMs, nowMs)} · ${doesText(step)}${lastTime(launch, step)}${afterText(launch, step)}${deadlineText(launch, step)}${waitText(launch, state)}${staysText(launch, step)}${aheadText(ahead.find((one) => one.step === step.id))}`,
      ),
    );
    if (!launch.closed && state?.state === 'started') blocks.push(...answerButtons(launch, step));
    if (!launch.closed && state?.state !== 'started') {
      const value = { launchId: launch.id, step: step.id };
      const run = keepsFleet(launch, step) === null ? [button(ACTION.runStep, 'Run now', value)] : [];
      blocks.push(actions(`step:${step.id}`, [...run, button(ACTION.skipStep, 'Skip', value)]));
    }
  }
  if (open.length > STEP_BLOCKS)
    blocks.push(
      section(
        fit(
          open
            .slice(STEP_BLOCKS)
            .map(
              ({ step, dueAtMs }) =>
                `:white_circle: ${safe(step.title, 120)} (${toTarget(dueAtMs, launch.targetAtMs)})`,
            ),
          2_000,
        ),
      ),
    );
  if (open.length < rest.length)
    blocks.push(context(`${plural(rest.length - open.length, 'other step')} will not run: the launch was stood down.`));
  if (open.length === 0) blocks.push(context('No step is left.'));
  return message(`Plan: ${open.length} steps to come`, blocks);
}

function ownersText(launch: Launch, { owner, backup_owner: backup }: Step): string {
  const names = [
    owner === undefined ? [] : ownerName(launch, owner),
    backup === undefined ? [] : ownerName(launch, backup),
  ];
  return names.flat().length === 0 ? '' : ` · ${names.flat().join(', else ')}`;
}

/** With when it was said: what kept a step from running then may be over by now. */
function waitText(launch: Launch, state: Launch['steps'][string] | undefined): string {
  if (state?.state !== 'put' && state?.state !== 'held') return '';
  const isSentSince = state.say === NOTHING_SENT && Object.keys(launch.shots).length > 0;
  return `\n${state.state === 'held' ? 'waits' : 'waits for a person'} since ${timeOfDay(state.atMs)}: ${safe(isSentSince ? 'nothing had been sent then' : state.say, 300)}`;
}

function aheadText(ahead: StepAhead | undefined): string {
  if (ahead === undefined) return '';
  return ahead.says === null
    ? `\nIf no bot lives then, AWS does it by itself at ${timeOfDay(ahead.atMs)}.`
    : `\nOnly a bot or a person does it: ${safe(ahead.says, 300)}.`;
}

function staysText(launch: Launch, step: Step): string {
  const why = keepsFleet(launch, step);
  const byHand = step.do.kind === 'scale' ? ' `/go scale` takes it down all the same.' : '';
  return why === null ? '' : `\nNot offered now: ${why}.${byHand}`;
}

function deadlineText(launch: Launch, step: Step): string {
  const atMs = deadlineAtMs(launch, step);
  if (atMs === null) return '';
  return launch.missed[step.id] === undefined
    ? ` · to be verified by ${timeOfDay(atMs)}`
    : ` · :rotating_light: not verified by ${timeOfDay(atMs)}`;
}

function lastTime(launch: Launch, { do: act }: Step): string {
  const took = act.kind === 'scale' ? tookText(launch, act.target) : '';
  return took === '' ? '' : ` · ${took}`;
}

function dueText(launch: Launch, dueAtMs: number, nowMs: number): string {
  return `${toTarget(dueAtMs, launch.targetAtMs)} ${timeOfDay(dueAtMs)}, ${dueAtMs >= nowMs ? `in ${span(dueAtMs - nowMs)}` : `due ${span(nowMs - dueAtMs)} ago`}`;
}

function doesText(step: Step): string {
  switch (step.do.kind) {
    case 'scale':
      return `scales \`${safe(step.do.target, 40)}\` to ${step.do.to}`;
    case 'remind':
      return 'reminds';
    case 'checklist':
      return 'readiness review';
    case 'switch':
      return `sets \`${safe(step.do.switch, 40)}\` to ${safe(String(step.do.value), 60)}`;
    case 'ask':
      return `asks: ${safe(step.do.say, 200)}`;
    case 'page':
      return `pages: ${safe(step.do.say, 200)}`;
    case 'webhook':
      return `calls the webhook \`${safe(step.do.to, 40)}\``;
    case 'automation':
      return `runs the automation \`${safe(step.do.document, 140)}\``;
    case 'load':
      return 'sees the audience loaded';
    case 'prime':
      return 'sees the connections primed';
    case 'test-send':
      return 'sends test copies';
    case 'rehearsal':
      return 'rehearses the infrastructure';
    case 'fire-window':
      return 'opens the moment; nothing fires by itself';
    default: {
      const unknown: never = step.do;
      throw new Error(`STEP_KIND_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}
