import type { Entry, EntryOf, ItemPlace } from '../launch/entries.ts';
import { isOfPeople, peopleOf } from './everybody.ts';
import { goneIn } from './message-rows.ts';
import type { GivenWords, TimelineMessage } from './rows.ts';
import { isTold } from './told.ts';

/**
 * The words that entries name and do not hold: each is an item of the chain of channel messages, where it can be deleted. Whoever tells entries tells
 * them with these.
 */
interface GivenIn {
  /** The entries, each with its words, or with what became of them in brackets; those that hold their words, or have none, as they are. */
  entries: readonly Entry[];
  /** By item of the chain: the entry that names it. */
  namedIn: ReadonlyMap<number, number>;
}

type Naming = EntryOf<'QuestionAnswered' | 'Noted'> & { item: ItemPlace };

export const isNaming = (entry: Entry): entry is Naming =>
  (entry.kind === 'QuestionAnswered' || entry.kind === 'Noted') && isTold(entry) && entry.item !== undefined;

/** `messages`: the chain as it was read after the entries. */
export function givenIn(entries: readonly Entry[], messages: readonly TimelineMessage[]): GivenIn {
  const naming = entries.filter(isNaming);
  if (naming.length === 0) return { entries, namedIn: new Map() };
  const items = new Items(entries, messages);
  const found = new Map(naming.map((entry) => [entry.seq, items.find(entry)]));
  const guests = new Map<string, string>();
  for (const entry of naming) {
    const guest = guestIn(entry);
    const user = found.get(entry.seq)?.user ?? null;
    if (guest !== undefined && user !== null && !guests.has(guest)) guests.set(guest, user);
  }
  return {
    entries: entries.map((entry): Entry => {
      if (!isNaming(entry)) return entry;
      const said = found.get(entry.seq)?.words ?? '';
      if (entry.kind === 'Noted') return { ...entry, text: entry.text ?? said };
      const { guest, words = said } = entry;
      return guest === undefined ? { ...entry, words } : { ...entry, words, guest: guests.get(guest) ?? guest };
    }),
    namedIn: new Map(naming.flatMap(({ seq, item }) => (found.get(seq)?.isIt === true ? [[item.seq, seq]] : []))),
  };
}

const guestIn = (entry: Naming): string | undefined => ('guest' in entry ? entry.guest : undefined);

const isAs = (entry: Naming, given: GivenWords): boolean =>
  entry.kind === 'Noted' ? given.as === 'note' : given.as === 'answer' && given.question === entry.question;

interface Found {
  words: string;
  /** By whom; null: not known any more. */ user: string | null;
  /** It is what the entry names, readable or not. */ isIt: boolean;
}

class Items {
  readonly #messages: readonly TimelineMessage[];
  readonly #places: ReadonlyMap<number | undefined, number>;
  readonly #gone: (index: number) => string | null;
  /** By person. */
  readonly #accounts: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(entries: readonly Entry[], messages: readonly TimelineMessage[]) {
    this.#messages = messages;
    this.#places = new Map(messages.map(({ seq }, index) => [seq, index]));
    this.#gone = goneIn(messages);
    // Looking into each of thousands takes a second.
    const people = Map.groupBy(peopleOf(entries.filter((one) => isOfPeople(one) && isTold(one))), ({ id }) => id);
    this.#accounts = new Map([...people].map(([id, same]) => [id, new Set(same.flatMap(({ slack }) => slack))]));
  }

  /** Whoever has a bot's key may name what they like: it is said, and the next one is told as ever. */
  find(entry: Naming): Found {
    const { seq, hash } = entry.item;
    const index = this.#places.get(seq) ?? -1;
    const item = this.#messages[index];
    const not = (why: string): Found => ({ words: `(m${seq} ${why})`, user: null, isIt: false });
    if (item === undefined) return not('is not in the chain of channel messages');
    if (item.hash !== hash) return not('is another item than this entry names');
    const gone = this.#gone(index);
    if (gone !== null) return { words: `(${gone})`, user: null, isIt: true };
    const { given, user, text } = item;
    if (given === undefined || !isAs(entry, given)) return not('was not given for this entry');
    return this.#isTheirs(entry, user)
      ? { words: text, user, isIt: true }
      : not('was given by somebody else than this entry says');
  }

  #isTheirs(entry: Naming, user: string): boolean {
    const { by } = entry;
    const guest = guestIn(entry);
    if (guest === undefined) return 'person' in by && this.#accounts.get(by.person)?.has(user) === true;
    const first = this.#messages[this.#places.get(Number(guest.slice(1))) ?? -1];
    // Once the first one is deleted there is nobody to compare with.
    return first === undefined || first.user === '' || first.user === user;
  }
}
