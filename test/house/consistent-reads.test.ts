import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * A read of DynamoDB may be behind what was written before it, unless it says ConsistentRead (docs/facts.md#dynamodb-consistency);
 * the local tables are behind in odd weather alone (infra/local/cloud/lag.ts). What decides anything reads consistently.
 */

const root = join(import.meta.dirname, '../..');

/** Reads that may be behind, by file, and why that is right. */
const MAY_BE_BEHIND: Record<string, number> = {
  // Where a caller chooses, the argument counts as the word: all callers of switches say yes.
  // The roll carries its time and is judged by it, and every worker reads it each second at half the price.
  'infra/aws/live-store.ts': 1,
  // Somebody else's table, hours before the shot.
  'infra/aws/device-table.ts': 2,
};

/** Each read in a source, from its name to the bracket that closes it. */
function readsIn(source: string): string[] {
  const begins =
    /new (?:GetItem|BatchGetItem|Query|Scan)Command\(|calls\(\s*'(?:GetItem|BatchGetItem|Query|Scan)'|\bread = \{/g;
  return [...source.matchAll(begins)].map((match) => {
    let depth = 0;
    for (let at = match.index; at < source.length; at++) {
      if ('({'.includes(source[at] ?? '')) depth++;
      if (')}'.includes(source[at] ?? '') && --depth === 0) return source.slice(match.index, at + 1);
    }
    return source.slice(match.index);
  });
}

const behind = (source: string): number =>
  readsIn(source).filter(
    (read) => !/ConsistentRead: (true|consistent|options.consistent)\b/.test(read) && !/'GetItem', read\b/.test(read),
  ).length;

test('every read of a table that decides anything is a consistent one', () => {
  const files = globSync('{bot,contract,infra/aws,settle,workers}/**/*.ts', { cwd: root }).filter(
    (file) => !/(\.test|-for-tests|for-tests)\.ts$/.test(file),
  );
  const found = files
    .map((file) => [file, behind(readFileSync(join(root, file), 'utf8'))] as const)
    .filter(([, reads]) => reads > 0);
  expect(Object.fromEntries(found)).toEqual(MAY_BE_BEHIND);
});

test('a read without the word is found', () => {
  expect(behind('new GetItemCommand({ TableName: table, Key: key(a, b) })')).toBe(1);
  expect(behind('new GetItemCommand({ TableName: table, Key: key(a, b), ConsistentRead: true })')).toBe(0);
  expect(behind("calls('Query', { ConsistentRead: false })")).toBe(1);
});
