import { REASONS } from '../../workers/audience/reject-reasons.ts';
import { finding, FINDING_CODES } from '../../workers/probe/findings.ts';
import { codesInSources } from './codes.ts';

/** What docs/errors.md takes from the code: where a code is given, and the two tables that the code has itself. The rest of a row is by hand. */

/** A row by hand, with or without what is written into it. `words`: what it means, and what a person can do. */
const ROW = /^\| (?:<a id="(?!row-|probe-)[^"]*"><\/a>)?`?([A-Z][A-Z0-9_]+)`? \| ([^|]*) \| ([^|]*) \|(?:[^|]*\|)?$/gm;

/** The page with anchors and places as the sources have them now. */
export function writeRows(page: string): string {
  const codes = codesInSources();
  return page.replaceAll(ROW, (_row, code: string, means: string, help: string) => {
    const where = [...(codes.get(code) ?? [])].toSorted().map((file) => `\`${file}\``);
    return `| ${anchored(code, code)} | ${means} | ${help} | ${where.join(', ')} |`;
  });
}

export interface Row {
  code: string;
  means: string;
  help: string;
  where: string[];
}

export function rowsIn(page: string): Row[] {
  return [...page.matchAll(ROW)].map(([row, code = '', means = '', help = '']) => ({
    code,
    means,
    help,
    where:
      row
        .split('|')
        .at(-2)
        ?.match(/[\w-]+\.ts/g) ?? [],
  }));
}

/** The tables that are in the code as they are: reasons of rejected rows, and what the probe finds. */
export const TABLED: readonly string[] = [...Object.keys(REASONS), ...FINDING_CODES];

export function errorBlocks(): Map<string, string> {
  const rows = Object.entries(REASONS).map(
    ([code, { column, expected }]) => `| ${anchored(`row-${code}`, code)} | ${column ?? 'the row'} | ${expected} |`,
  );
  const findings = FINDING_CODES.map((code) => {
    const { say } = finding(code, { provider: 'apns', host: 'api.push.apple.com', port: 443 });
    return `| ${anchored(`probe-${code}`, code)} | ${say.replaceAll('|', '\\|')} |`;
  });
  return new Map([
    ['rows', ['| reason | column | expected |', '|---|---|---|', ...rows].join('\n')],
    ['findings', ['| code | as it is said |', '|---|---|', ...findings].join('\n')],
  ]);
}

function anchored(id: string, code: string): string {
  return `<a id="${id.toLowerCase()}"></a>\`${code}\``;
}
