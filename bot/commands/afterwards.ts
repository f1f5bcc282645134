import { own } from '../../runbooks/launch/decision.ts';
import { ACTION_WHENS } from '../../runbooks/launch/entries.ts';
import type { ActionWhen } from '../../runbooks/launch/entries.ts';
import type { ActionItem, Launch } from '../../runbooks/launch/launch.ts';
import { listed } from '../../runbooks/launch/words.ts';
import { blameIn } from '../../runbooks/postmortem/blame.ts';
import { pressAddAction, pressAnswerPostmortem } from '../actions/afterwards.ts';
import { actionsMessage, blameNote } from '../views/aftermath.ts';
import { code, done } from '../views/answers.ts';
import { message } from '../views/blocks.ts';
import { clip } from '../views/words.ts';
import { textAfter } from './arguments.ts';
import { didYouMean } from './nearest.ts';
import { peopleOf } from './people-of.ts';
import { misuse, submit } from './subcommand.ts';
import type { Answer, LaunchAsk, PersonAsk, Subcommand } from './subcommand.ts';

/** What people say of a launch, and what is to be done because of it. */

/** As if the button had been pressed; null: the form is the answer. */
async function opened(ask: LaunchAsk, open: typeof pressAddAction): Promise<Answer> {
  const { desk, launch, slackId, channelId, triggerId } = ask;
  let said: Answer = null;
  const answer = async (one: NonNullable<Answer>) => {
    said = one;
  };
  await open({ desk, value: { launchId: launch.id }, slackId, channelId, triggerId, answer });
  return said;
}

export const answer: Subcommand = {
  name: 'answer',
  also: ['answers', 'questions'],
  usage: ['answer'],
  group: 'Talk and end',
  needs: 'launch',
  does: 'Opens the questions that only people can answer. What you write stands in the record as you wrote it.',
  run: (ask) => opened(ask, pressAnswerPostmortem),
};

const isWhen = (word: string | undefined): word is ActionWhen => ACTION_WHENS.some((when) => when === word);
const DATE = /^\d{4}-\d{2}-\d{2}$/;

export const action: Subcommand = {
  name: 'action',
  also: ['todo'],
  usage: [
    'action',
    'action next @mia 2027-03-01 raise the edge a day before',
    'action change A57 until 2027-04-01',
    'action change A57 owner @mia',
    'action close A57 it is in the plan',
  ],
  group: 'Talk and end',
  needs: 'person',
  does: 'Sets what is to be done because of this launch: now, next or later, by whom and until when. Without words it opens a form. `change` and `close` go by the id that `/go actions` shows.',
  async run(ask) {
    const [verb, ...rest] = ask.typed.words;
    if (verb === undefined) return opened(ask, pressAddAction);
    const word = verb.toLowerCase();
    if (word === 'close' || word === 'done') return closed(ask, rest);
    if (word === 'change') return changed(ask, rest);
    if (isWhen(word)) return added(ask, word, rest);
    const near = didYouMean(verb, ['close', 'change', ...ACTION_WHENS]);
    if (DATE.test(rest[1] ?? '') || near !== '')
      return misuse(action, `${code(verb)} is none of ${listed(['close', 'change', ...ACTION_WHENS], 'or')}.${near}`);
    return misuse(action, howToAdd(ask));
  },
};

/** Whoever types what is to be done alone has it in the line to type. */
const DUE_IN_MS = 14 * 24 * 3_600_000;
/** A block takes 3,000 (docs/facts.md#slack-block-limits). */
const LINE_CHARS = 2_000;
function howToAdd({ desk, typed }: PersonAsk): string {
  const due = new Date(desk.nowMs() + DUE_IN_MS).toISOString().slice(0, 10);
  return `Nothing was added: an action says when (now, next or later), who sees to it and until when before its words. Type ${code(`/go action next me ${due} ${clip(typed.rest.replaceAll(/\s+/g, ' '), LINE_CHARS)}`, LINE_CHARS + 60)}, with what is right in their place, or ${code('/go action')} alone for the form. ${code('/go actions')} lists what is there.`;
}

export const actions: Subcommand = {
  name: 'actions',
  also: ['todos'],
  usage: ['actions'],
  group: 'Talk and end',
  needs: 'launch',
  does: 'Lists what is to be done because of this launch, and what became of it.',
  run: async ({ launch }) => actionsMessage(launch),
};

async function added(ask: PersonAsk, when: ActionWhen, [who, due = '', ...words]: readonly string[]): Promise<Answer> {
  if (who === undefined || !DATE.test(due) || words.length === 0)
    return misuse(
      action,
      `Found ${code([when, who ?? '', due, ...words].join(' ').trim())}, expected when, who, a date such as 2027-03-01, and what.`,
    );
  const found = peopleOf(ask.launch, [who], ask.person);
  const [owner] = found.ok ? found.people : [];
  if (!found.ok || owner === undefined) return misuse(action, found.ok ? 'Who sees to it?' : found.problem);
  const text = textAfter(ask.typed.rest, 3);
  return submit(
    ask,
    (by) => ({ kind: 'set-action', by, actionId: null, when, words: text, owner: owner.id, due }),
    ({ people }) => done(`Added. \`/go actions\` lists them.${noteOf(text, people)}`),
  );
}

async function closed(ask: PersonAsk, [id]: readonly string[]): Promise<Answer> {
  if (id === undefined) return misuse(action, 'Which one? `/go actions` lists them.');
  const text = textAfter(ask.typed.rest, 2);
  return submit(
    ask,
    (by) => ({ kind: 'close-action', by, actionId: id.toUpperCase(), words: text }),
    ({ people }) => done(`Closed.${noteOf(text, people)}`),
  );
}

/** One part of one that is there; on what stands by then. */
async function changed(ask: PersonAsk, [id, part]: readonly string[]): Promise<Answer> {
  const actionId = id?.toUpperCase() ?? '';
  const value = textAfter(ask.typed.rest, 3);
  const change = partOf(ask, part?.toLowerCase(), value);
  if (typeof change === 'string') return misuse(action, change);
  const there = own(ask.launch.postmortem.actions, actionId);
  if (there === undefined) return message(`There is no action ${actionId}`, actionsMessage(ask.launch).blocks);
  return submit(
    ask,
    (by, { postmortem }) => {
      const { when, words, owner, due } = { ...(own(postmortem.actions, actionId) ?? there), ...change };
      return { kind: 'set-action', by, actionId, when, words, owner, due };
    },
    ({ people }) => done(`Changed.${noteOf(change.words ?? '', people)}`),
  );
}

function partOf(ask: PersonAsk, part: string | undefined, value: string): Partial<ActionItem> | string {
  switch (part) {
    case 'until':
    case 'due':
      return DATE.test(value) ? { due: value } : `Found ${code(value)}, expected a date such as 2027-03-01.`;
    case 'when':
      return isWhen(value) ? { when: value } : `Found ${code(value)}, expected now, next or later.`;
    case 'words':
      return { words: value };
    case 'owner': {
      const found = peopleOf(ask.launch, [value], ask.person);
      const owner = found.ok ? found.people[0] : undefined;
      return owner === undefined ? (found.ok ? 'Who sees to it?' : found.problem) : { owner: owner.id };
    }
    default:
      return `Found ${code(part ?? '')}, expected until, owner, when or words.`;
  }
}

const noteOf = (text: string, people: Launch['people']): string =>
  blameNote(
    blameIn(
      text,
      people.map(({ name }) => name),
    ),
  );
