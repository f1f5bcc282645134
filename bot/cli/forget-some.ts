import { placesText } from '../../runbooks/record/message-rows.ts';
import { slackNamesIn } from '../../runbooks/record/model.ts';
import { deletedIn } from '../../runbooks/record/rows.ts';
import type { Forgot } from '../../runbooks/record/rows.ts';
import { CANVAS } from '../channel/put-canvas.ts';
import { plural, utc } from '../views/words.ts';
import { CliError } from './cli-error.ts';
import { forget } from './forget.ts';
import { aboutOf, contended, noteDeletion, RACES } from './note-deletion.ts';
import type { About } from './note-deletion.ts';
import type { OperatorKey } from './operator-key.ts';
import { launchOf } from './session.ts';
import type { Session } from './session.ts';
import {
  accountsOf,
  baseOf,
  entryNamed,
  givenAmong,
  itemsOf,
  messagesNamed,
  saidText,
  wordsInRecord,
} from './what-to-forget.ts';
import type { Chained, Picked } from './what-to-forget.ts';

interface Asked {
  /** Numbers or links, with commas between them. */ message?: string | undefined;
  person?: string | undefined;
  reason?: string | undefined;
  yes?: boolean | undefined;
}

/** All of a launch, where neither is named. */
export async function forgetAsked(
  session: Session,
  launchId: string,
  asked: Asked,
  key: OperatorKey | null,
): Promise<void> {
  const { message, person } = asked;
  if (message === undefined && person === undefined) return forget(session, launchId, asked, key);
  if (message !== undefined && person !== undefined)
    throw new CliError('USAGE', 'forget: found --message and --person, expected one of them');
  const messages = message?.split(',').map((one) => one.trim());
  if (messages?.includes('') === true)
    throw new CliError(
      'USAGE',
      `--message: found nothing between two commas of "${message ?? ''}", expected messages (m12, or its link)`,
    );
  await forgetSome(session, launchId, { messages: messages ?? [], person: person ?? null, asked, key });
}

/** Of messages that one note names: an item of the table has 400 KB at most. */
const AT_ONCE = 5_000;

/**
 * Deletes for good some messages of a launch's channel, or what one person wrote there, with edits and files, and leaves the others as they are. As with all of them,
 * the note comes first, and is the deletion for every reader; then files go, and the keys at last, by which a run that was cut off is finished by the next one.
 */
async function forgetSome(
  session: Session,
  launchId: string,
  {
    messages,
    person,
    asked: { reason, yes },
    key,
  }: { messages: readonly string[]; person: string | null; asked: Asked; key: OperatorKey | null },
): Promise<void> {
  const { out } = session;
  const launch = await launchOf(session, launchId);
  const about = aboutOf(launch, key, reason);
  const entries = await session.journal.entries(launchId);
  const isEntry = entryNamed(entries, launch, messages);
  if (isEntry !== null) throw isEntry;
  const names = slackNamesIn(entries, new Map());
  const accounts = person === null ? null : accountsOf(launch, names, person);
  const pick = (chain: readonly Chained[]): Picked =>
    accounts === null ? messagesNamed(chain, launch, messages) : itemsOf(chain, accounts);

  const first = await read(session, launchId);
  if (yes !== true) throw notConfirmed(out, pick(first), { chain: first, names });
  const { noted, shared } = await note(session, launchId, { pick, about });
  const chain = await read(session, launchId);
  const { own } = pick(chain);
  const files = await finish(session, launchId, { chain, own });
  out(doneText(launchId, { noted, own, files: files.deleted }));
  if (files.kept > 0) out(`Stays: ${plural(files.kept, 'file')} that somebody else has attached, too.`);
  if (shared.length > 0) out(sharedText(launchId, shared));
  await tellWhatStays(session, launchId, { chain, noted, accounts });
}

function doneText(
  launchId: string,
  { noted, own, files }: { noted: readonly Chained[]; own: readonly Chained[]; files: number },
): string {
  if (noted.length > 0)
    return `Deleted ${saidText(noted)} of ${launchId}'s channel (${placesText(noted.map(({ seq }) => seq))}) and ${plural(files, 'file')}. The chain holds, and verify says so.`;
  return own.length === 0
    ? 'There is nothing to delete, or nothing any more.'
    : 'All of it was deleted before; if an earlier run had left anything of it, that is gone now, too.';
}

const read = ({ cloud }: Session, launchId: string): Promise<Chained[]> =>
  cloud.record.messagesAfter(launchId, 0, { evenDeleted: true });

function kindOf({ file, refused, deleted, edits, given }: Chained): string {
  if (file !== undefined) return 'file';
  if (given !== undefined) return given.as === 'answer' ? 'answer' : 'note';
  if (refused !== undefined) return 'refusal';
  if (deleted) return 'deletion';
  return edits === null ? 'message' : 'edit';
}

function notConfirmed(
  out: Session['out'],
  { own, shared }: Picked,
  { chain, names }: { chain: readonly Chained[]; names: ReadonlyMap<string, string> },
): CliError {
  const { seqs } = deletedIn(chain);
  for (const one of own)
    out(
      `  m${one.seq}  ${utc(one.atMs)}  ${kindOf(one)} of ${names.get(one.user) ?? one.user}${seqs.has(one.seq) ? ', deleted already' : ''}`,
    );
  return new CliError(
    'NOT_CONFIRMED',
    `nothing was deleted. ${plural(own.length, 'item')} of the channel would be, for good${shared.length === 0 ? '' : `, and ${shared.length} from before messages had keys of their own would not`}: look at them in the timeline (m1, m2 … are its rows), and repeat with --yes`,
  );
}

