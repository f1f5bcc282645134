import { visible } from '../../../infra/visible.ts';
import { wordOf } from './list-columns.ts';

const CONSENT = /optedout|optout|optedin|optin|subscri|consent|suppress|allowed|blocked/;
const YES = new Set(['yes', 'y', 'true', 't', '1']);
const NO = new Set(['no', 'n', 'false', 'f', '0']);

/** Columns whose names are about who may be sent to. */
export const consentColumns = (names: readonly string[]): { index: number; name: string }[] =>
  names.flatMap((name, index) => (CONSENT.test(wordOf(name)) ? [{ index, name }] : []));

/**
 * A list takes away everybody on it. An export of all contacts, with a column that says who of them opted out, looks like a
 * list and would take away the others as well: such a column is told, and never read, for its yes may mean either.
 */
export class ConsentCounts {
  readonly #counts = new Map<string, { yes: number; no: number }>();

  /** One row's value of such a column. */
  see(name: string, value: unknown): void {
    const word =
      typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number'
        ? String(value).trim().toLowerCase()
        : '';
    const counts = this.#counts.get(name) ?? { yes: 0, no: 0 };
    if (YES.has(word)) counts.yes++;
    if (NO.has(word)) counts.no++;
    this.#counts.set(name, counts);
  }

  /** A sentence for each column that says yes of some rows and no of others. */
  notes(): string[] {
    const differing = [...this.#counts].filter(([, { yes, no }]) => yes > 0 && no > 0);
    return differing.map(
      ([name, { yes, no }]) =>
        `mind: "${visible(name.slice(0, 40))}" says yes on ${yes.toLocaleString('en-US')} rows and no on ${no.toLocaleString('en-US')}, and all of them count; cut out those who may stay`,
    );
  }
}
