/**
 * Text from a file as a terminal may have it: control characters, escape sequences, marks that turn or hide text, and halves of characters
 * become `\u{1b}`. A name in a list must not be able to clear a screen, set a title or show another id than it is.
 */
export function visible(text: string): string {
  return text.toWellFormed().replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}

// Controls (C0, DEL, C1), formats (bidi marks, zero widths, tags), line and paragraph separators.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;
