import { ACTION_WHENS } from '../launch/entries.ts';
import type { Entry, EntryOf } from '../launch/entries.ts';
import { stamp } from '../record/clock.ts';
import { actorName, guestName } from '../record/describe.ts';
import { heading, said } from './document.ts';
import type { Answer, Block, Question, Statement } from './document.ts';
import { allOf } from './told.ts';
import type { Told } from './told.ts';

/** What people have said for the postmortem, and how far it is. */

/** Each question once: two shots may ask the same, and a form has one field for it. */
export const asked = (told: Told, questions: readonly string[]): Question[] =>
  [...new Set(questions)].map((question) => ({ question, answers: answersTo(told, question) }));

/** The newest of each person; that there was another before is said, and proven. */
export function answersTo(told: Told, question: string): Answer[] {
  const given = allOf(told, 'QuestionAnswered').filter((one) => one.question === question);
  return [
    ...Map.groupBy(given, ({ by, guest }) =>
      guest === undefined ? actorName(by, told.names) : guestName(guest, told.slackNames),
    ),
  ].flatMap(([name, mine]) => {
    const last = mine.at(-1);
    if (last === undefined) return [];
    const again = mine.length === 1 ? '' : ', answered again';
    return [
      { by: `${name}, ${stamp(last.atMs)}${again}`, words: last.words ?? '', proof: mine.map(({ seq }) => `e${seq}`) },
    ];
  });
}

/** The record has gone on since, so that the document asks something else: what people said stays. */
export function notAskedAnyMore(told: Told, questions: readonly string[]): Block[] {
  const others = new Set(allOf(told, 'QuestionAnswered').map(({ question }) => question));
  for (const question of questions) others.delete(question);
  return others.size === 0
    ? []
    : [heading('What else was answered'), { kind: 'questions', questions: asked(told, [...others]) }];
}

/** What is to be done, with those who do it. Where nothing is set, a row is left to fill in. */
export function nextTable(told: Told): Block {
  const set = Map.groupBy(allOf(told, 'ActionSet'), ({ actionId }) => actionId);
  const rows = Object.values(told.last.postmortem.actions).map(({ id, when, words, owner, due, closed }) => {
    const end = closed === null ? undefined : allOf(told, 'ActionClosed').findLast(({ actionId }) => actionId === id);
    const proof = [...(set.get(id) ?? []), ...(end === undefined ? [] : [end])].map(({ seq }) => `e${seq}`);
    return { when, cells: [when, `${id}: ${words}`, told.names.get(owner) ?? owner, due, endText(told, end)], proof };
  });
  return {
    kind: 'table',
    head: ['when', 'what', 'owner', 'until (date)', 'how it stands'],
    figures: 0,
    rows: ACTION_WHENS.flatMap((when) => {
      const mine = rows.filter((row) => row.when === when);
      return mine.length === 0
        ? [{ cells: [when, '', '', '', ''], proof: [] }]
        : mine.map(({ cells, proof }) => ({ cells, proof }));
    }),
  };
}

const endText = (told: Told, end: EntryOf<'ActionClosed'> | undefined): string =>
  end === undefined
    ? 'open'
    : `closed by ${actorName(end.by, told.names)}, ${stamp(end.atMs)}${end.words === '' ? '' : `: ${end.words}`}`;

/** What the document says may be another after each of them. */
const CHANGES: ReadonlySet<Entry['kind']> = new Set([
  'QuestionAnswered',
  'ActionSet',
  'ActionClosed',
  'ShotCorrected',
  'ShotTimed',
  'Noted',
]);

/** How far the document is, and who has the last word on it. */
export function standing(told: Told): Statement {
  const { state } = told.last.postmortem;
  const turned = allOf(told, 'PostmortemTurned').at(-1);
  const closed = allOf(told, 'LaunchClosed').at(-1);
  const by = (entry: Entry) => actorName(entry.by, told.names);
  const since = turned === undefined ? '' : `, since ${stamp(turned.atMs)}, by ${by(turned)}`;
  const owner = closed === undefined || !('person' in closed.by) ? null : by(closed);
  return said(
    `${STANDS[state]}${since}. ${owner === null ? 'Its owner is whoever is on call' : `Its owner is ${owner}, who closed the launch; whoever is on call may turn it, too`}.`,
    owner === null ? undefined : closed,
    turned,
  );
}

const STANDS = {
  draft: 'This postmortem is a draft',
  review: 'This postmortem is in review',
  done: 'This postmortem is done',
} as const;

/** Nothing, while it is not done. */
export function changedSince(told: Told): Statement[] {
  const turned = allOf(told, 'PostmortemTurned').at(-1);
  if (turned?.to !== 'done') return [];
  const later = told.entries.filter(({ seq, kind }) => seq > turned.seq && CHANGES.has(kind));
  if (later.length === 0) return [];
  return [said(`Changed since it was done: by ${later.length} ${later.length === 1 ? 'entry' : 'entries'}.`, ...later)];
}
