import { relative, stamp } from '../record/clock.ts';
import { dashesFor, escapeLinked, underHead } from '../record/markdown.ts';
import { linkText, timelineHead, withAws } from '../record/timeline.ts';
import type { Block, Proof, Question, Section, Statement } from './document.ts';
import type { Postmortem } from './postmortem.ts';

/** The postmortem as Markdown. Each statement is followed by its evidence: a link to the row of the record at the end. */
export function postmortemMarkdown({ timeline, notices, sections, evidence }: Postmortem): string {
  return [
    ...timelineHead(timeline, 'postmortem'),
    ...notices.flatMap((notice) => [`> **${escapeLinked(notice.text)}**${proofText(notice.proof)}`, '']),
    ...sections.flatMap(sectionLines),
    '## Evidence',
    '',
    '| | at (UTC) | T | who | what | hash |',
    underHead([8, 18, 18, 22, 66, 20]),
    ...evidence.map(
      ({ id, row }) =>
        `| <a id="${id}"></a>${id} | ${stamp(row.atMs)} | ${relative(row.atMs - timeline.targetAtMs)} | ${escapeLinked(row.who)} | ${escapeLinked(withAws(row))}${linkText(row)} | \`${row.place?.hash.slice(0, 16) ?? ''}\` |`,
    ),
    '',
  ].join('\n');
}

export const sectionLines = ({ title, blocks }: Section): string[] => [
  `## ${title}`,
  '',
  ...blocks.flatMap(blockLines),
];

function blockLines(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`### ${escapeLinked(block.text)}`, ''];
    case 'remark':
      return [escapeLinked(block.text), ''];
    case 'list':
      return [...block.statements.map(statementLine), ''];
    case 'questions':
      return [...block.questions.flatMap(questionLines), ''];
    case 'table':
      return tableLines(block);
    case 'curves':
      return [];
    default:
      return block satisfies never;
  }
}

const questionLines = ({ question, answers }: Question): string[] => [
  `- *${escapeLinked(question)}*`,
  ...answers.flatMap(({ by, words, proof }) => [
    '',
    `  > ${escapeLinked(by)}${proofText(proof)}:  `,
    ...words.split('\n').map((line) => `  > ${quoted(line)}  `),
  ]),
  ...(answers.length === 0 ? [] : ['']),
];

/** A line of somebody's words, which begins no heading, list or rule. */
export const quoted = (line: string, write = escapeLinked): string =>
  write(line)
    .replace(/^(\s*)([#+=-])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])/, '$1\\$2');

const statementLine = ({ text, proof }: Statement): string => `- ${escapeLinked(text)}${proofText(proof)}`;

function tableLines({ head, figures, rows }: Extract<Block, { kind: 'table' }>): string[] {
  const hasProof = rows.some(({ proof }) => proof.length > 0);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = [...head, ...(hasProof ? ['evidence'] : [])];
  return [
    line(names.map((cell) => escapeLinked(cell))),
    underHead(
      dashesFor([names, ...rows.map(({ cells, proof }) => [...cells, proof.slice(0, 3).join(', ')])]),
      (at) => at >= head.length - figures && at < head.length,
    ),
    ...rows.map(({ cells, proof }) =>
      line([...cells.map((cell) => escapeLinked(cell)), ...(hasProof ? [links(proof)] : [])]),
    ),
    '',
  ];
}

const proofText = (proof: readonly Proof[]): string => (proof.length === 0 ? '' : ` (${links(proof)})`);

const links = (proof: readonly Proof[]): string => [...new Set(proof)].map((id) => `[${id}](#${id})`).join(', ');
