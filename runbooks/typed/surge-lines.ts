import type { SurgeFigures } from '../launch/entries.ts';
import { readNumber } from './number.ts';

/** Figures of fleets as people paste them from a sheet: CSV with these columns, in this order unless a first line names them. */
const COLUMNS = ['fleet', 'per_open', 'per_delivery', 'per_unit'] as const;
type Column = (typeof COLUMNS)[number];
export const SURGE_HEAD = COLUMNS.join(',');

const KEY = { per_open: 'perOpen', per_delivery: 'perDelivery', per_unit: 'perUnit' } as const;

type Fleet = SurgeFigures['fleets'][number];
export type SurgeLines = { ok: true; fleets: Fleet[] } | { ok: false; say: string };

/** An empty field is a figure that was not measured. */
export function readSurgeLines(text: string): SurgeLines {
  const lines = text.split(/\r\n|\r|\n/).map((line, at) => ({ at: at + 1, cells: cellsOf(line) }));
  const filled = lines.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const head = filled[0]?.cells.map((cell) => cell.toLowerCase());
  const isHead = head?.[0] === 'fleet' || head?.includes('fleet') === true;
  const columns = isHead ? head : [...COLUMNS];
  const strange = columns.find((one) => !COLUMNS.some((column) => column === one));
  if (strange !== undefined)
    return no(filled[0]?.at ?? 1, `found a column “${strange}”, expected ${COLUMNS.join(', ')}`);
  const fleets: Fleet[] = [];
  for (const { at, cells } of isHead ? filled.slice(1) : filled) {
    const read = fleetOf(cells, columns as Column[]);
    if (typeof read === 'string') return no(at, read);
    fleets.push(read);
  }
  return { ok: true, fleets };
}

/** A sentence part where something is wrong. */
function fleetOf(cells: readonly string[], columns: readonly Column[]): Fleet | string {
  if (cells.length > columns.length)
    return `found ${cells.length} fields, expected at most ${columns.length}: ${columns.join(', ')} (a number has no comma here)`;
  const fleet: Fleet = { target: '' };
  for (const [at, column] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (column === 'fleet') fleet.target = cell;
    else if (cell !== '') {
      const number = readNumber(cell, { fractions: true });
      if (!number.ok) return `${column}: found “${cell}”, expected ${number.expected}`;
      fleet[KEY[column]] = number.value;
    }
  }
  return fleet.target === '' ? 'found no fleet, expected the name of one' : fleet;
}

/** Separated by commas, semicolons or tabs, perhaps in quotes. */
function cellsOf(line: string): string[] {
  const mark = line.includes('\t') ? '\t' : line.includes(';') ? ';' : ',';
  return line.split(mark).map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  );
}

const no = (line: number, say: string): SurgeLines => ({ ok: false, say: `Line ${line}: ${say}.` });
