import { z } from 'zod';
import { may } from '../../runbooks/launch/authority.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { teamProblem } from '../../runbooks/launch/people.ts';
import { stepNamed } from '../../runbooks/launch/steps.ts';
import { haltNow } from '../commands/halt.ts';
import { readinessNow, stepsNow } from '../commands/see.ts';
import { submitAs, whoIs } from '../desk.ts';
import { done, refused } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import { waiverModal } from '../views/modals.ts';
import { peopleWith } from '../views/names.ts';
import { peopleMessage } from '../views/people.ts';
import { liftMessage, rosterMessage, switchMessage, waiverMessage } from '../views/requests.ts';
import { runbookChangeMessage } from '../views/runbook-change.ts';
import { askMessage, stepHeldMessage, stepPutMessage } from '../views/step-message.ts';
import type { Press } from './press.ts';

/** Buttons other than GO. Each submits one command; what the channel sees of it comes from the record. */

export const launchValue = z.strictObject({ launchId: z.string() });
export const gateValue = z.strictObject({ launchId: z.string(), gate: z.string(), contentHash: z.string().optional() });
export const waiverValue = z.strictObject({ launchId: z.string(), waiverId: z.string() });
export const liftValue = z.strictObject({ launchId: z.string(), liftId: z.string() });
export const switchValue = z.strictObject({ launchId: z.string(), requestId: z.string() });
export const rosterValue = z.strictObject({ launchId: z.string(), changeId: z.string() });
export const answerValue = z.strictObject({ launchId: z.string(), step: z.string(), answer: z.string().regex(/^\d$/) });
export const stepValue = z.strictObject({ launchId: z.string(), step: z.string() });

/** Submits, tells the presser, and shows the message of the button as it is now, decided or refused. `say` null: that message says enough. */
export async function decided<V extends { launchId: string }>(
  press: Press<V>,
  make: (by: string) => Command,
  say: string | null,
  show: ((launch: Launch) => Message | Promise<Message>) | null,
): Promise<void> {
  const { desk, value, slackId } = press;
  const outcome = await submitAs(desk, value.launchId, slackId, (by) => make(by));
  const launch = outcome.launch ?? (await desk.journal.launch(value.launchId));
  await Promise.all([
    outcome.ok && say === null
      ? Promise.resolve()
      : press.answer(outcome.ok ? done(say ?? '') : refused(outcome.code, outcome.say)),
    launch === null || show === null
      ? Promise.resolve()
      : Promise.resolve(show(launch)).then((message) => press.refresh(message)),
  ]);
}

/** Where a second person says yes: from an account of the launch's workspace alone, as GO is. */
async function approved<V extends { launchId: string }>(
  press: Press<V>,
  ...[make, say, show]: [(by: string) => Command, string, (launch: Launch) => Message | Promise<Message>]
): Promise<void> {
  const { desk, value, slackId, teamId } = press;
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  const foreign = launch === null ? null : teamProblem(launch, teamId);
  if (foreign === null) return decided(press, make, say, show);
  desk.refusals.note(value.launchId, slackId, {
    what: 'pressing as the second person',
    code: foreign.code,
    say: foreign.say,
  });
  return press.answer(refused(foreign.code, foreign.say));
}

export async function pressHalt({
  desk,
  value,
  slackId,
  pressedAtMs,
  answer,
}: Press<z.output<typeof launchValue>>): Promise<void> {
  await answer(await haltNow(desk, value.launchId, { slackId, reason: '', pressedAtMs }));
}

export const pressAskLift = (press: Press<z.output<typeof launchValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'request-lift', by, reason: '' }),
    'Asked to lift the halt. Another person approves with the button in the channel.',
    null,
  );

export const pressApproveLift = (press: Press<z.output<typeof liftValue>>) =>
  approved(
    press,
    (by) => ({ kind: 'approve-lift', by, liftId: press.value.liftId }),
    'The halt is lifted. It sends nothing by itself: `/go fire` asks again.',
    (launch) => liftMessage(launch, press.value.liftId),
  );

