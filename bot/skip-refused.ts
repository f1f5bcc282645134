import type { Launch } from '../runbooks/launch/launch.ts';
import { refusedIn, refusedTokensRefusal } from '../runbooks/launch/refused-tokens.ts';
import { lastSent } from '../runbooks/launch/rehearsal-report.ts';
import { runsAlready } from './cancel-compile.ts';
import { STRANGER, whoIs } from './desk.ts';
import type { Desk } from './desk.ts';
import { code, done, info, refused, stranger } from './views/answers.ts';
import { runTitle } from './views/compile.ts';
import type { Message } from './views/message.ts';
import { askSkip } from './views/refused-tokens.ts';

/** Tokens that a rehearsal, or another launch, was refused go on the skip list: asked for by a command, done by the press. */

interface Asker {
  desk: Pick<Desk, 'conductor' | 'refusals' | 'journal' | 'cloud'>;
  launch: Launch;
  slackId: string;
}

/** All that is to be known before the press. `sourceId` null: the last rehearsal of this launch that has sent. */
export async function askSkipRefused(asker: Asker, sourceId: string | null): Promise<Message> {
  const { launch } = asker;
  const id = sourceId ?? lastSent(launch)?.report.launchId ?? null;
  if (id === null)
    return info(
      launch.rehearses === null
        ? 'No rehearsal of this launch that sends has ended yet. `/go audience skip-refused of LAUNCH` takes what another launch was refused.'
        : `This is a rehearsal. Type it in the channel of ${code(launch.rehearses.launchId)}, which its refused tokens are for.`,
    );
  const source = await sourceFor(asker, id);
  return 'blocks' in source ? source : askSkip(launch, source);
}

/** The press. The rules are asked again; the message of the skip list shows what becomes of it. */
export async function skipRefused(asker: Asker, sourceId: string): Promise<Message> {
  const { desk, launch, slackId } = asker;
  const source = await sourceFor(asker, sourceId);
  if ('blocks' in source) return source;
  const by = whoIs(launch, slackId)?.id ?? STRANGER;
  const run = await desk.conductor.askCompile(launch.id, { by, refusedIn: refusedIn(source) });
  return run === null
    ? runsAlready(asker)
    : done(`${runTitle(run)} is on its way; the channel shows how far it is. \`/go audience cancel\` stops it.`);
}

/** The launch whose tokens are meant, or why not, noted for the timeline. */
async function sourceFor({ desk, launch, slackId }: Asker, sourceId: string): Promise<Launch | Message> {
  const source = await desk.journal.launch(sourceId);
  if (source === null) return info(`There is no launch ${code(sourceId)}. Nothing was changed.`);
  const person = whoIs(launch, slackId);
  if (person !== null && whoIs(source, slackId) === null) return stranger(source);
  const refusal = refusedTokensRefusal(launch, source, person?.id ?? STRANGER);
  if (refusal !== null) {
    desk.refusals.note(launch.id, slackId, { what: 'skipping refused tokens', code: refusal.code, say: refusal.say });
    return refused(refusal.code, refusal.say);
  }
  return desk.cloud.audienceTasks === null
    ? refused(
        'NO_AUDIENCE_TASK',
        `This bot has no task that may read device tokens (GOBUTTON_AUDIENCE_TASK). From a terminal: npm run audience -- skip --refused-in ${source.id} --launch ${launch.id} --as PERSON.`,
      )
    : source;
}
