import { tokensIn } from '../../infra/aws/staff-devices.ts';
import { peopleIn } from '../../runbooks/launch/people.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { aboutOf, contended, noteDeletion, RACES } from './note-deletion.ts';
import type { About } from './note-deletion.ts';
import type { OperatorKey } from './operator-key.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';
import { givenAmong, saidText, wordsInRecord } from './what-to-forget.ts';
import type { Chained } from './what-to-forget.ts';

/**
 * Deletes for good the device tokens of a launch's people, what they wrote in its channel and what they attached there. Record and channel
 * chain stay whole: they hold references and boxes, to which nothing fits any more. The chain of the channel says that it was done.
 */
export async function forget(
  session: Session,
  launchId: string,
  { reason, yes }: { reason?: string | undefined; yes?: boolean | undefined },
  key: OperatorKey | null,
): Promise<void> {
  const { cloud, out } = session;
  const launch = await launchOf(session, launchId);
  if (!launch.closed && yes !== true) {
    throw new CliError(
      'LAUNCH_OPEN',
      `${launch.name} is open: without its people's device tokens it gets no test copies any more and primes no connections, and what was written in its channel is gone from its timeline (fire and halt work on). Close it first, or add --yes`,
    );
  }
  const found = await note(session, launchId, aboutOf(launch, key, reason));
  await cloud.words.forget(launchId, found.keys);
  await cloud.staff.forget(launchId);
  await Promise.all(found.files.map((key) => cloud.objects.remove(key)));
  const { items, tokens, files } = found;
  out(
    tokens === 0
      ? `No device tokens of ${launchId}'s people were stored; nothing to delete.`
      : `Deleted ${plural(tokens, 'device token')} of ${launchId}'s people. A worker that runs for it forgets them within half a minute.`,
  );
  out(
    found.keys.length + files.length === 0
      ? 'No words or files of its channel were stored in a way that can be deleted.'
      : `Deleted ${saidText(items)} of its channel and ${plural(files.length, 'file')} that hung on them. Their chain holds, and verify says so.`,
  );
  await tellWhatStays(session, launchId, found.plain);
}

interface Found {
  /** Of the channel, that can be deleted, and that can't. */
  items: Chained[];
  plain: number;
  /** Names of keys; places of files. */
  keys: string[];
  files: string[];
  tokens: number;
}

/**
 * Before anything is deleted, so that nothing is unseen, however this ends: what a run that was cut off has left, the next one deletes. Who writes behind
 * the note seals with another key (record-store.ts), and who was about to write before it has lost that place to it.
 */
async function note(session: Session, launchId: string, about: About): Promise<Found> {
  const { cloud } = session;
  for (let race = 0; race < RACES; race += 1) {
    const chain = await cloud.record.messagesAfter(launchId, 0);
    const [keys, tokens, there] = await Promise.all([
      cloud.words.keys(launchId),
      cloud.staff.count(launchId),
      cloud.objects.list(`launches/${launchId}/files/`),
    ]);
    const found: Found = {
      items: chain.filter(({ box, forgotten }) => box !== undefined && forgotten === undefined),
      plain: chain.filter(({ box, forgot, unread }) => (box ?? forgot ?? unread) === undefined).length,
      keys,
      files: there.map(({ key }) => key),
      tokens,
    };
    const noted = new Set(chain.flatMap(({ forgot }) => forgot?.keys ?? []));
    if (tokens + there.length === 0 && keys.every((key) => noted.has(key))) return found;
    const messages = found.items.length;
    const forgot = { messages, ...givenAmong(found.items), files: there.length, tokens, keys, ...about };
    if (await noteDeletion(session, launchId, chain, forgot)) return found;
  }
  throw contended('nothing');
}

async function tellWhatStays({ journal, out }: Session, launchId: string, plain: number): Promise<void> {
  const entries = await journal.entries(launchId);
  const inRecord = new Set(entries.flatMap((entry) => tokensIn(peopleIn(entry))));
  if (inRecord.size > 0)
    out(
      `NOT deleted: ${plural(inRecord.size, 'device token')} that this record holds itself. It is from before tokens were kept apart, and an entry can't be changed; they go only with the record.`,
    );
  if (plain > 0)
    out(
      `NOT deleted: ${plural(plain, 'message')} of the channel from before words were kept apart. They go only with the record.`,
    );
  const held = wordsInRecord(entries);
  if (held !== '')
    out(
      `NOT deleted: ${held} that a version before 0.6 has entered, and this record holds itself. They go only with it.`,
    );
  out(
    'Stays, as it is what was decided and by whom: names and accounts of the roster, reasons, actions, and the texts that were sent. They go only with the record.',
  );
}
