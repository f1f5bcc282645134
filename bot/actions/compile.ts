import { z } from 'zod';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { cancelCompile } from '../cancel-compile.ts';
import type { Desk } from '../desk.ts';
import { skipRefused } from '../skip-refused.ts';
import { info } from '../views/answers.ts';
import type { Press } from './press.ts';

export const compileValue = z.strictObject({ launchId: z.string(), number: z.string().regex(/^\d{1,9}$/) });

/** The message of the compile shows what became of it. */
export async function pressCancelCompile({
  desk,
  value,
  slackId,
  answer,
}: Press<z.output<typeof compileValue>>): Promise<void> {
  const launch = await launchOf(desk, value.launchId);
  await answer(await cancelCompile({ desk, launch, slackId }, Number(value.number)));
}

export const skipRefusedValue = z.strictObject({ launchId: z.string(), from: z.string() });

/** On the report of a rehearsal it stays for whoever comes next: what was done is refused in words. */
export async function pressSkipRefused({
  desk,
  value,
  slackId,
  isPrivate,
  answer,
  refresh,
}: Press<z.output<typeof skipRefusedValue>>): Promise<void> {
  const launch = await launchOf(desk, value.launchId);
  const told = await skipRefused({ desk, launch, slackId }, value.from);
  await Promise.all([answer(told), isPrivate ? refresh(info('This question is answered.')) : null]);
}

async function launchOf(desk: Desk, launchId: string): Promise<Launch> {
  const launch = desk.journal.peek(launchId) ?? (await desk.journal.launch(launchId));
  if (launch === null) throw new Error(`LAUNCH_GONE ${launchId}`);
  return launch;
}
