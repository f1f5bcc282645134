/** A whole number of the command line, `200000`, `200_000` or `200,000`; throws what was found and what was expected. */
export function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name}: found "${text}", expected a whole number from ${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`);
  }
  return value;
}
