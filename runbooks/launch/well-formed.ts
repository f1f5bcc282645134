/**
 * The same value with U+FFFD for each half of a surrogate pair: what was cut in the middle of an emoji. JSON can write a half, and jq, DuckDB and whoever
 * else reads an export then refuse all of the file (docs/facts.md#json-surrogates).
 */
export function wellFormed<T>(value: T): T {
  if (typeof value === 'string') return value.toWellFormed() as T;
  if (Array.isArray(value)) return value.map(wellFormed) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.toWellFormed(), wellFormed(one)])) as T;
}
