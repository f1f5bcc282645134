import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AudienceError } from '../../../contract/audience-error.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { badTokens, nothingFound } from '../packed/bad-tokens.ts';
import type { BadTokensFound } from '../packed/bad-tokens.ts';
import { openPrivate } from '../private-file.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { readArguments } from './arguments.ts';
import { withLaunchToRead } from './launch-session.ts';
import { count, table } from './words.ts';

const NAME: Record<Platform, string> = { ios: 'iOS', android: 'Android' };
/** More bad tokens than this among the answered are no longer an audience's usual losses. */
const SUSPECT_SHARE = 0.5;

/** Writes the tokens that a launch found bad to a file that `skip` takes. */
export async function runBadTokens(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
): Promise<void> {
  const { words, option } = readArguments(args, ['launch', 'out']);
  if (words.length > 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `bad-tokens: found "${words[0]}", expected nothing but --launch and --out`,
    );
  const { launch: launchId } = option;
  if (launchId === undefined)
    throw new AudienceError('ARGUMENT_INVALID', '--launch: found nothing, expected the id of a launch that has fired');
  const path = option.out ?? `${launchId}-bad-tokens.txt`;
  await withLaunchToRead(launchId, env, async ({ launch, cloud }) => {
    const { closed, open, audience } = shotsOf(launch);
    const found = nothingFound();
    const bar = progressBar(out);
    const tokens = await withTemporaryFolder('gobutton-bad-tokens-', async (folder) => {
      const file = join(folder, 'tokens.txt');
      const lines = badTokens({
        objects: cloud.objects,
        claims: cloud.claims,
        launchId,
        audience,
        shots: closed,
        found,
        progress: (done, total) => bar.update(`reading ${done} of ${total} shards`, done, total),
      });
      await pipeline(lines, createWriteStream(file, { mode: 0o600 })).finally(() => bar.stop());
      const sum = PLATFORMS.reduce((all, platform) => all + found[platform].bad + found[platform].skipped, 0);
      // An empty list would take an earlier one back.
      if (sum > 0) await put(file, path);
      return sum;
    });
    out.write(
      table([
        ...PLATFORMS.flatMap((platform) => rowsOf(NAME[platform], found[platform])),
        ...(open.length === 0
          ? []
          : [
              [
                'running',
                `${open.join(', ')}: what is found bad there comes with the close; run this again then`,
              ] as const,
            ]),
        ['file', tokens === 0 ? 'none: there is no token to take out' : `${path}, ${count(tokens)} tokens`],
        ...(tokens === 0 ? [] : [['next', `npm run audience -- skip ${path} --launch NEXT --as PERSON`] as const]),
      ]),
    );
  });
}

/** Throws NOTHING_SENT. */
function shotsOf(launch: Launch) {
  const shots = Object.values(launch.shots);
  const closed = shots.filter((shot) => shot.closed !== null);
  const open = shots.filter((shot) => shot.closed === null).map(({ id }) => id);
  const [first] = closed;
  if (first !== undefined) return { closed, open, audience: first.audience };
  throw new AudienceError(
    'NOTHING_SENT',
    open.length === 0
      ? `--launch: found no shot of ${launch.id}, expected a launch that has fired`
      : `--launch: found only shots of ${launch.id} that still run (${open.join(', ')}), expected one that is closed`,
  );
}

async function put(file: string, path: string): Promise<void> {
  const target = await openPrivate(path).catch((cause: unknown) => {
    throw new AudienceError(
      'ARGUMENT_INVALID',
      `--out: found no file that can be written at ${path}, expected one in an existing folder`,
      { cause },
    );
  });
  await pipeline(createReadStream(file), target.createWriteStream());
}

function rowsOf(platform: string, found: BadTokensFound): (readonly [string, string])[] {
  const { answered, bad, reasons, nameless, skipped, missing } = found;
  if (answered + skipped + missing === 0) return [];
  const why = Object.entries(reasons)
    .toSorted((a, b) => b[1] - a[1])
    .map(([reason, times]) => `${reason} ${count(times)}`);
  return [
    [
      platform,
      `${count(bad)} bad tokens of ${count(answered)} that were answered${bad === 0 ? '' : ` (${why.join(', ')})`}`,
    ],
    ...(skipped === 0 ? [] : [['', `${count(skipped)} more that the skip list took out before`] as const]),
    ...(nameless === 0
      ? []
      : [
          [
            '',
            `${count(nameless)} more that can't be told: an older version counted them without saying which`,
          ] as const,
        ]),
    ...(missing === 0
      ? []
      : [
          [
            '',
            `${count(missing)} devices are not looked at: their accounts are no longer in the claims table`,
          ] as const,
        ]),
    ...(bad < answered * SUSPECT_SHARE || bad === 0
      ? []
      : [
          [
            '',
            'so many are rather a wrong topic, environment or project than bad tokens: look at that before you skip them',
          ] as const,
        ]),
  ];
}
