import { stamp } from './clock.ts';
import { number } from './describe.ts';
import type { Row } from './rows.ts';

/** A row, and how often the same stands behind it. */
interface Fold {
  row: Row;
  times: number;
  lastAtMs: number;
}

/** Refusals one behind the other that say the same of the same person: one line with a count. The record has each, and so has the model. */
export function folded(rows: readonly Row[]): Fold[] {
  const folds: Fold[] = [];
  for (const row of rows) {
    const before = folds.at(-1);
    if (before === undefined || !isSame(before.row, row)) folds.push({ row, times: 1, lastAtMs: row.atMs });
    else Object.assign(before, { times: before.times + 1, lastAtMs: row.atMs });
  }
  return folds;
}

const isSame = (a: Row, b: Row): boolean =>
  a.kind === 'Refused' && b.kind === 'Refused' && a.who === b.who && a.what === b.what;

/** ` (3 times in a row, the last at 23:30:08.000)`; '' for one. The page's own script says the same. */
export function timesText({ row, times, lastAtMs }: Fold): string {
  if (times === 1) return '';
  const [day, last] = [stamp(row.atMs).slice(0, 11), stamp(lastAtMs)];
  return ` (${number(times)} times in a row, the last at ${last.startsWith(day) ? last.slice(11) : last})`;
}
