import { relative, stamp } from '../record/clock.ts';
import { escape } from '../record/markdown.ts';
import { headLines, withAws } from '../record/timeline.ts';
import type { Block, Proof, Question, Section } from './document.ts';
import { quoted } from './markdown.ts';
import type { Postmortem } from './postmortem.ts';

/**
 * The postmortem as a Slack canvas takes Markdown: what the other forms say, statement by statement. A canvas refuses what it does not know as a
 * whole, and nobody says how much a table of it holds, so rows are points of a list; no link leads to a place within one, so evidence is named.
 * Pictures of a curve are left out, as in Markdown (docs/facts.md#slack-canvas).
 */
export function postmortemCanvas({ timeline, notices, sections, evidence }: Postmortem): string {
  const { title, facts } = headLines(timeline, 'postmortem');
  return [
    `# ${title}`,
    '',
    'A copy of the record as it stood then. What is changed here is not in it.',
    '',
    ...facts.map(([name, words]) => `- ${name}: ${words}`),
    '',
    ...notices.flatMap(({ text, proof }) => [`**${escape(text)}**${proofText(proof)}`, '']),
    ...sections.flatMap(sectionLines),
    '## Evidence',
    '',
    ...evidence.map(
      ({ id, row }) =>
        `- **${id}** ${stamp(row.atMs)} UTC, ${relative(row.atMs - timeline.targetAtMs)}, ${escape(row.who)}: ${escape(withAws(row))} \`${row.place?.hash.slice(0, 16) ?? ''}\``,
    ),
    '',
  ].join('\n');
}

const sectionLines = ({ title, blocks }: Section): string[] => [`## ${title}`, '', ...blocks.flatMap(blockLines)];

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`### ${escape(block.text)}`, ''];
    case 'remark':
      return [escape(block.text), ''];
    case 'list':
      return [...block.statements.map(({ text, proof }) => `- ${escape(text)}${proofText(proof)}`), ''];
    case 'questions':
      return block.questions.flatMap(questionLines);
    case 'table':
      return [...block.rows.map((row) => rowLine(block.head, row)), ''];
    case 'curves':
      return [];
    default:
      return block satisfies never;
  }
}

/** A canvas takes no quote within a list. */
const questionLines = ({ question, answers }: Question): string[] => [
  `**${escape(question)}**`,
  '',
  ...answers.flatMap(({ by, words, proof }) => [
    `> ${escape(by)}${proofText(proof)}:`,
    ...words.split('\n').map((line) => `> ${quoted(line, escape)}`),
    '',
  ]),
];

/** Each cell with the head of its column; an empty one says nothing, and is left out. */
function rowLine(
  head: readonly string[],
  { cells, proof }: { cells: readonly string[]; proof: readonly Proof[] },
): string {
  const words = cells.flatMap((cell, at) => {
    const name = head[at] ?? '';
    return cell === '' ? [] : [name === '' ? `**${escape(cell)}**` : `${escape(name)}: **${escape(cell)}**`];
  });
  return `- ${words.join(', ')}${proofText(proof)}`;
}

const proofText = (proof: readonly Proof[]): string =>
  proof.length === 0 ? '' : ` (${[...new Set(proof)].join(', ')})`;
