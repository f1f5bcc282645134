/**
 * One text per value, whatever order its keys were written in: what hashes are taken over. Keys are sorted by
 * UTF-16 code unit, keys with the value `undefined` are left out, there is no white space (RFC 8785 in substance).
 *
 * Throws NOT_CANONICAL for what JSON can't hold faithfully: NaN, infinities, functions, symbols, bigints, and
 * `undefined` or a hole in an array. A hash over a silently changed value would approve something nobody saw.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw notCanonical(String(value));
    return JSON.stringify(value);
  }
  // Array.from, since map() would skip holes.
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  throw notCanonical(typeof value);
}

function notCanonical(found: string): Error {
  return Object.assign(new TypeError(`NOT_CANONICAL: found ${found}, expected what JSON can hold`), {
    code: 'NOT_CANONICAL',
  });
}
