import type { z } from 'zod';
import { cleanUps } from '../../runbooks/launch/clean-up.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { submitAs } from '../desk.ts';
import { putAllBackAnswer, standDownMessage } from '../views/stand-down.ts';
import { decided } from './decide.ts';
import type { launchValue, stepValue } from './decide.ts';
import type { Press } from './press.ts';

/** The buttons of a launch that was called off. Each shows the message anew. */

export const pressPutBack = (press: Press<z.output<typeof stepValue>>) =>
  decided(press, (by) => ({ kind: 'run-step', by, step: press.value.step }), 'Started.', standDownMessage);

export const pressLeaveSo = (press: Press<z.output<typeof stepValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'skip-step', by, step: press.value.step, reason: 'left so at the stand-down' }),
    'Left as it is.',
    standDownMessage,
  );

export const pressCloseNow = (press: Press<z.output<typeof launchValue>>) =>
  decided(
    press,
    (by) => ({ kind: 'close-launch', by, reason: '' }),
    'The launch is closed; scale-downs still run by `/go scale`.',
    standDownMessage,
  );

/** Each step is a decision of its own: one that is refused holds up no other. */
export async function pressPutAllBack({
  desk,
  value,
  slackId,
  answer,
  refresh,
}: Press<z.output<typeof launchValue>>): Promise<void> {
  let launch: Launch | null = await desk.journal.launch(value.launchId);
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  const steps = cleanUps(launch).flatMap(({ step, isOffered, state }) =>
    step !== null && isOffered && state === 'open' ? [step.id] : [],
  );
  const problems: { code: string; say: string }[] = [];
  for (const step of steps) {
    const outcome = await submitAs(desk, value.launchId, slackId, (by) => ({ kind: 'run-step', by, step }));
    if (!outcome.ok) problems.push(outcome);
    launch = outcome.launch ?? launch;
  }
  await Promise.all([
    answer(putAllBackAnswer(steps.length - problems.length, problems)),
    refresh(standDownMessage(launch)),
  ]);
}
