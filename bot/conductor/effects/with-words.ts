import { waitAtMost } from '../../../infra/time-limit.ts';
import { givenIn, isNaming } from '../../../runbooks/record/given.ts';
import { entryMessage } from '../../views/entry-message.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import type { Pending } from './pending.ts';

/** What comes after it in the channel, a GO button among it, waits no longer than this for S3. */
const WAIT_MS = 2_000;

/** The message of an entry, with what a person gave for it where the entry names that; `message` where it does not come in time. */
export async function withWords(
  { cloud, journal }: Context,
  { entry, after }: Pick<Pending, 'entry' | 'after'>,
  message: Message,
): Promise<Message> {
  if (!isNaming(entry)) return message;
  const { launchId, item } = entry;
  const behind = cloud.record.messagesAfter(launchId, item.seq - 1, { isToldAway: true });
  const messages = await waitAtMost(WAIT_MS, behind, null);
  if (messages === null) return message;
  const told = givenIn(await journal.entries(launchId), messages).entries.find(({ seq }) => seq === entry.seq);
  return (told === undefined ? null : entryMessage(after, told)) ?? message;
}
