import type { KnownBlock } from '@slack/types';
import { needlessReminder } from '../../runbooks/launch/arm-reminders.ts';
import type { Launch, StepState } from '../../runbooks/launch/launch.ts';
import { keepsFleet } from '../../runbooks/launch/pool-down.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import type { Step } from '../../runbooks/playbook/schema.ts';
import { ACTION, answerAction } from '../action-ids.ts';
import { actions, button, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { mentionsOfAny, mentionsOfOwner, ownerName } from './names.ts';
import { safe, span, timeOfDay, toTarget } from './words.ts';

/** A step that was started: its words for the channel; null where its own message follows, or where nobody needs them any more. */
export function stepStartedMessage(launch: Launch, stepId: string, late: boolean, nowMs: number): Message | null {
  const step = stepNamed(launch.runbook, stepId);
  if (step === undefined) return null;
  const owner = step.owner === undefined ? '' : ` · ${ownerName(launch, step.owner)}`;
  const head = `*${safe(step.title, 120)}*${owner}${late ? ' (late)' : ''}`;
  switch (step.do.kind) {
    case 'remind':
      return needlessReminder(launch, step, nowMs) === null
        ? say(`:bell: ${head}\n${reminder(launch, step.do)}`, step.title)
        : null;
    case 'checklist':
      return say(`:clipboard: ${head}\n\`/go ready\` shows every gate.`, step.title);
    case 'fire-window':
      return say(`:large_green_square: ${head}\n${fireHint(launch, step.do.say)}`, step.title);
    case 'ask':
      return askMessage(launch, step);
    case 'page':
      return say(`:pager: ${head}\nPages: ${safe(step.do.say, 500)}`, step.title);
    case 'webhook':
      return say(`:satellite_antenna: ${head}\nCalls the webhook \`${safe(step.do.to, 40)}\`.`, step.title);
    // Its progress message follows.
    case 'scale':
    case 'automation':
      return null;
    case 'load':
      return say(
        `:inbox_tray: ${head}\nWorkers load the audience; this is done once they have it, or red after ${span(step.do.within)}.`,
        step.title,
      );
    case 'prime':
      return say(
        `:electric_plug: ${head}\nWorkers meet the providers; this is done once enough connections are primed, or red after ${span(step.do.within)}.`,
        step.title,
      );
    case 'test-send':
      return say(`:iphone: ${head}\nCopies go to phones of the roster. Look at them.`, step.title);
    case 'rehearsal':
      return say(`:performing_arts: ${head}`, step.title);
    case 'switch':
      return say(`:control_knobs: ${head}`, step.title);
    default: {
      const unknown: never = step.do;
      throw new Error(`STEP_KIND_UNKNOWN ${JSON.stringify(unknown)}`);
    }
  }
}

/** What can't be armed under a halt is not asked for as if it could. */
function reminder(launch: Launch, { say: told, unless }: Extract<Step['do'], { kind: 'remind' }>): string {
  const first = launch.halt.active && unless !== undefined ? `${LIFT_FIRST} Then: ` : '';
  return `${first}${safe(told, 1_000)}`;
}

const LIFT_FIRST = 'Everything is halted: two people lift that first, `/go resume`.';

/** The window opens by the clock, whatever has happened before. */
function fireHint(launch: Launch, told: string | undefined): string {
  if (launch.halt.active) return LIFT_FIRST;
  return safe(told ?? 'Ask with `/go fire`.', 1_000);
}

/** A question, with a button for each answer as long as nobody has given one. */
export function askMessage(launch: Launch, step: Step): Message {
  const state = launch.steps[step.id];
  if (state !== undefined && state.state !== 'started') return becameOf(safe(step.title, 120), state);
  const question = step.do.kind === 'ask' ? step.do.say : '';
  return message(`${step.title}: ${question}`, [
    section(`:question: *${safe(step.title, 120)}* · ${mentionsOfOwner(launch, step.owner)}\n${safe(question, 1_000)}`),
    ...answerButtons(launch, step),
  ]);
}

export function answerButtons(launch: Launch, { id, do: act }: Step): KnownBlock[] {
  if (act.kind !== 'ask') return [];
  const buttons = act.answers.map((label, index) =>
    button(answerAction(index), label, { launchId: launch.id, step: id, answer: String(index) }),
  );
  return [actions(`answer:${id}`, buttons)];
}

const say = (text: string, fallback: string): Message => message(fallback, [section(text)]);

/** A step that was not run by itself: a person runs or skips it. Afterwards its state and no buttons. */
export function stepPutMessage(launch: Launch, stepId: string, why: string): Message {
  const step = stepNamed(launch.runbook, stepId);
  const title = safe(step?.title ?? stepId, 120);
  const state = launch.steps[stepId];
  if (state !== undefined && state.state !== 'put') return becameOf(title, state);
  const stays = step === undefined ? null : keepsFleet(launch, step);
  if (step !== undefined && stays !== null) return message(`${title}: ${stays}`, notOffered(launch, step, stays));
  const value = { launchId: launch.id, step: stepId };
  return message(`${title}: run it now, or skip it?`, [
    section(
      `:hourglass: *${title}* waits for ${step?.owner === undefined ? 'a person' : ownerName(launch, step.owner)}${why === '' ? '' : `: ${safe(why, 400)}`}`,
    ),
    actions(`step:${stepId}`, [button(ACTION.runStep, 'Run it now', value), button(ACTION.skipStep, 'Skip it', value)]),
  ]);
}

const SIGN = {
  held: ':hourglass:',
  started: ':arrow_forward:',
  put: ':hourglass:',
  skipped: ':fast_forward:',
  done: ':white_check_mark:',
} as const;

/** A step that was refused is done, and nothing else will do its work: it is red. */
export function signOf(state: StepState | undefined): string {
  if (state === undefined) return ':white_circle:';
  return state.refused === true ? ':red_circle:' : SIGN[state.state];
}

function becameOf(title: string, state: StepState): Message {
  const how = state.say === '' ? '' : `, ${safe(state.say, 300)}`;
  return say(`${signOf(state)} *${title}*: ${state.state}${how}`, `${title}: ${state.state}`);
}

/** With something left to send the way down is no button beside "skip": whoever calls the event off says so in words. */
function notOffered(launch: Launch, step: Step, why: string): KnownBlock[] {
  const { do: act, id, title } = step;
  const fleet = act.kind === 'scale' ? launch.runbook.scale_targets.find((one) => one.id === act.target) : undefined;
  const stays =
    fleet === undefined || act.kind !== 'scale'
      ? '. `/go steps` offers it once that has changed.'
      : `: the count of ${safe(fleet.title ?? fleet.id, 120)} stays as it is. \`/go steps\` offers it once that has changed. If nothing more is to be sent: \`/go scale ${fleet.id} ${act.to}\`.`;
  return [
    section(`:hourglass: *${safe(title, 120)}* is due, and *${why}*${stays}`),
    actions(`step:${id}`, [button(ACTION.skipStep, 'Skip it', { launchId: launch.id, step: id })]),
  ];
}

/** A step that is due and waits for something else. On-call may run it all the same, but for what comes after a shot. */
export function stepHeldMessage(launch: Launch, stepId: string, why: string): Message {
  const step = stepNamed(launch.runbook, stepId);
  const title = safe(step?.title ?? stepId, 120);
  const state = launch.steps[stepId];
  if (state !== undefined && state.state !== 'held') return becameOf(title, state);
  const owner = step?.owner === undefined ? '' : ` · ${ownerName(launch, step.owner)}`;
  const value = { launchId: launch.id, step: stepId };
  const run =
    step === undefined || keepsFleet(launch, step) !== null ? [] : [button(ACTION.runStep, 'Run it now', value)];
  // What takes a fleet down is never run beside a shot, and the shot is what it often waits for.
  const then =
    step !== undefined && keepsFleet(launch, step) !== null
      ? 'Once that is over it starts by itself or, while a shot runs, is put to a person.'
      : 'It starts by itself once that is over.';
  return message(`${title} waits: ${why}`, [
    section(`:hourglass: *${title}*${owner} is due and waits: ${safe(why, 600)}. ${then}`),
    actions(`step:${stepId}`, [...run, button(ACTION.skipStep, 'Skip it', value)]),
  ]);
}

/** A step that was not verified by its deadline: who is called, and what is done instead. The steps of the backup follow. */
export function stepMissedMessage(launch: Launch, stepId: string, deadlineAtMs: number, why: string): Message {
  const step = stepNamed(launch.runbook, stepId);
  const title = safe(step?.title ?? stepId, 120);
  const { say: backup, steps = [], by_itself: byItself } = step?.backup ?? {};
  const plan = [
    ...(backup === undefined ? [] : [`Backup: ${safe(backup, 600)}`]),
    ...(steps.length === 0
      ? []
      : [
          byItself === true
            ? `Its backup runs now: ${steps.map((one) => safe(one.title, 80)).join(', ')}.`
            : 'Its backup follows, each step with its button.',
        ]),
    ...(backup === undefined && steps.length === 0 ? ['It has no backup: people decide.'] : []),
  ];
  const second = mentionsOfAny(launch, step?.backup_owner);
  const called = `${mentionsOfOwner(launch, step?.owner)}${second === null ? '' : ` · ${second}, for when its owner is away`}`;
  return message(`${title} is not verified: ${why}`, [
    section(
      `:rotating_light: *${title}* was to be verified by ${timeOfDay(deadlineAtMs)} (${toTarget(deadlineAtMs, launch.targetAtMs)}), and is not: ${safe(why, 600)}\n${called}\n${plan.join('\n')}`,
    ),
  ]);
}