export const pressApproveSwitch = (press: Press<z.output<typeof switchValue>>) =>
  approved(
    press,
    (by) => ({ kind: 'approve-switch', by, requestId: press.value.requestId }),
    'Set.',
    (launch) => switchMessage(launch, press.value.requestId),
  );

export const pressApproveRoster = (press: Press<z.output<typeof rosterValue>>) =>
  approved(
    press,
    (by) => ({ kind: 'approve-roster-change', by, changeId: press.value.changeId }),
    'The roster is changed.',
    (launch) => (press.isPrivate ? peopleMessage(launch) : rosterMessage(launch, press.value.changeId)),
  );

export const pressApproveRunbook = (press: Press<z.output<typeof rosterValue>>) =>
  approved(
    press,
    (by) => ({ kind: 'approve-runbook-change', by, changeId: press.value.changeId }),
    'The runbook is changed.',
    (launch) => runbookChangeMessage(launch, press.value.changeId),
  );

export const pressGrantWaiver = (press: Press<z.output<typeof waiverValue>>) =>
  approved(
    press,
    (by) => ({ kind: 'grant-waiver', by, waiverId: press.value.waiverId }),
    'Granted.',
    (launch) => (press.isPrivate ? readinessNow(press.desk, launch) : waiverMessage(launch, press.value.waiverId)),
  );

/** The form must be open within 3 s of the press (docs/facts.md#slack-ack), so it is made from what is known here. */
export async function pressAskWaiver({
  desk,
  value,
  slackId,
  channelId,
  triggerId,
  answer,
}: Press<z.output<typeof gateValue>>): Promise<void> {
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  const person = whoIs(launch, slackId);
  if (person !== null && !may(person, 'request-waiver')) {
    const say = `Asking for a waiver needs on-call: ${peopleWith(launch, ['on-call'])}. Anyone on duty can grant it.`;
    desk.refusals.note(launch.id, slackId, { what: `asking for a waiver (${value.gate})`, code: 'ROLE_MISSING', say });
    return answer(refused('ROLE_MISSING', say));
  }
  const line = gateLines(launch, await desk.conductor.measured(launch.id), desk.nowMs(), 'all').find(
    (one) => one.id === value.gate,
  );
  await desk.client.views.open({
    trigger_id: triggerId,
    view: waiverModal(launch, value.gate, channelId, line ?? { value: null, say: '' }),
  });
}

export const pressRunStep = (press: Press<z.output<typeof stepValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'run-step', by, step: press.value.step }),
    'Started.',
    (launch) => afterStep(press, launch),
  );

export const pressSkipStep = (press: Press<z.output<typeof stepValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'skip-step', by, step: press.value.step, reason: '' }),
    'Skipped.',
    (launch) => afterStep(press, launch),
  );

export const pressAnswer = (press: Press<z.output<typeof answerValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'answer-step', by, step: press.value.step, answer: Number(press.value.answer) }),
    null,
    (launch) => {
      const step = stepNamed(launch.runbook, press.value.step);
      return press.isPrivate || step === undefined ? stepsNow(press.desk, launch) : askMessage(launch, step);
    },
  );

async function afterStep(
  { desk, value, isPrivate }: Press<z.output<typeof stepValue>>,
  launch: Launch,
): Promise<Message> {
  if (isPrivate) return stepsNow(desk, launch);
  const state = launch.steps[value.step];
  return state?.state === 'held'
    ? stepHeldMessage(launch, value.step, state.say)
    : stepPutMessage(launch, value.step, '');
}

export const pressHere = (press: Press<z.output<typeof launchValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'be-here', by }),
    'Noted: you are there.',
    press.isPrivate ? (launch) => readinessNow(press.desk, launch) : null,
  );

/** The board is everybody's: the answer is for the presser alone. */
export async function pressReady({ desk, value, answer }: Press<z.output<typeof launchValue>>): Promise<void> {
  const launch = await desk.journal.launch(value.launchId);
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  await answer(await readinessNow(desk, launch));
}
