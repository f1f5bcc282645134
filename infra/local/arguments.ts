import { readNumber } from '../../runbooks/typed/number.ts';

/** A whole number of the command line, `200000`, `200_000` or `200k`; throws what was found and what was expected. */
export function whole(name: string, text: string, least: number, most: number): number {
  const read = readNumber(text, { least, most });
  if (!read.ok) throw new Error(`${name}: found "${text}", expected ${read.expected}`);
  return read.value;
}
