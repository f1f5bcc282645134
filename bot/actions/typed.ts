import { z } from 'zod';
import { parseTyped } from '../commands/arguments.ts';
import { runGo } from '../commands/go.ts';
import { code, info, refused } from '../views/answers.ts';
import type { Press } from './press.ts';

/** The whole command again with the moment that is meant in it. Only whoever was asked may press it, and not much later. */
export const typedValue = z.strictObject({ typed: z.string(), by: z.string(), untilMs: z.string().regex(/^\d+$/) });

/** The command is run as if it had been typed so: nothing that typing refuses is allowed by a button. */
export async function pressTyped({
  desk,
  value,
  slackId,
  teamId,
  channelId,
  triggerId,
  pressedAtMs,
  answer,
  refresh,
}: Press<z.output<typeof typedValue>>): Promise<void> {
  if (slackId !== value.by)
    return answer(
      refused('NOT_YOURS', 'Somebody else was asked this, so only they can press. Type the command yourself.'),
    );
  if (desk.nowMs() > Number(value.untilMs))
    return answer(refused('ORDER_EXPIRED', 'The question is over. Type the command again.'));
  const said = await runGo({
    desk,
    typed: parseTyped(value.typed),
    slackId,
    teamId,
    channelId,
    triggerId,
    atMs: pressedAtMs,
  });
  await Promise.all([
    said === null ? Promise.resolve() : answer(said),
    refresh(info(`Answered: ${code(`/go ${value.typed}`)}`)),
  ]);
}
