import { marketMoments } from '../launch/market-moments.ts';
import { listed } from '../launch/words.ts';
import type { Proof } from './document.ts';
import { shotsIn, took } from './told.ts';
import type { Factor, Told } from './told.ts';

/** A push by hand some seconds behind its moment is how it was meant; from this on it is told. */
const LATE_FROM_MS = 60_000;

/** Markets whose first push came behind their own moment, as that stood in the end. */
export function lateMoments(told: Told): Factor[] {
  const late = marketMoments(told.last, told.last.targetAtMs).flatMap(({ name, atMs, segments }) => {
    const first = shotsIn(told).find((shot) =>
      shot.segments.some(({ segment, attempt }) => attempt === 1 && segments.some(({ ref }) => ref.id === segment)),
    );
    const byMs = (first?.pressedAtMs ?? atMs) - atMs;
    return name === null || first === undefined || byMs < LATE_FROM_MS ? [] : [{ name, byMs, first }];
  });
  if (late.length === 0) return [];
  const names = listed(late.map(({ name }) => name));
  return [
    {
      text: `Fired after their own moment: ${listed(late.map(({ name, byMs }) => `${name} (${took(byMs)} after it)`))}.`,
      proof: late.map(({ first }): Proof => `e${first.approvedSeq}`),
      question: `What came between these markets and their moment: ${names}?`,
    },
  ];
}
