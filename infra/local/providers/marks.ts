/** First characters of a token that ask for a certain fate; the same on both platforms. */
export type Mark = 'unregistered' | 'bad-token' | 'too-many' | 'internal' | 'unavailable' | 'silent' | 'phone';

const marks: Record<string, Mark> = {
  dead00: 'unregistered', badd00: 'bad-token', '42900a': 'too-many', '50000a': 'internal', '50300a': 'unavailable', '51111e': 'silent', 'face0': 'phone',
};

/** The mark of the token that begins at `from`; null for an ordinary one. */
export function markOf(text: string, from: number): Mark | null {
  // Ordinary tokens leave here mostly: d b 4 5 f begin five in sixteen hex tokens.
  const first = text.charCodeAt(from) | 0x20;
  if (first !== 0x64 && first !== 0x62 && first !== 0x34 && first !== 0x35 && first !== 0x66) return null;
  const start = text.slice(from, from + 6).toLowerCase();
  return marks[start] ?? (start.startsWith('face0') ? 'phone' : null);
}
