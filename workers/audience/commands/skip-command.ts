import { AudienceError } from '../../../contract/audience-error.ts';
import { manifestKeyOf } from '../../../contract/manifest.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import { findSkipped } from '../lists/find-skipped.ts';
import type { Skipped } from '../lists/find-skipped.ts';
import { packSkipList } from '../packed/skip-list.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readArguments, refuseWithout } from './arguments.ts';
import { withObjects } from './environment.ts';
import { withLaunch } from './launch-session.ts';
import { listRows } from './list-rows.ts';
import { setSkipList } from './set-skip-list.ts';
import { skipRefused } from './skip-refused.ts';
import { count, table } from './words.ts';

/** Makes a skip list of tokens and people and, with --launch, adds it to the launch's. */
export async function runSkip(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
  err: Output,
): Promise<void> {
  const { words, option, flag } = readArguments(
    { name: 'skip', words: Number.POSITIVE_INFINITY },
    args,
    ['launch', 'as', 'out', 'audience', 'column', 'refused-in', 'task'],
    ['allow-none', 'replace'],
  );
  if (option['refused-in'] !== undefined || option.task !== undefined)
    return skipRefused({ words, option, flags: flag.size }, env, out, err);
  if (words.length === 0)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      'skip: found no file, expected lists of known-bad tokens or of people to leave out',
    );
  for (const other of ['out', 'audience'] as const) {
    if (option.launch !== undefined && option[other] !== undefined)
      throw new AudienceError(
        'ARGUMENT_INVALID',
        `--launch and --${other}: found both, expected one; a launch has its own`,
      );
  }
  refuseWithout('launch', option.launch, { as: option.as, replace: flag.has('replace') });
  const bar = progressBar(out);
  const find = (objects: Objects, manifestKey: string | null): Promise<Skipped> =>
    findSkipped({
      paths: words,
      column: option.column,
      objects,
      manifestKey,
      allowNone: flag.has('allow-none'),
      progress: (done, total) => bar.update(`looking through ${done} of ${total} shards`, done, total),
    }).finally(() => bar.stop());
  if (option.launch === undefined) {
    await withObjects(option.out, env, async (objects) => {
      const found = await find(objects, option.audience === undefined ? null : manifestKeyOf(option.audience));
      const { bytes, ref } = packSkipList(found.tokens);
      await objects.put(ref.key, bytes);
      out.write(table([...foundRows(found), ['stored', ref.key], ['skip list', ref.hash]]));
    });
    return;
  }
  await withLaunch(option.launch, option.as, env, async (session) => {
    const found = await find(session.cloud.objects, session.launch.audience?.manifestKey ?? null);
    const set = await setSkipList(session, found.tokens, flag.has('replace'));
    out.write(table([...foundRows(found), ['skip list', set.ref.hash], ['skip list set', set.say]]));
  });
}

function foundRows({ lists, reports, tokens, ofPeople }: Skipped): (readonly [string, string])[] {
  if (reports !== null)
    return [...reports.flatMap(listRows), ['devices', `${count(ofPeople)} of the audience are on the lists`]];
  return [
    ...lists.map(
      ({ path, ids, notes }) =>
        [
          'skip list',
          `${path}: ${count(ids.size)} tokens${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`,
        ] as const,
    ),
    [
      'compared',
      `with nothing: there is no audience yet, so nobody knows whether the ${count(tokens.length)} are in it`,
    ],
  ];
}
