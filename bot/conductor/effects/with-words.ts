import { waitAtMost } from '../../../infra/time-limit.ts';
import type { Entry } from '../../../runbooks/launch/entries.ts';
import { givenIn, isNaming } from '../../../runbooks/record/given.ts';
import type { Context } from '../context.ts';

/** What comes after it in the channel, a GO button among it, waits no longer than this for S3. */
const WAIT_MS = 2_000;

/** Entries that are to be told in the room, each that names what a person gave for it with that; as it is where the words do not come in time. */
export async function withWords(
  { cloud, journal }: Context,
  launchId: string,
  entries: readonly Entry[],
): Promise<readonly Entry[]> {
  const naming = entries.filter(isNaming);
  if (naming.length === 0) return entries;
  const first = Math.min(...naming.map(({ item }) => item.seq));
  // With the one before it, which its hash is over.
  const behind = cloud.record.messagesAfter(launchId, Math.max(0, first - 2), { isToldAway: true });
  const messages = await waitAtMost(WAIT_MS, behind, null);
  if (messages === null) return entries;
  const told = new Map(givenIn(await journal.entries(launchId), messages).entries.map((entry) => [entry.seq, entry]));
  return entries.map((entry) => (isNaming(entry) ? (told.get(entry.seq) ?? entry) : entry));
}
