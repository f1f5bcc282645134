/** First characters of a token that ask for a certain fate; the same on both platforms. */
export type Mark =
  | 'unregistered'
  | 'expired'
  | 'bad-token'
  | 'too-many'
  | 'internal'
  | 'unavailable'
  | 'silent'
  | 'phone';

const marks: readonly (readonly [start: string, mark: Mark])[] = [
  ['dead00', 'unregistered'],
  ['dead0e', 'expired'],
  ['badd00', 'bad-token'],
  ['42900a', 'too-many'],
  ['50000a', 'internal'],
  ['50300a', 'unavailable'],
  ['51111e', 'silent'],
  ['face0', 'phone'],
];
const longest = 6;
/** Whether a mark begins with these two characters, upper or lower case: nearly all ordinary tokens leave here. */
const beginsMark = new Uint8Array(1 << 16);
for (const [start] of marks) {
  for (const text of [
    start,
    start.toUpperCase(),
    start.charAt(0).toUpperCase() + start.slice(1),
    start.charAt(0) + start.slice(1).toUpperCase(),
  ]) {
    beginsMark[(text.charCodeAt(0) << 8) | text.charCodeAt(1)] = 1;
  }
}

/** The mark of the token `bytes[from, to)`; null for an ordinary one. */
export function markOf(bytes: Uint8Array, from: number, to: number): Mark | null {
  if (to - from < 2 || beginsMark[((bytes[from] as number) << 8) | (bytes[from + 1] as number)] === 0) return null;
  const text = String.fromCharCode(...bytes.subarray(from, Math.min(to, from + longest))).toLowerCase();
  return marks.find(([start]) => text.startsWith(start))?.[1] ?? null;
}
