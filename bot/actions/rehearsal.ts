import { z } from 'zod';
import { submitAs } from '../desk.ts';
import { done, info, refused } from '../views/answers.ts';
import type { Press } from './press.ts';

export const rehearseValue = z.strictObject({
  launchId: z.string(),
  by: z.string(),
  untilMs: z.string().regex(/^\d+$/),
});
export const rehearsalValue = z.strictObject({ launchId: z.string(), rehearsalId: z.string() });

/** The second press of who asked. The rules are asked again, on the launch as it is now. */
export async function pressRehearse(press: Press<z.output<typeof rehearseValue>>): Promise<void> {
  const { desk, value, slackId, answer, refresh } = press;
  if (slackId !== value.by)
    return answer(
      refused('NOT_YOURS', 'Somebody else was asked this, so only they can press. Type the command yourself.'),
    );
  if (desk.nowMs() > Number(value.untilMs)) {
    const over = info(':hourglass: The question is over, nothing was begun. Type it again.');
    return Promise.all([answer(over), refresh(over)]).then(() => undefined);
  }
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
