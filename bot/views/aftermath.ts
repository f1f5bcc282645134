import type { KnownBlock, ModalView } from '@slack/types';
import { openActions, respondersOf } from '../../runbooks/launch/aftermath.ts';
import { ACTION_WHENS } from '../../runbooks/launch/entries.ts';
import type { PersonId } from '../../runbooks/launch/entries.ts';
import type { ActionItem, Launch } from '../../runbooks/launch/launch.ts';
import type { Blamed } from '../../runbooks/postmortem/blame.ts';
import { ACTION, VIEW } from '../action-ids.ts';
import { actions, button, context, header, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { input, plain } from './modals.ts';
import { mentionsOfAny, nameOf } from './names.ts';
import { clip, fit, plural, safe } from './words.ts';

/** What people are asked once it is over, and what is to be done. */

/** A form has at most 100 blocks (docs/facts.md#slack-block-limits), and nobody reads as many questions. */
const QUESTIONS_SHOWN = 40;
/** Words of a label, and of a hint below it (docs/facts.md#slack-block-limits). */
const LABEL_CHARS = 2_000;

function afterwardsButtons(launch: Launch): KnownBlock {
  return actions('afterwards', [
    button(ACTION.answerPostmortem, 'Answer', { launchId: launch.id }, 'primary'),
    button(ACTION.addAction, 'Add an action', { launchId: launch.id }),
  ]);
}

/** More nobody reads, and a mention is some 14 characters. */
const CALLED = 40;
const calls = (launch: Launch, people: readonly PersonId[]): string[] =>
  people.slice(0, CALLED).flatMap((id) => mentionsOfAny(launch, id) ?? []);

/** Below what says that a launch is closed: who has responded is called, and anybody on the roster may answer. */
export function askedAfterwards(launch: Launch): KnownBlock[] {
  const called = calls(launch, respondersOf(launch));
  return [
    section(
      `:speech_balloon: *What only people know*: ${called.join(' ')}${called.length === 0 ? 'e' : ', e'}verybody who saw or heard something, answer in your own words while memory is fresh. It takes a few minutes, nobody is at fault, and what you know best is enough.`,
    ),
    afterwardsButtons(launch),
  ];
}

/** Who has not answered, once. */
export function unheardMessage(launch: Launch, people: readonly PersonId[]): Message {
  const called = calls(launch, people);
  return message(`The postmortem of ${safe(launch.name, 120)} waits for answers`, [
    section(
      `:speech_balloon: ${called.join(' ')} The postmortem of *${safe(launch.name, 120)}* asks what only you know. One question is enough; where you don’t know, leave it empty.`,
    ),
    afterwardsButtons(launch),
  ]);
}

/** What is due by now. */
export function dueMessage(launch: Launch, items: readonly ActionItem[]): Message {
  const lines = items.map((one) => `${mentionsOfAny(launch, one.owner) ?? ''} ${actionLine(launch, one)}`.trim());
  return message(`Due: ${plural(items.length, 'action')} of ${safe(launch.name, 120)}`, [
    section(`:calendar: *Due*, because of *${safe(launch.name, 120)}*:\n${fit(lines, 2_500)}`),
    context('`/go action close A57 what came of it` closes one; `/go action change A57 until 2027-03-01` moves it.'),
  ]);
}

const base = (title: string): Pick<ModalView, 'type' | 'title' | 'close'> => ({
  type: 'modal',
  title: plain(title),
  close: plain('Cancel'),
});

/** Stands until the record is read: the form must be open within 3 s of the press (docs/facts.md#slack-ack). */
export const readingModal = (): ModalView => ({
  ...base('Postmortem'),
  blocks: [section(':hourglass: The record is read for its questions.')],
});

/** In its place, if the form can't be made. */
export const unreadModal = (): ModalView => ({
  ...base('Postmortem'),
  blocks: [section(':warning: The questions could not be read. Close this, and press Answer again in a moment.')],
});

export interface AskedHere {
  /** Of the field. */
  id: string;
  question: string;
  /** What this person has answered; null: nothing. */
  mine: string | null;
}

/** How long that is stands in the configuration of the bucket (docs/record.md#what-is-kept-and-for-how-long), which no bot reads. */
export const KEPT_WORDS =
  'The record keeps your words for 90 days, or for as long as was set for this deployment; then nobody can read them there. `/go forget` says how they are deleted before.';

export function answersModal(launch: Launch, channelId: string, questions: readonly AskedHere[]): ModalView {
  const shown = questions.slice(0, QUESTIONS_SHOWN);
  return {
    ...base('Postmortem'),
    callback_id: VIEW.answers,
    submit: plain('Keep'),
    private_metadata: JSON.stringify({ launchId: launch.id, channelId }),
    blocks: [
      section(
        `*${safe(launch.name, 120)}*: answer what you know, leave the rest. Your words stand in the record as you write them, with your name. Say what made it hard or easy rather than who; where nobody knows, write: unknown.`,
      ),
      ...shown.map(({ id, question, mine }) => ({
        ...input(
          id,
          question,
          { type: 'plain_text_input', action_id: 'value', multiline: true, max_length: 3_000 },
          { optional: true, ...(mine === null ? {} : { hint: `You wrote: ${mine}` }) },
        ),
        label: { type: 'plain_text' as const, text: clip(question, LABEL_CHARS), emoji: false },
      })),
      ...(questions.length === shown.length
        ? []
        : [context(`${plural(questions.length - shown.length, 'question')} more: press Answer again afterwards.`)]),
      context(KEPT_WORDS),
    ],
  };
}

/** A menu has at most 100 choices (docs/facts.md#slack-block-limits). */
const OWNERS_SHOWN = 100;

export function actionModal(launch: Launch, channelId: string): ModalView {
  return {
    ...base('Add an action'),
    callback_id: VIEW.action,
    submit: plain('Add'),
    private_metadata: JSON.stringify({ launchId: launch.id, channelId }),
    blocks: [
      input('words', 'What is to be done?', {
        type: 'plain_text_input',
        action_id: 'value',
        multiline: true,
        max_length: 3_000,
      }),
      input('when', 'When', {
        type: 'static_select',
        action_id: 'value',
        options: ACTION_WHENS.map((when) => ({ text: plain(WHEN[when]), value: when })),
      }),
      input('owner', 'Who sees to it', {
        type: 'static_select',
        action_id: 'value',
        options: launch.people
          .slice(0, OWNERS_SHOWN)
          .map(({ id, name }) => ({ text: plain(clip(name, 75)), value: clip(id, 75) })),
      }),
      input('due', 'Until', { type: 'datepicker', action_id: 'value' }),
      context(
        'An action stays in the record for good, with its owner and with you as who added it: whoever works on it later needs it.',
      ),
    ],
  };
}

const WHEN = {
  now: 'Now: before anything is sent again',
  next: 'Next: before the next launch of its kind',
  later: 'Later',
} as const;

export function actionsMessage(launch: Launch): Message {
  const all = Object.values(launch.postmortem.actions);
  const open = openActions(launch);
  const closed = all.filter((one) => one.closed !== null);
  return message(`Actions of ${safe(launch.name, 120)}`, [
    header(`Actions of ${launch.name}`),
    section(
      open.length === 0
        ? 'No action is open.'
        : fit(
            open.toSorted((a, b) => a.due.localeCompare(b.due)).map((one) => actionLine(launch, one)),
            2_500,
          ),
    ),
    ...(closed.length === 0
      ? []
      : [
          section(
            fit(
              closed.map((one) => `~${actionLine(launch, one)}~`),
              2_000,
            ),
          ),
        ]),
    actions('afterwards', [button(ACTION.addAction, 'Add an action', { launchId: launch.id })]),
    context('`/go action close A57 what came of it` closes one; `/go action change A57 until 2027-03-01` moves it.'),
  ]);
}

export const actionLine = (launch: Launch, { id, when, words, owner, due }: ActionItem): string =>
  `\`${id}\` *${when}*, ${nameOf(launch, owner)}, until ${due}: ${safe(words.replaceAll(/\s+/g, ' '), 200)}`;

/** Of what somebody has just written; it stands as it is. */
export function blameNote(blamed: readonly Blamed[]): string {
  if (blamed.length === 0) return '';
  const named = blamed.map(({ name, word }) => `“${safe(name, 80)}” beside “${safe(word, 40)}”`).join(', ');
  return `\n_It names a person beside a word of fault: ${named}. It stands as you wrote it. What made it likely, and would have for anybody, helps the next launch more; you may answer again._`;
}
