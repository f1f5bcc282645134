/**
 * Whether two names look alike to somebody who presses in a hurry: case, spaces, punctuation, accents, full-width and
 * other forms, invisible characters, and letters of other scripts that are drawn like Latin ones.
 */

/** Cyrillic, Greek and Armenian letters as they are drawn, in small and in capitals (from Unicode's confusables, the letters of living scripts). */
const DRAWN_LIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['аАαΑɑ', 'a'],
    ['ВΒвβ', 'b'],
    ['сСϲϹ', 'c'],
    ['ԁɗ', 'd'],
    ['еЕёЁΕ', 'e'],
    ['ɡց', 'g'],
    ['һҺΗНհн', 'h'],
    ['іІїЇιΙıɩ', 'i'],
    ['јЈϳͿ', 'j'],
    ['кКκΚ', 'k'],
    ['ӏӀ', '|'],
    ['МΜм', 'm'],
    ['пηոΝռ', 'n'],
    ['оОοΟσօՕ', 'o'],
    ['рРρΡ', 'p'],
    ['ԛգ', 'q'],
    ['гᴦ', 'r'],
    ['ѕЅՏ', 's'],
    ['ТтΤτ', 't'],
    ['υսՍ', 'u'],
    ['νѵ', 'v'],
    ['ԝѡω', 'w'],
    ['хХχΧ', 'x'],
    ['уУγΥүҮ', 'y'],
    ['ΖᴢzZ', 'z'],
  ].flatMap(([letters = '', latin = '']) => Array.from(letters, (letter) => [letter, latin])),
);

/** Two keys per name: by case alone, and as drawn, where I, l and 1 are one. Names that share either look alike. */
export function looksOf(name: string): string[] {
  const plain = name.normalize('NFKD').replaceAll(/[\u0300-\u036F\s\p{P}\p{C}\p{Default_Ignorable_Code_Point}]/gu, '');
  const drawn = Array.from(plain, (letter) =>
    /[Il1|]/.test(letter) ? '|' : letter === '0' ? 'o' : (DRAWN_LIKE[letter] ?? letter),
  ).join('');
  return [
    `case ${Array.from(plain.toLowerCase(), (letter) => DRAWN_LIKE[letter] ?? letter).join('')}`,
    `drawn ${drawn.toLowerCase().replaceAll('rn', 'm').replaceAll('vv', 'w')}`,
  ];
}
