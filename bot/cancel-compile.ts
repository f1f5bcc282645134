import { may } from '../runbooks/launch/authority.ts';
import { audienceRefusal } from '../runbooks/launch/content.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { STRANGER, whoIs } from './desk.ts';
import type { Desk } from './desk.ts';
import { done, info, refused } from './views/answers.ts';
import { nameOf, runTitle } from './views/compile.ts';
import type { Message } from './views/message.ts';

interface Asker {
  desk: Pick<Desk, 'conductor' | 'refusals'>;
  launch: Launch;
  slackId: string;
}

/** Why this person may not have the audience of this launch made anew, noted for the timeline; null: they may. */
export function audienceRefused({ desk, launch, slackId }: Asker, what: string): Message | null {
  const refusal = audienceRefusal(launch, whoIs(launch, slackId)?.id ?? STRANGER);
  if (refusal === null) return null;
  desk.refusals.note(launch.id, slackId, { what, code: refusal.code, say: refusal.say });
  return refused(refusal.code, refusal.say);
}

/** One at a time. */
export async function runsAlready({
  desk,
  launch,
}: Pick<Asker, 'launch'> & { desk: Pick<Desk, 'conductor'> }): Promise<Message> {
  const run = await desk.conductor.lastCompile(launch.id);
  const what =
    run === null
      ? 'A compile is under way already'
      : `${runTitle(run)} is under way already, asked for by ${nameOf(launch, run.by)}`;
  return refused('COMPILE_RUNS', `${what}. Wait for it, or stop it with /go audience cancel.`);
}

/** For the command, and for the button of one compile (`number`): whoever may set an audience stops the compile of one. */
export async function cancelCompile(asker: Asker, number: number | null): Promise<Message> {
  const { desk, launch, slackId } = asker;
  const run = await desk.conductor.lastCompile(launch.id);
  if (run === null || run.end !== null || (number !== null && number !== run.number))
    return info(
      number === null
        ? 'No compile is under way. Nothing was changed.'
        : `${run?.number === number ? runTitle(run) : `Compile ${number}`} is over already. Nothing was changed.`,
    );
  const person = whoIs(launch, slackId);
  // That the audience is in use by now is no reason to let it run.
  if (person === null || !may(person, 'set-audience')) {
    const refusal = audienceRefused(asker, 'cancelling a compile');
    if (refusal !== null) return refusal;
  }
  await desk.conductor.cancelCompile(launch.id, run.number, person?.id ?? STRANGER);
  return done(`${runTitle(run)} is being stopped; the channel shows when it is. The audience stays as it is.`);
}
