import { isVisible } from '../playbook/text-faults.ts';
import type { Decision, Given } from './commands.ts';
import { accept, byPerson, own, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import type { EntryOf, ItemPlace, PersonId } from './entries.ts';
import { must, personIn } from './fold-error.ts';
import { isPlace, noPlace } from './item-place.ts';
import type { ActionItem, Aftermath, Answered, Launch } from './launch.ts';
import { ownerOf } from './owners.ts';
import { findPerson, personOf } from './people.ts';
import { isOfTheseYears, lengthText } from './words.ts';

/** What people say of a launch once it is over: their answers, what is to be done, and how far the postmortem is. */

/** A field of a form takes as much (docs/facts.md#slack-block-limits). */
const WORDS_MOST = 3_000;
const QUESTION_MOST = 1_000;

const wordsProblem = (words: string, what: string) =>
  refuse('VALUE_INVALID', `${what} ${lengthText(words)}; expected 1 to ${WORDS_MOST.toLocaleString('en-US')}.`);

const isLong = (words: string): boolean => words.length > WORDS_MOST;

/** Who says the same once more has said it. */
export function answerQuestion(launch: Launch, command: CommandOf<'answer-question'>, { nowMs }: Given): Decision {
  const { by, question, item } = command;
  return (
    answerProblem(command) ??
    againProblem(command, launch.postmortem.answers, [by]) ??
    accept(byPerson(by), nowMs, { kind: 'QuestionAnswered', question, item })
  );
}

/** So many answers are a channel that helps; more is somebody who fills the record. */
const OF_GUESTS = 200;
const OF_ONE_GUEST = 40;

/** Affected people are seldom on a roster. What they say is in their name and gives them nothing: a question that only they have answered is open still. */
export function answerAsGuest(launch: Launch, command: CommandOf<'answer-as-guest'>, { nowMs }: Given): Decision {
  const { guest, as, question, item } = command;
  const { guests } = launch.postmortem;
  if (personOf(launch, { slackId: guest }) !== null)
    return refuse('VALUE_INVALID', `${guest} is on the roster; expected an answer in that person's name.`);
  const mine = guests.filter(({ by }) => by === guest || by === as);
  if (guests.length >= OF_GUESTS || mine.length >= OF_ONE_GUEST)
    return refuse(
      'VALUE_INVALID',
      `This record takes no more answers of people who are not on its roster (${OF_ONE_GUEST} of each, ${OF_GUESTS} of all). Write it in the channel, which is recorded too.`,
    );
  const problem = answerProblem(command);
  if (problem !== null) return problem;
  if (as !== `m${item.seq}` && !guests.some(({ by }) => by === as))
    return refuse('VALUE_INVALID', `Nobody has answered as ${as} here; expected m${item.seq} of a first answer.`);
  return (
    againProblem(command, guests, [guest, as]) ??
    accept({ system: 'slack' }, nowMs, { kind: 'QuestionAnswered', question, item, guest: as })
  );
}

/** Asked before the words are put where they are kept, too. */
export function answerProblem({ question, words: said }: { question: string; words: string }): Refusal | null {
  const words = said.trim();
  if (!isVisible(words) || isLong(words)) return wordsProblem(words, 'The answer');
  if (question === '' || question.length > QUESTION_MOST)
    return refuse(
      'VALUE_INVALID',
      `The question has ${question.length} characters; expected one that the postmortem asks.`,
    );
  return null;
}

/** Whoever has put the words there knows whether they were there already, and then it is the same item. */
function againProblem(
  { question, words, item }: { question: string; words: string; item: ItemPlace },
  before: readonly Answered[],
  me: readonly string[],
): Refusal | null {
  if (!isPlace(item)) return noPlace(item);
  const last = before.findLast((one) => me.includes(one.by) && one.question === question);
  return last?.words === words.trim() || before.some((one) => one.item?.seq === item.seq)
    ? refuse('ALREADY_SO', 'You have answered so already.')
    : null;
}

export function setAction(launch: Launch, command: CommandOf<'set-action'>, { nowMs }: Given): Decision {
  const { by, when, owner, due } = command;
  const words = command.words.trim();
  if (!isVisible(words) || isLong(words)) return wordsProblem(words, 'The action');
  if (findPerson(launch.people, owner) === undefined)
    return refuse('VALUE_INVALID', `There is no ${owner} on the roster; expected a person on it as the owner.`);
  if (!isOfTheseYears(dueAtMs({ due }), nowMs))
    return refuse('TIME_INVALID', `“${due.slice(0, 40)}” is no date of these years; expected one such as 2027-03-01.`);
  const before = command.actionId === null ? null : own(launch.postmortem.actions, command.actionId);
  if (before === undefined) return noSuchAction(launch, command.actionId ?? '');
  const item = { when, words, owner, due };
  if (before !== null && before.closed === null && isSame(before, item))
    return refuse('ALREADY_SO', `Action ${before.id} is so already.`);
  return accept(byPerson(by), nowMs, { kind: 'ActionSet', actionId: before?.id ?? `A${launch.seq + 1}`, ...item });
}

const isSame = (a: ActionItem, b: Omit<ActionItem, 'id' | 'closed'>): boolean =>
  a.when === b.when && a.words === b.words && a.owner === b.owner && a.due === b.due;

function noSuchAction(launch: Launch, id: string): Decision {
  const open = openActions(launch).map((one) => one.id);
  return refuse(
    'NO_SUCH_ACTION',
    `There is no action ${id.slice(0, 20)} here; ${open.length === 0 ? 'none is open' : `open: ${open.join(', ')}`}.`,
  );
}

export function closeAction(launch: Launch, command: CommandOf<'close-action'>, { nowMs }: Given): Decision {
  const item = own(launch.postmortem.actions, command.actionId);
  if (item === undefined) return noSuchAction(launch, command.actionId);
  if (item.closed !== null) return refuse('ALREADY_SO', `Action ${item.id} is closed already.`);
  const words = command.words.trim();
  if (isLong(words)) return wordsProblem(words, 'What came of it');
  return accept(byPerson(command.by), nowMs, { kind: 'ActionClosed', actionId: item.id, words });
}

/** Done is what answers every question, if only by saying that nobody knows. */
export function turnPostmortem(launch: Launch, command: CommandOf<'turn-postmortem'>, { nowMs }: Given): Decision {
  const { by, to, questions } = command;
  if (launch.postmortem.state === to) return refuse('ALREADY_SO', `The postmortem is ${WORD[to]} already.`);
  if (to === 'done' && !launch.closed)
    return refuse('POSTMORTEM_OPEN', `${launch.name} is not closed, so its postmortem can't be done: /go close first.`);
  const open = to === 'done' ? questions.filter((question) => !isAnswered(launch, question)) : [];
  if (open.length > 0)
    return refuse(
      'POSTMORTEM_OPEN',
      `${open.length} ${open.length === 1 ? 'question has' : 'questions have'} no answer yet, the first is “${open[0]}”. /go answer opens the form; where nobody knows, write: unknown.`,
    );
  return accept(byPerson(by), nowMs, { kind: 'PostmortemTurned', to });
}

const WORD = { draft: 'a draft', review: 'in review', done: 'done' } as const;

const isAnswered = ({ postmortem }: Launch, question: string): boolean =>
  postmortem.answers.some((one) => one.question === question);

export const openActions = ({ postmortem }: Launch): ActionItem[] =>
  Object.values(postmortem.actions).filter(({ closed }) => closed === null);

/** The beginning of the day in UTC; NaN: no calendar has it. */
export function dueAtMs({ due }: Pick<ActionItem, 'due'>): number {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(due) ? Date.parse(`${due}T00:00:00Z`) : Number.NaN;
  // The 31st of a shorter month is read as a day of the next.
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(due) ? atMs : Number.NaN;
}

/** Those who asked, approved, declined, halted or answer for a gate: they know what no record does. */
export function respondersOf(launch: Launch): PersonId[] {
  const { orders, shots, lifts, waivers, ticks, stoodDown, postmortem, runbook } = launch;
  const named = [
    ...Object.values(orders).flatMap(({ requestedBy, armed }) => [requestedBy, armed?.by]),
    ...Object.values(shots).map(({ approvedBy }) => approvedBy),
    ...postmortem.halters,
    ...Object.values(lifts).map(({ by }) => by),
    ...Object.values(waivers).flatMap(({ requestedBy, grantedBy }) => [requestedBy, grantedBy]),
    ...Object.values(ticks).map(({ by }) => by),
    ...runbook.gates.flatMap(({ owner }) => (owner === undefined ? [] : ownerOf(launch, owner).people)),
    stoodDown?.by,
  ];
  return launch.people.map(({ id }) => id).filter((id) => named.includes(id));
}

/** Responders of whom there is no answer. */
export const unheardOf = (launch: Launch): PersonId[] =>
  respondersOf(launch).filter((id) => !launch.postmortem.answers.some(({ by }) => by === id));

// What entries make of it

export const aftermath = ({ postmortem }: Launch, more: Partial<Aftermath>): Pick<Launch, 'postmortem'> => ({
  postmortem: { ...postmortem, ...more },
});

export function haltedBy({ postmortem }: Launch, { by }: EntryOf<'HaltSet'>): Partial<Aftermath> {
  const { halters } = postmortem;
  return 'person' in by && !halters.includes(by.person) ? { halters: [...halters, by.person] } : {};
}

export function told(
  { postmortem }: Launch,
  entry: EntryOf<'QuestionAnswered' | 'ActionSet' | 'ActionClosed' | 'PostmortemTurned'>,
): Partial<Aftermath> {
  const { answers, guests, actions } = postmortem;
  switch (entry.kind) {
    case 'QuestionAnswered': {
      const { question, words = null, item = null, guest } = entry;
      return guest === undefined
        ? { answers: [...answers, { question, words, item, by: personIn(entry) }] }
        : { guests: [...guests, { question, words, item, by: guest }] };
    }
    case 'ActionSet': {
      const { actionId: id, when, words, owner, due } = entry;
      return { actions: { ...actions, [id]: { id, when, words, owner, due, closed: null } } };
    }
    case 'ActionClosed': {
      const closed = { by: personIn(entry), atMs: entry.atMs };
      return { actions: { ...actions, [entry.actionId]: { ...must(actions, entry.actionId, entry), closed } } };
    }
    case 'PostmortemTurned':
      return { state: entry.to };
    default:
      return entry satisfies never;
  }
}
