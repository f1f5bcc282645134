import { AudienceError } from '../../../contract/audience-error.ts';
import { takeRefusal } from '../../../runbooks/launch/content.ts';
import type { AudienceRef } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { sampleText } from '../../../runbooks/launch/rehearsal-launch.ts';
import { takeSample } from '../packed/take-sample.ts';
import { progressBar } from '../progress.ts';
import type { Output, Tell } from '../progress.ts';
import { readArguments } from './arguments.ts';
import { withObjects } from './environment.ts';
import { submit, withLaunch, withLaunchToRead } from './launch-session.ts';
import type { LaunchSession } from './launch-session.ts';
import { launchOfTask, toldAsTask } from './task-state.ts';
import { count, table } from './words.ts';

/** Takes the sample that a rehearsal was begun for from the audience that it rehearses, and sets it; as a task it stores it, and the bot sets it. */
export async function runTake(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
  err: Output,
): Promise<void> {
  // Whom it goes to was said when the rehearsal was begun.
  const { option } = readArguments({ name: 'take', words: 0 }, args, ['launch', 'as', 'task']);
  if (option.task !== undefined) return takeAsTask(option.task, launchOfTask(option.task, option), env, out, err);
  if (option.launch === undefined)
    throw new AudienceError('ARGUMENT_INVALID', '--launch: found nothing, expected the id of a rehearsal');
  await withLaunch(option.launch, option.as, env, async (session) => {
    const refusal = takeRefusal(session.launch, session.by);
    if (refusal !== null) throw new AudienceError('REFUSED', `--launch: ${refusal.say} (${refusal.code})`);
    const { audience, of } = await take(session, out, () => undefined);
    out.write(
      table([
        ['sample', of],
        ['devices', count(audience.devices)],
        ['audience', audience.hash],
        ['audience set', await submit(session, { kind: 'set-audience', by: session.by, audience })],
      ]),
    );
  });
}

/** Whether somebody may have it taken the bot has asked; nobody stands behind a task. */
async function takeAsTask(
  task: string,
  launchId: string,
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
  err: Output,
): Promise<void> {
  await withObjects(undefined, env, (objects) =>
    toldAsTask(task, { objects, err }, (tell) =>
      withLaunchToRead(launchId, env, async (session) => {
        const { audience } = await take(session, out, tell);
        return { is: 'stored', hash: audience.hash, rows: audience.devices, rejected: {}, problems: [] };
      }),
    ),
  );
}

async function take(
  { launch, cloud }: Pick<LaunchSession, 'launch' | 'cloud'>,
  out: Output,
  tell: Tell,
): Promise<{ audience: AudienceRef; of: string }> {
  const { launchId, manifestKey, audienceHash, sample, atMost } = rehearsed(launch);
  const bar = progressBar(out);
  const audience = await takeSample({
    objects: cloud.objects,
    manifestKey,
    hash: audienceHash,
    sample,
    atMost,
    progress(done, total) {
      const say = `reading ${done} of ${total} shards`;
      bar.update(say, done, total);
      tell({ say, percent: (100 * done) / total, leftMs: null });
    },
  }).finally(() => bar.stop());
  return { audience, of: `${sampleText(sample)} of ${launchId}` };
}

function rehearsed({ id, rehearses }: Launch): NonNullable<Launch['rehearses']> {
  if (rehearses !== null) return rehearses;
  throw new AudienceError('REFUSED', `--launch: found ${id}, which is no rehearsal, expected one that sends`);
}
