import type { ChannelMessage } from '../../infra/aws/channel-message.ts';
import type { Head } from '../../infra/aws/seal.ts';
import { shown } from '../../infra/environment.ts';
import type { Actor, Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { deletedIn, OWN_KEY_FORMAT } from '../../runbooks/record/rows.ts';
import type { Forgot } from '../../runbooks/record/rows.ts';
import { plural } from '../views/words.ts';
import { CliError } from './cli-error.ts';

/** Which items of a channel's chain somebody means who names a message or a person. */

export type Chained = ChannelMessage & Head;

/** The ts of the message that an item is, edits, deletes, or hangs on. */
export const baseOf = ({ ts, edits, file }: ChannelMessage): string => file?.of ?? edits ?? ts;

/** Those that have a key of their own, and those that have not: they stay. */
export interface Picked {
  own: Chained[];
  shared: Chained[];
}

/** One in clear says what it likes of its format: no key is its own, and nobody who has one has written it. */
const hasOwnKey = ({ v = 1, box, seq }: Chained): boolean =>
  v >= OWN_KEY_FORMAT && box !== undefined && Number.isSafeInteger(seq);

const sorted = (items: readonly Chained[]): Picked => ({
  own: items.filter(hasOwnKey),
  shared: items.filter((item) => !hasOwnKey(item)),
});

/** A mark has no words, and the note of a deletion none of anybody's. */
const isSpeech = ({ mark, forgot }: ChannelMessage): boolean => (mark ?? forgot) === undefined;

/**
 * Each that is named, with its edits and what hangs on it; `named` like `m12`, or as Slack's "Copy link" gives it. Of one that was deleted before, what an earlier
 * run has left.
 */
export function messagesNamed(chain: readonly Chained[], { channelId }: Launch, named: readonly string[]): Picked {
  const bases = new Set(named.map((name) => baseNamed(chain, channelId, name)));
  return sorted(chain.filter((item) => isSpeech(item) && item.ts !== '' && bases.has(baseOf(item))));
}

/** Null: none of them names an entry. What an entry says is signed and stays; words that it names lie in the chain, under a number of their own. */
export function entryNamed(
  entries: readonly Entry[],
  { id }: Pick<Launch, 'id'>,
  named: readonly string[],
): CliError | null {
  const places = named.map((name) => /^e(\d{1,9})$/i.exec(name)?.[1]);
  if (places.every((place) => place === undefined)) return null;
  const found = named.map((name, index) => {
    const place = places[index];
    return place === undefined
      ? { name, why: null }
      : wordsOf(
          name,
          entries.find(({ seq }) => seq === Number(place)),
        );
  });
  const not = found.flatMap(({ why }) => why ?? []);
  if (not.length > 0) return new CliError('NO_SUCH_MESSAGE', not.join('; '));
  const those = found.flatMap(({ name }, index) =>
    places[index] === undefined ? [] : [`${named[index]} lie under ${name}`],
  );
  return new CliError(
    'USAGE',
    `--message: found an entry, expected an item of the channel: the words of ${those.join(', of ')}. Type: npm run go -- forget --launch ${id} --message ${found.map(({ name }) => name).join(',')}`,
  );
}

/** The item under which the words of an entry lie, or why none do. */
function wordsOf(name: string, entry: Entry | undefined): { name: string; why: string | null } {
  if (entry === undefined) return { name, why: `there is no entry ${name}` };
  const isGiven = entry.kind === 'Noted' || entry.kind === 'QuestionAnswered';
  if (isGiven && entry.item !== undefined) return { name: `m${entry.item.seq}`, why: null };
  const why =
    wordsInRecord([entry]) === ''
      ? `is ${entry.kind} and names no words that could be deleted: a signed entry goes only with the record`
      : 'is from before words lay beside the record: it holds them itself, signed, and goes only with the record';
  return { name, why: `${name} ${why}` };
}

function baseNamed(chain: readonly Chained[], channelId: string, name: string): string {
  const place = /^m?(\d{1,9})$/.exec(name)?.[1];
  if (place !== undefined) return baseAt(chain, Number(place));
  const link = /^https?:\/\/[^/]+\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?|$)/.exec(name);
  if (link === null)
    throw new CliError(
      'USAGE',
      `--message: found ${shown(name)}, expected the message's number in the timeline, like m12, or its link ("Copy link" in Slack), like https://example.slack.com/archives/${channelId}/p1700000000000000`,
    );
  const [, channel = '', seconds, micros] = link;
  if (channel !== channelId)
    throw new CliError(
      'NO_SUCH_MESSAGE',
      `the link is of the channel ${channel}, and this launch is in ${channelId}: nothing of another channel is recorded`,
    );
  const ts = `${seconds}.${micros}`;
  if (chain.some((item) => isSpeech(item) && baseOf(item) === ts) || deletedIn(chain).of.has(ts)) return ts;
  throw new CliError(
    'NO_SUCH_MESSAGE',
    `nothing is recorded of the message of that link (${ts}): it is a bot's, was not heard yet, or has no words any more`,
  );
}

