import { z } from 'zod';
import { createSending } from '../commands/rehearse-sending.ts';
import { submitAs } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import type { Message } from '../views/message.ts';
import type { Press } from './press.ts';

export const rehearseValue = z.strictObject({
  launchId: z.string(),
  by: z.string(),
  untilMs: z.string().regex(/^\d+$/),
});
export const rehearsalValue = z.strictObject({ launchId: z.string(), rehearsalId: z.string() });

const sample = z.union([
  z.strictObject({ first: z.number() }),
  z.strictObject({ share: z.number() }),
  z.strictObject({ segments: z.array(z.string()) }),
]);
export const sendingValue = rehearseValue.extend({
  /** Buttons of before there was another kind have none. */
  what: z.enum(['limited', 'silent']).default('limited'),
  sample: z.string().transform((text) => sample.parse(JSON.parse(text))),
});

/** Why a question may not be answered by this press any more; null: it may. */
function notNow({ desk, value: { by, untilMs }, slackId }: Press<{ by: string; untilMs: string }>): Message | null {
  if (slackId !== by)
    return refused('NOT_YOURS', 'Somebody else was asked this, so only they can press. Type the command yourself.');
  return desk.nowMs() > Number(untilMs)
    ? info(':hourglass: The question is over, nothing was begun. Type it again.')
    : null;
}

/** The second press of who asked. The rules are asked again, on the launch as it is now. */
export async function pressRehearse(press: Press<z.output<typeof rehearseValue>>): Promise<void> {
  const { desk, value, slackId, answer, refresh } = press;
  const over = notNow(press);
  if (over !== null) return answer(over);
  const outcome = await submitAs(desk, value.launchId, slackId, (by) => ({ kind: 'begin-rehearsal', by }));
  await Promise.all([
    answer(
      outcome.ok ? done('The rehearsal has begun; the channel shows how it goes.') : refused(outcome.code, outcome.say),
    ),
    refresh(info('This question is answered.')),
  ]);
}

export async function pressStopRehearsal({
  desk,
  value,
  slackId,
  answer,
}: Press<z.output<typeof rehearsalValue>>): Promise<void> {
  const { launchId, rehearsalId } = value;
  const outcome = await submitAs(desk, launchId, slackId, (by) => ({
    kind: 'turn-rehearsal',
    by,
    rehearsalId,
    outcome: 'stopped',
    why: '',
  }));
  return answer(
    outcome.ok ? done('Stopped: the fleets go back to what ran before.') : refused(outcome.code, outcome.say),
  );
}

/** Its launch is created in the channel of the press. */
export async function pressSending(press: Press<z.output<typeof sendingValue>>): Promise<void> {
  const { desk, value, slackId, teamId, channelId, answer, refresh } = press;
  const over = notNow(press);
  if (over !== null) return answer(over);
  const { launchId, what, sample: of } = value;
  const made = await createSending({ desk, slackId, teamId, channelId }, launchId, what, of);
  await Promise.all([answer(made), refresh(info('This question is answered.'))]);
}