/** Whoever writes meanwhile has the place: then all of it is looked at anew, so what they wrote is found too. */
async function note(
  session: Session,
  launchId: string,
  { pick, about }: { pick: (chain: readonly Chained[]) => Picked; about: About },
): Promise<{ noted: Chained[]; shared: Chained[] }> {
  const noted: Chained[] = [];
  for (let race = 0; race < RACES;) {
    const chain = await read(session, launchId);
    const { own, shared } = pick(chain);
    const { seqs } = deletedIn(chain);
    const now = own.filter(({ seq }) => !seqs.has(seq)).slice(0, AT_ONCE);
    if (noted.length + now.length === 0 && own.length === 0 && shared.length > 0)
      throw new CliError('WORDS_SHARED', `nothing was deleted. ${sharedText(launchId, shared)}`);
    if (now.length === 0) return { noted, shared };
    const forgot: Forgot = {
      messages: now.filter(({ file }) => file === undefined).length,
      ...givenAmong(now),
      files: now.filter(({ file }) => file?.key != null).length,
      tokens: 0,
      seqs: now.map((one) => one.seq),
      of: [...new Set(now.filter(({ refused }) => refused === undefined).map(baseOf))],
      ...about,
    };
    if (await noteDeletion(session, launchId, chain, forgot)) noted.push(...now);
    else race += 1;
  }
  throw contended(noted.length === 0 ? 'nothing' : 'not all');
}

/**
 * Of what this run is for, also what an earlier one has noted and left; what other notes name is theirs who asked for it. Files first: where they lie is known
 * as long as the keys are there.
 */
async function finish(
  { cloud }: Session,
  launchId: string,
  { chain, own }: { chain: readonly Chained[]; own: readonly Chained[] },
): Promise<{ deleted: number; kept: number }> {
  const { seqs } = deletedIn(chain);
  const noted = own.filter(({ seq }) => seqs.has(seq));
  const here = new Set(chain.flatMap(({ file, seq }) => (seqs.has(seq) ? [] : (file?.key ?? []))));
  // A place in the bucket that is none of this launch's files is nobody's to delete here, whoever wrote it down.
  const folder = `launches/${launchId}/files/`;
  const all = [...new Set(noted.flatMap(({ file }) => file?.key ?? []))].filter((key) => key.startsWith(folder));
  const gone = all.filter((key) => !here.has(key));
  await Promise.all(gone.map((key) => cloud.objects.remove(key)));
  await cloud.words.forgetBoxes(
    launchId,
    noted.flatMap(({ seq, box }) => (box === undefined ? [] : [{ seq, box }])),
  );
  return { deleted: gone.length, kept: all.length - gone.length };
}

const sharedText = (launchId: string, shared: readonly Chained[]): string =>
  `NOT deleted: ${placesText(shared.map(({ seq }) => seq))}. A version before 0.6 wrote ${shared.length === 1 ? 'it' : 'them'}, and messages had no keys of their own: those in a box go only with all others of the launch (\`npm run go -- forget --launch ${launchId}\`), those in clear, from before boxes or put there by hand, only with the table.`;

async function tellWhatStays(
  { cloud, journal, out }: Session,
  launchId: string,
  { chain, noted, accounts }: { chain: readonly Chained[]; noted: readonly Chained[]; accounts: Set<string> | null },
): Promise<void> {
  const bases = new Set(noted.map(baseOf));
  const seqs = new Set(noted.map(({ seq }) => seq));
  const replies = chain.filter(({ thread, seq }) => thread != null && bases.has(thread) && !seqs.has(seq)).length;
  if (replies > 0)
    out(`Stays: ${plural(replies, 'reply', 'replies')} to it. Name them too where they repeat what was to go.`);
  if (accounts !== null) {
    const launch = await journal.launch(launchId);
    const people = new Set(
      launch?.people.flatMap(({ id, slack }) => (slack.some((one) => accounts.has(one)) ? id : [])),
    );
    const inRecord = wordsInRecord(
      await journal.entries(launchId),
      ({ by, guest }) => ('person' in by && people.has(by.person)) || (guest !== undefined && accounts.has(guest)),
    );
    const marks = chain.filter(({ mark, user }) => mark !== undefined && accounts.has(user)).length;
    out(
      `NOT deleted: ${inRecord === '' ? '' : `${inRecord} of theirs that a version before 0.6 has entered, and `}all that they decided, set to be done or gave a reason for by command or form: those are signed entries, each over the one before, and go only with the record.`,
    );
    out(
      `Stays: ${plural(marks, 'mark')} that they put on or took off (a reaction, without words), and what others wrote about them: name such a message with --message.`,
    );
  }
  const canvas = await cloud.facts.get(launchId, CANVAS);
  out(
    `Stays, as it is not the record's: the message in Slack itself (delete it there), timelines, postmortems and notes that were posted into the channel or written into files before now${canvas === null ? '' : `, and the canvas ${canvas} until \`/go postmortem canvas\` writes it anew`}.`,
  );
}
