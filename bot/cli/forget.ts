import { tokensIn } from '../../infra/aws/staff-devices.ts';
import { peopleIn } from '../../runbooks/launch/people.ts';
import type { Forgot } from '../../runbooks/record/rows.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';

/**
 * Deletes for good the device tokens of a launch's people, what they wrote in its channel and what they attached there. Record and channel
 * chain stay whole: they hold references and boxes, to which nothing fits any more. The chain of the channel says that it was done.
 */
export async function forget(session: Session, launchId: string, sure: boolean): Promise<void> {
  const { cloud, out } = session;
  const launch = await launchOf(session, launchId);
  if (!launch.closed && !sure) {
    throw new CliError(
      'LAUNCH_OPEN',
      `${launch.name} is open: without its people's device tokens it gets no test copies any more and primes no connections, and what was written in its channel is gone from its timeline (fire and halt work on). Close it first, or add --yes`,
    );
  }
  const messages = await cloud.record.messagesAfter(launchId, 0);
  const boxed = messages.filter(({ box, forgotten }) => box !== undefined && forgotten === undefined).length;
  const tokens = await cloud.staff.forget(launchId);
  const keys = await cloud.words.forget(launchId);
  const files = await removeFiles(session, launchId);
  const forgot: Forgot = { messages: boxed, files, tokens };
  if (tokens + keys + files > 0) await note(session, launchId, forgot);
  out(
    tokens === 0
      ? `No device tokens of ${launchId}'s people were stored; nothing to delete.`
      : `Deleted ${plural(tokens, 'device token')} of ${launchId}'s people. A worker that runs for it forgets them within half a minute.`,
  );
  out(
    keys + files === 0
      ? 'No words or files of its channel were stored in a way that can be deleted.'
      : `Deleted ${plural(boxed, 'message')} of its channel and ${plural(files, 'file')} that hung on them. Their chain holds, and verify says so.`,
  );
  await tellWhatStays(session, launchId, messages.filter(({ box, forgot: was }) => (box ?? was) === undefined).length);
}

async function removeFiles({ cloud }: Session, launchId: string): Promise<number> {
  const there = await cloud.objects.list(`launches/${launchId}/files/`);
  await Promise.all(there.map(({ key }) => cloud.objects.remove(key)));
  return there.length;
}

/** Others may write into the chain meanwhile. */
const RACES = 10;

async function note({ cloud, nowMs, out }: Session, launchId: string, forgot: Forgot): Promise<void> {
  const atMs = nowMs();
  const empty = { user: '', text: '', edits: null, deleted: false, permalink: null, files: [] };
  for (let race = 0; race < RACES; race += 1) {
    const last = (await cloud.record.messagesAfter(launchId, 0)).at(-1);
    const head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
    const message = { ...empty, ts: (atMs / 1_000).toFixed(6), atMs, forgot };
    if ((await cloud.record.appendMessage(launchId, head, message)).won) return;
  }
  out('The chain of the channel does not say so: others wrote into it all the time.');
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
  out(
    'Stays, as it is what was decided and by whom: names and accounts of the roster, notes, reasons, and the texts that were sent. They go only with the record.',
  );
}
