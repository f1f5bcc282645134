import { takeRefusal } from '../runbooks/launch/content.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { runsAlready } from './cancel-compile.ts';
import { STRANGER, whoIs } from './desk.ts';
import type { Desk } from './desk.ts';
import { done, refused } from './views/answers.ts';
import { runTitle } from './views/compile.ts';
import type { Message } from './views/message.ts';

interface Asker {
  desk: Pick<Desk, 'conductor' | 'refusals' | 'cloud'>;
  launch: Launch;
  slackId: string;
}

/** The audience of a rehearsal that sends: the sample that two people will be shown, taken by a task, since the bot may read no device. */
export async function takeSample({ desk, launch, slackId }: Asker, before = ''): Promise<Message> {
  const by = whoIs(launch, slackId)?.id ?? STRANGER;
  const refusal = takeRefusal(launch, by);
  if (refusal !== null || launch.rehearses === null) {
    const { code, say } = refusal ?? { code: 'NO_SUCH_REHEARSAL', say: 'There is nothing to take.' };
    desk.refusals.note(launch.id, slackId, { what: 'taking a sample', code, say });
    return refused(code, say);
  }
  if (desk.cloud.audienceTasks === null)
    return refused(
      'NO_AUDIENCE_TASK',
      `This bot has no task that takes samples (GOBUTTON_AUDIENCE_TASK). From a terminal: npm run audience -- take --launch ${launch.id} --as ${by}.`,
    );
  const { launchId, sample } = launch.rehearses;
  const run = await desk.conductor.askCompile(launch.id, { by, takesFrom: launchId, sample });
  return run === null
    ? runsAlready({ desk, launch })
    : done(
        `${before}${runTitle(run)}, its audience, is on its way, and the channel shows how far it is; \`/go audience cancel\` stops it. Then \`/go ready\` and \`/go fire all\`.`,
      );
}
