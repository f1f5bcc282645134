import { AudienceError } from '../../../contract/audience-error.ts';
import type { SkipStored } from '../../../contract/compile-state.ts';
import type { RefusedIn, SkipListRef } from '../../../runbooks/launch/entries.ts';
import { packSkipList, readSkipList } from '../packed/skip-list.ts';
import type { PackedSkipList } from '../packed/skip-list.ts';
import type { LaunchSession } from './launch-session.ts';
import { count } from './words.ts';

/** Others may set a list between our reading and our setting; each of theirs is taken in. */
const TRIES = 5;

/** Stores what the launch skips with these tokens on it, or they alone in its place. `before`: what it skips now. */
async function storeSkipList(
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

/** The bot has no token to make it of, so it is made here, of what the launch skips now; the bot sets it if that is still so. */
export async function skipStored(
  session: Omit<LaunchSession, 'by'>,
  tokens: readonly string[],
): Promise<{ skip: SkipStored; added: number }> {
  const { ref, before } = await storeSkipList(session, tokens, false);
  return {
    skip: { hash: ref.hash, tokens: ref.tokens, adds: before?.hash ?? null },
    added: ref.tokens - (before?.tokens ?? 0),
  };
}

/** Adds tokens to what the launch skips, or puts them in its place. Says what became of it. */
export async function setSkipList(
  session: LaunchSession,
  tokens: readonly string[],
  isReplacing: boolean,
  refusedIn?: RefusedIn,
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
      ...(refusedIn === undefined ? {} : { refusedIn }),
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
