import { AudienceError } from '../../../contract/audience-error.ts';
import { sampleText } from '../../../runbooks/launch/rehearsal-launch.ts';
import { takeSample } from '../packed/take-sample.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readArguments } from './arguments.ts';
import { submit, withLaunch } from './launch-session.ts';
import { count, table } from './words.ts';

/** Takes the sample that a rehearsal was begun for from the audience that it rehearses, and sets it. */
export async function runTake(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
): Promise<void> {
  const { words, option } = readArguments(args, ['launch', 'as']);
  if (words.length > 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `take: found "${words[0]}", expected nothing but --launch and --as: whom it goes to was said when the rehearsal was begun`,
    );
  if (option.launch === undefined)
    throw new AudienceError('ARGUMENT_INVALID', '--launch: found nothing, expected the id of a rehearsal');
  const bar = progressBar(out);
  await withLaunch(option.launch, option.as, env, async (session) => {
    const { rehearses } = session.launch;
    if (rehearses === null)
      throw new AudienceError(
        'REFUSED',
        `--launch: found ${session.launch.id}, which is no rehearsal, expected one that \`/go rehearse limited\` has begun`,
      );
    const audience = await takeSample({
      objects: session.cloud.objects,
      manifestKey: rehearses.manifestKey,
      hash: rehearses.audienceHash,
      sample: rehearses.sample,
      atMost: rehearses.atMost,
      progress: (done, total) => bar.update(`reading ${done} of ${total} shards`, done, total),
    }).finally(() => bar.stop());
    out.write(
      table([
        ['sample', `${sampleText(rehearses.sample)} of ${rehearses.launchId}`],
        ['devices', count(audience.devices)],
        ['audience', audience.hash],
        ['audience set', await submit(session, { kind: 'set-audience', by: session.by, audience })],
      ]),
    );
  });
}
