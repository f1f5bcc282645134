/**
 * Rows of a table of tests that only `npm run test:all` runs: they prove once more, at length, what other rows beside them have
 * proved. `why` says what still holds it in `npm test`.
 */
export function inAll<T>(_why: string, rows: readonly T[]): T[] {
  return process.env['GOBUTTON_TESTS'] === 'all' ? [...rows] : [];
}
