import { distance } from 'fastest-levenshtein';

/** The name that was probably meant: a unique beginning, or two slips of the finger away (three in a long one). Null: nothing is near. */
export function nearest(typed: string, names: readonly string[]): string | null {
  const wanted = typed.toLowerCase();
  const beginnings = names.filter((name) => wanted.length >= 2 && name.toLowerCase().startsWith(wanted));
  if (beginnings.length === 1) return beginnings[0] ?? null;
  const ranked = names
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far);
  const best = ranked[0];
  if (best === undefined) return null;
  const allowed = wanted.length < 3 ? 1 : wanted.length < 8 ? 2 : 3;
  return best.far <= Math.min(allowed, best.name.length - 1) ? best.name : null;
}