function baseAt(chain: readonly Chained[], seq: number): string {
  const item = chain.find((one) => one.seq === seq);
  const not = (why: string) => new CliError('NO_SUCH_MESSAGE', `m${seq} ${why}`);
  if (item === undefined) throw not(`is not there: the channel's chain has m1 to m${chain.at(-1)?.seq ?? 0}`);
  if (item.forgot !== undefined) throw not('is the note of a deletion, and has nobody’s words');
  if (item.mark !== undefined) throw not('is a mark, and has no words; name the message that it is on');
  if (item.unread !== undefined)
    throw not(`can't be read by this version, so nobody knows what hangs on it: ${item.problem ?? item.unread}`);
  return baseOf(item);
}

/** All that this person wrote, edited, deleted, attached and was refused. Their marks stay. */
export const itemsOf = (chain: readonly Chained[], slackIds: ReadonlySet<string>): Picked =>
  sorted(chain.filter((item) => isSpeech(item) && slackIds.has(item.user)));

/** A person of the roster by id or name, or anybody by their id in Slack. `names`: of all who were ever on it, by Slack account. */
export function accountsOf(launch: Launch, names: ReadonlyMap<string, string>, given: string): Set<string> {
  const name = given.trim().replace(/^@/, '');
  if (/^[UW][A-Z0-9]{5,}$/.test(name)) return new Set([name]);
  const here = launch.people.filter((one) => sameName(one.id, name) || sameName(one.name, name));
  if (here.length > 1)
    throw new CliError(
      'PERSON_UNCLEAR',
      `--person: ${shown(given)} is ${here.map(({ id }) => id).join(' and ')} of the roster: name one by that`,
    );
  const accounts = new Set([
    ...here.flatMap(({ slack }) => slack),
    ...[...names].flatMap(([id, one]) => (here.length === 0 && sameName(one, name) ? [id] : [])),
  ]);
  if (accounts.size > 0) return accounts;
  throw new CliError(
    'PERSON_UNCLEAR',
    `--person: found ${shown(given)}, expected somebody of the roster (${launch.people.map(({ id }) => id).join(', ')}), their name, or the id of a Slack account like U012AB3CD ("Copy member ID" in their profile): here nobody can ask Slack for names`,
  );
}

const sameName = (one: string, other: string): boolean => one.trim().toLowerCase() === other.toLowerCase();

/** `3 messages, 1 answer`: what people said of it, without the files. */
export function saidText(items: readonly Chained[]): string {
  const said = items.filter(({ file }) => file === undefined);
  const given = Map.groupBy(said, (one) => one.given?.as ?? 'message');
  const named = [...given].map(([what, ones]) => plural(ones.length, what));
  return named.length === 0 ? plural(0, 'message') : named.join(', ');
}

/** How many of them are answers and notes; nothing, where none is. */
export function givenAmong(items: readonly Chained[]): Pick<Forgot, 'given'> {
  const given = items.filter((one) => one.given !== undefined).length;
  return given === 0 ? {} : { given };
}

/** `2 answers, 1 note`: what entries hold themselves, from before they named it; '' where there is nothing. */
export function wordsInRecord(
  entries: readonly Entry[],
  isMeant: (one: { by: Actor; guest?: string | undefined }) => boolean = () => true,
): string {
  const held = entries.flatMap((entry): string[] => {
    if (entry.kind === 'QuestionAnswered') return entry.words !== undefined && isMeant(entry) ? ['answer'] : [];
    const isNote = entry.kind === 'Noted' && 'person' in entry.by && entry.text !== undefined;
    return isNote && isMeant({ by: entry.by }) ? ['note'] : [];
  });
  return [...Map.groupBy(held, (what) => what)].map(([what, ones]) => plural(ones.length, what)).join(', ');
}
