/**
 * Shares of a whole as people read them. Nothing is rounded up to all of it, and the shares of a sum add up: 99.55% and
 * 0.44% of one whole would leave a hundredth to nobody.
 */

/** Hundredths of a percent. Whole numbers are multiplied before they are divided: 0.57 * 100 is less than 57. */
const hundredths = (part: number, all: number): number => Math.floor((part * 10_000) / all);

/** Two decimals, rounded down: `99.99%` is not all. What is there and too little for that is `<0.01%`. */
export function percent(part: number, all: number): string {
  return all === 0 ? '0%' : text(part, hundredths(part, all));
}

/**
 * The parts of `all`, in their order. What rounding down leaves over goes to those that lost most by it, but never to the
 * first: it is the good news.
 */
export function shares(parts: readonly number[], all: number): string[] {
  if (all === 0) return parts.map(() => '0%');
  const cut = parts.map((part) => hundredths(part, all));
  let left =
    hundredths(
      parts.reduce((sum, part) => sum + part, 0),
      all,
    ) - cut.reduce((sum, part) => sum + part, 0);
  const lost = parts
    .map((part, at) => ({ at, lost: (part * 10_000) / all - (cut[at] ?? 0) }))
    .slice(1)
    .toSorted((a, b) => b.lost - a.lost);
  for (const one of lost) {
    if (left <= 0 || one.lost === 0) break;
    cut[one.at] = (cut[one.at] ?? 0) + 1;
    left -= 1;
  }
  return parts.map((part, at) => text(part, cut[at] ?? 0));
}

const text = (part: number, inHundredths: number): string =>
  part > 0 && inHundredths === 0 ? '<0.01%' : `${(inHundredths / 100).toString()}%`;
