import { readFileSync } from 'node:fs';
import { priceTable } from '../../runbooks/cost/price-table.ts';
import type { Prices } from '../../runbooks/cost/prices.ts';
import { checkedYaml, describeProblem } from '../../runbooks/playbook/checked-yaml.ts';

/**
 * A table of prices of one's own, in JSON or YAML: of another region, or of a contract. Every problem at once, as
 * `file:line:column path: found …, expected …`. `region`: the one that they must be of; null: any.
 */
export function readPrices(
  file: string,
  region: string | null,
): { ok: true; prices: Prices } | { ok: false; problems: string[] } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { ok: false, problems: [`${file}: found no file that can be read (${why}), expected a table of prices`] };
  }
  const read = checkedYaml(text, file, priceTable, (prices) =>
    region === null || prices.region === region
      ? []
      : [{ path: ['region'], found: JSON.stringify(prices.region), expected: `${region}, which is deployed` }],
  );
  return read.ok
    ? { ok: true, prices: read.value }
    : { ok: false, problems: read.problems.map((problem) => describeProblem(problem)) };
}
