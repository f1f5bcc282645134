import { AudienceError } from '../../../contract/audience-error.ts';
import { manifestKeyOf } from '../../../contract/manifest.ts';
import type { Objects } from '../../../infra/aws/objects.ts';
import type { SkipListRef } from '../../../runbooks/launch/entries.ts';
import { findSkipped } from '../lists/find-skipped.ts';
import type { Skipped } from '../lists/find-skipped.ts';
import { packSkipList, readSkipList } from '../packed/skip-list.ts';
import type { PackedSkipList } from '../packed/skip-list.ts';
import { progressBar } from '../progress.ts';
import type { Output } from '../progress.ts';
import { readArguments } from './arguments.ts';
import { withObjects } from './environment.ts';
import type { LaunchSession } from './launch-session.ts';
import { withLaunch } from './launch-session.ts';
import { listRows } from './list-rows.ts';
import { count, table } from './words.ts';

/** Others may set a list between our reading and our setting; each of theirs is taken in. */
const TRIES = 5;

/** Makes a skip list of tokens and people and, with --launch, adds it to the launch's. */
export async function runSkip(
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  out: Output,
): Promise<void> {
  const { words, option, flag } = readArguments(
    args,
    ['launch', 'as', 'out', 'audience', 'column'],
    ['allow-none', 'replace'],
  );
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

/** Stores what the launch skips with these tokens on it, or they alone in its place. `before`: what it skips now. */
export async function storeSkipList(
  { journal, cloud, launch: { id } }: Omit<LaunchSession, 'by'>,
  tokens: readonly string[],
  isReplacing: boolean,
): Promise<{ ref: SkipListRef; before: SkipListRef | null }> {
  const before = (await journal.launch(id))?.skipList ?? null;
  const { bytes, ref }: PackedSkipList = packSkipList(
    tokens,
    isReplacing || before === null ? null : await readSkipList(cloud.objects, before),
  );
  await cloud.objects.put(ref.key, bytes);
  return { ref, before };
}

/** Adds tokens to what the launch skips, or puts them in its place. Says what became of it. */
export async function setSkipList(
  session: LaunchSession,
  tokens: readonly string[],
  isReplacing: boolean,
): Promise<{ ref: SkipListRef; say: string }> {
  const {
    journal,
    launch: { id },
    by,
  } = session;
  for (let tries = 0; tries < TRIES; tries++) {
    const { ref, before } = await storeSkipList(session, tokens, isReplacing);
    const done = await journal.append(id, {
      kind: 'set-skip-list',
      by,
      skipList: ref,
      ...(isReplacing ? {} : { adds: before?.hash ?? null }),
    });
    const sum = `${count(ref.tokens)} tokens`;
    if (done.ok) {
      const say = isReplacing
        ? `in place of the ${count(before?.tokens ?? 0)} before; open orders are void`
        : `${count(ref.tokens - (before?.tokens ?? 0))} of them new; open orders stand`;
      return { ref, say: `entry ${done.entry.seq} of ${id}: ${sum}, ${say}` };
    }
    if (done.code === 'ALREADY_SO') return { ref, say: `${id} skips all of it already (${sum})` };
    if (done.code !== 'SKIP_LIST_CHANGED')
      throw new AudienceError('REFUSED', `${id} refused set-skip-list: ${done.say} (${done.code})`);
  }
  throw new AudienceError(
    'REFUSED',
    `${id}: found another skip list set ${TRIES} times while this one was made, expected nobody else to set any; run the command again`,
  );
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
