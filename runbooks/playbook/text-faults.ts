/**
 * What no text of a runbook or a push may hold: it is never meant, and providers, terminals or phones choke on it. Text
 * that is only doubtful (a placeholder, nothing to see) is judged by a person: see `launch/copy-doubts.ts`.
 */

export interface TextFault {
  /** UTF-16 index in the text. */ index: number;
  found: string;
  expected: string;
}

/** All but tab, line feed and carriage return. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u;
/** With the flag u a surrogate is one only without its other half. */
const LONE_SURROGATE = /\p{Cs}/u;

/** The first fault of a text, or null. */
export function textFault(text: string): TextFault | null {
  const control = CONTROL.exec(text);
  if (control !== null)
    return {
      index: control.index,
      found: `the control character ${codePoint(control[0])}`,
      expected: 'text without control characters',
    };
  const half = LONE_SURROGATE.exec(text);
  if (half !== null)
    return {
      index: half.index,
      found: `half an emoji (the surrogate ${codePoint(half[0])} alone)`,
      expected: 'whole characters: type that one again',
    };
  const lost = text.indexOf('\uFFFD');
  if (lost >= 0)
    return {
      index: lost,
      found: 'U+FFFD, the mark of a character that was lost',
      expected: 'text in UTF-8: save the file as UTF-8, or type that character again',
    };
  return null;
}

/**
 * Letters, digits, signs and pictures: what leaves something on a screen. Spaces, joiners, fillers and tags leave nothing. Pictures by the places that
 * Unicode keeps for them, also of later years: a phone knows new ones before this process does, and of two processes the older one must judge alike.
 */
const SEEN = /[^\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]|\p{Extended_Pictographic}/u;

/** Whether a reader would see anything of it. Wherever people's words are taken, what is not visible is empty. */
export function isVisible(text: string): boolean {
  return SEEN.test(text);
}

/** `U+200B`. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
