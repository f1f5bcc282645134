import { openActions } from '../launch/aftermath.ts';
import type { Entry } from '../launch/entries.ts';
import type { Launch } from '../launch/launch.ts';
import { htmlFile, markup } from '../record/html.ts';
import { remark } from './document.ts';
import type { Block, Section } from './document.ts';
import { anotherOf, comparedOf, figures, ROWS, TIMES_OF } from './figures.ts';
import { sectionLines } from './markdown.ts';
import { sectionAlone } from './page.ts';
import type { PostmortemParts } from './page.ts';

/** Launches beside each other: by the same figures as in the postmortem. */

export interface Recorded {
  launch: Launch;
  entries: readonly Entry[];
}

/** A launch beside its last rehearsals and, if there is one, an earlier launch. */
export function compareOf({ launch, entries }: Recorded, earlier: Recorded | null): Section {
  return figures({ last: launch, entries }, earlier === null ? null : anotherOf(earlier));
}

/** What shows over many launches whether a team gets better. */
const KEPT: ReadonlySet<string> = new Set([
  'devices',
  'accepted',
  'gates not green at GO',
  'deadlines missed',
  'halts',
  'tokens refused for good',
  'ask to GO',
  'GO to first push',
  'p99',
  'GO to last push',
]);

/** Every launch in a row, the first at the top; rehearsals that send among them, as such. */
export function launchesOf(all: readonly Recorded[]): Section {
  const rows = ROWS.filter(([name]) => KEPT.has(name));
  const sorted = all.toSorted(
    (a, b) => a.launch.targetAtMs - b.launch.targetAtMs || a.launch.createdAtMs - b.launch.createdAtMs,
  );
  return {
    id: 'launches',
    title: 'All launches',
    blocks: [
      sorted.length === 0
        ? remark('There is no launch yet.')
        : {
            kind: 'table',
            head: ['target', 'launch', 'runbook', ...rows.map(([name]) => name), 'actions open'],
            figures: rows.length + 1,
            rows: sorted.map(({ launch, entries }) => {
              const compared = comparedOf(launch, entries, launch.name);
              return {
                cells: [
                  new Date(launch.targetAtMs).toISOString().slice(0, 10),
                  `${launch.name} (${launch.id})${launch.rehearses === null ? '' : ', rehearsal'}`,
                  launch.runbook.id,
                  ...rows.map(([, cell]) => cell(compared)),
                  String(openActions(launch).length),
                ],
                proof: [],
              };
            }),
          },
      remark(`Counts are of all shots of a launch together; ${TIMES_OF}.`),
    ],
  };
}

export const sectionMarkdown = (section: Section): string => sectionLines(section).join('\n');

export function sectionPage(section: Section, { style, sha256 }: Omit<PostmortemParts, 'curves'>): string {
  const body = markup`<body class="postmortem"><main>${sectionAlone(section)}</main></body>`;
  return htmlFile({ title: section.title, style, script: null, sha256, body });
}

/** Its tables as plain text in columns, and remarks; without evidence. */
export const sectionText = ({ blocks }: Section): string[] =>
  blocks.flatMap((block) => (block.kind === 'table' ? columns(block) : block.kind === 'remark' ? [block.text] : []));

/** A column of figures under a longer name would make each line wider than a message is: it gets a letter, told above. */
const WIDEST_NAME = 24;

function columns({ head: names, figures: numbers, rows }: Extract<Block, { kind: 'table' }>): string[] {
  const long = names.filter((name, at) => at >= names.length - numbers && name.length > WIDEST_NAME);
  const letterOf = (name: string) => String.fromCodePoint(65 + long.indexOf(name));
  const head = names.map((name) => (long.includes(name) ? letterOf(name) : name));
  const lines = [head, ...rows.map(({ cells }) => cells)].map((cells) =>
    cells.map((cell) => cell.replaceAll(/\s+/g, ' ')),
  );
  const widths = head.map((_, at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  return [
    ...long.map((name) => `${letterOf(name)}: ${name}`),
    ...lines.map((cells) =>
      cells
        .map((cell, at) => (at < head.length - numbers ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    ),
  ];
}
