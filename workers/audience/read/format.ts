import { AudienceError } from '../../../contract/audience-error.ts';

export type Format = 'csv' | 'ndjson' | 'parquet';

const EXTENSIONS: readonly (readonly [string, Format])[] = [
  ['.csv', 'csv'],
  ['.tsv', 'csv'],
  ['.txt', 'csv'],
  ['.ndjson', 'ndjson'],
  ['.jsonl', 'ndjson'],
  ['.parquet', 'parquet'],
];

/** By the file's name. Throws FORMAT_UNKNOWN. */
export function formatOf(path: string): Format {
  const name = path.toLowerCase();
  const known = EXTENSIONS.find(
    ([extension, format]) =>
      name.endsWith(extension) ||
      (format !== 'parquet' && (name.endsWith(`${extension}.gz`) || name.endsWith(`${extension}.zst`))),
  );
  if (known !== undefined) return known[1];
  const names = EXTENSIONS.map(([extension]) => extension).join(', ');
  throw new AudienceError(
    'FORMAT_UNKNOWN',
    `${path}: found a name that ends in none of the known formats, expected ${names}, the text formats also with .gz or .zst`,
  );
}

/** A list of ids may be called anything: what has no known ending is text. */
export function formatOrText(path: string): Format {
  return /\.parquet$/i.test(path) ? 'parquet' : /\.(ndjson|jsonl)(\.gz|\.zst)?$/i.test(path) ? 'ndjson' : 'csv';
}
