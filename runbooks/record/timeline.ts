import type { Entry } from '../launch/entries.ts';
import { relative, stamp } from './clock.ts';
import { number, shortHash } from './describe.ts';
import { folded, timesText } from './fold.ts';
import { escape, escapeLinked, underHead } from './markdown.ts';
import { channelBreak, timelineOf } from './model.ts';
import type { Timeline, TimelineOptions } from './model.ts';
import type { Row, TimelineMessage } from './rows.ts';
import { textsSection } from './texts.ts';

/**
 * The record of a launch as Markdown: head, what was fired, and one line for every entry and every message,
 * in order of time (UTC, milliseconds, and relative to the target). Nothing is left out; equal refusals one behind the other are
 * one line with their count.
 */
export function timelineMarkdown(
  entries: readonly Entry[],
  messages: readonly TimelineMessage[],
  options: TimelineOptions,
): string {
  const timeline = timelineOf(entries, messages, options);
  return timeline === null ? '# Timeline\n\nThe record is empty.\n' : asMarkdown(timeline);
}

export function asMarkdown(timeline: Timeline): string {
  return [
    ...timelineHead(timeline, 'timeline'),
    ...shots(timeline),
    ...textsSection(timeline.texts),
    ...table(timeline),
  ].join('\n');
}

export function timelineHead(timeline: Timeline, document: 'timeline' | 'postmortem'): string[] {
  const { title, facts } = headLines(timeline, document);
  return [
    `# ${title}`,
    '',
    '| | |',
    underHead([12, 60]),
    ...facts.map(([name, words]) => `| ${name} | ${words} |`),
    '',
  ];
}

/** What stands above a document, as Markdown of one line each. */
export function headLines(
  timeline: Timeline,
  document: 'timeline' | 'postmortem',
): { title: string; facts: [string, string][] } {
  const { name, launchId, runbook, targetAtMs, people, entries, head: hash, chain } = timeline;
  const talk = channelBreak(timeline);
  const record = chain.ok
    ? `${number(entries)} entries, hash chain verified, head \`${hash}\``
    : `**BROKEN at entry ${chain.seq}: ${chain.why}**`;
  return {
    title: `${escape(name)}: ${document}`,
    facts: [
      ['launch', `\`${launchId}\``],
      ['runbook', `${escape(runbook.title)} (\`${runbook.id}\`, ${shortHash(runbook.hash)})`],
      ['target', `${stamp(targetAtMs)} UTC`],
      ['people', escape(people.join(', '))],
      ['record', record],
      ...(talk === null ? [] : [['channel', `**${escape(talk)}**`] as [string, string]]),
    ],
  };
}

function shots({ shots: rows, notReached, neverFired, badTokens, launchId }: Timeline): string[] {
  if (rows.length === 0) return ['## Shots', '', 'Nothing was fired.', ''];
  return [
    '## Shots',
    '',
    '| shot | asked by | GO by | at (UTC) | segments | devices | result | speed |',
    underHead([8, 14, 14, 16, 20, 12, 26, 26], (at) => at === 5),
    ...rows.map(
      (shot) =>
        `| ${shot.shotId} | ${escapeLinked(shot.askedBy)} | ${escapeLinked(shot.goBy)} | ${stamp(shot.pressedAtMs)} | ${escapeLinked(shot.segments)} | ${number(shot.devices)}${shot.heldOut} | ${escapeLinked(shot.result)}${shot.missed === '' ? '' : `. **${escapeLinked(shot.missed)}**`} | ${escapeLinked(shot.speed)} |`,
    ),
    ...(notReached === '' ? [] : ['', `Not reached at the end: ${escapeLinked(notReached)}`]),
    ...(neverFired === '' ? [] : ['', escapeLinked(neverFired)]),
    ...(badTokens === 0
      ? []
      : [
          '',
          `Tokens refused for good: ${number(badTokens)}. For the next launch's skip list: \`${badTokensCommand(launchId)}\``,
        ]),
    '',
  ];
}

export const badTokensCommand = (launchId: string): string => `npm run audience -- bad-tokens --launch ${launchId}`;

function table({ rows, targetAtMs }: Timeline): string[] {
  const lines = ['## Timeline', ''];
  let day = '';
  for (const fold of folded(rows)) {
    const { row } = fold;
    const here = stamp(row.atMs).slice(0, 10);
    if (here !== day) {
      if (day !== '') lines.push('');
      lines.push(`### ${here} (UTC)`, '', '| time | T | who | what |', underHead([18, 16, 22, 66]));
      day = here;
    }
    lines.push(
      `| ${stamp(row.atMs).slice(11)} | ${relative(row.atMs - targetAtMs)} | ${escapeLinked(row.who)} | ${what(row)}${timesText(fold)} |`,
    );
  }
  return [...lines, ''];
}

/** A row's sentence, with the requests to AWS behind it. */
export const withAws = ({ what: text, aws }: Pick<Row, 'what' | 'aws'>): string =>
  aws === '' ? text : `${text} (AWS: ${aws})`;

/** To the message in Slack, where there is one. */
export const linkText = ({ permalink }: Pick<Row, 'permalink'>): string =>
  permalink === null ? '' : ` ([message](${permalink}))`;

function what(row: Row): string {
  const { isLoud, files } = row;
  const text = withAws(row);
  const told = isLoud ? `**${escapeLinked(text)}**` : escapeLinked(text);
  const beside = files.length === 0 ? '' : ` [${files.map(escapeLinked).join(', ')}]`;
  // By this number it can be deleted, and a note or an answer has no link of its own.
  const number = row.place?.chain === 'channel' ? ` · m${row.place.seq}` : '';
  return `${told}${beside}${linkText(row)}${number}`;
}
