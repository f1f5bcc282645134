import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AudienceError } from '../../../contract/audience-error.ts';
import { PLATFORMS } from '../../../runbooks/launch/entries.ts';
import { openPrivate } from '../private-file.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { withTemporaryFolder } from '../temporary-folder.ts';
import { readArguments } from './arguments.ts';
import { withLaunchToRead } from './launch-session.ts';
import { foundRows, refusedTokens } from './refused-tokens.ts';
import { count, table } from './words.ts';

/** Writes the tokens that a launch found bad to a file that `skip` takes. */
export async function runBadTokens(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
): Promise<void> {
  const { option } = readArguments({ name: 'bad-tokens', words: 0 }, args, ['launch', 'out']);
  const { launch: launchId } = option;
  if (launchId === undefined)
    throw new AudienceError('ARGUMENT_INVALID', '--launch: found nothing, expected the id of a launch that has fired');
  const path = option.out ?? `${launchId}-bad-tokens.txt`;
  await withLaunchToRead(launchId, env, async ({ launch, cloud }) => {
    const bar = progressBar(out);
    const { lines, open, found } = refusedTokens(launch, cloud, (done, total) =>
      bar.update(`reading ${done} of ${total} shards`, done, total),
    );
    const tokens = await withTemporaryFolder('gobutton-bad-tokens-', async (folder) => {
      const file = join(folder, 'tokens.txt');
      await pipeline(lines, createWriteStream(file, { mode: 0o600 })).finally(() => bar.stop());
      const sum = PLATFORMS.reduce((all, platform) => all + found[platform].bad + found[platform].skipped, 0);
      // An empty list would take an earlier one back.
      if (sum > 0) await put(file, path);
      return sum;
    });
    out.write(
      table([
        ...foundRows(found),
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
