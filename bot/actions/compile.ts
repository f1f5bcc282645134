import { z } from 'zod';
import { cancelCompile } from '../cancel-compile.ts';
import type { Press } from './press.ts';

export const compileValue = z.strictObject({ launchId: z.string(), number: z.string().regex(/^\d{1,9}$/) });

/** The message of the compile shows what became of it. */
export async function pressCancelCompile({
  desk,
  value,
  slackId,
  answer,
}: Press<z.output<typeof compileValue>>): Promise<void> {
  const launch = desk.journal.peek(value.launchId) ?? (await desk.journal.launch(value.launchId));
  if (launch === null) throw new Error(`LAUNCH_GONE ${value.launchId}`);
  await answer(await cancelCompile({ desk, launch, slackId }, Number(value.number)));
}
