/**
 * What a halt switch says that people may write by hand. Only these words say that nothing is halted; whatever else is
 * found there halts, a word that nobody has thought of and an object as well (`{"halt":false}` too: it is not read). A
 * halt too many costs a minute, and one too few can't be taken back.
 */
const NO_HALT: ReadonlySet<string> = new Set(['', 'off', 'false', 'no', '0']);

/** Case, spaces, marks that can't be seen and one pair of quotes around the word say nothing. */
export function saysHalt(value: string): boolean {
  const seen = value
    .normalize('NFKC')
    .replaceAll(/\p{Cf}|\p{Cc}/gu, ' ')
    .trim();
  const word = /^(["'“‘«]?)(.*?)(["'”’»]?)$/su.exec(seen);
  const bare = word !== null && PAIRS[word[1] ?? ''] === word[3] ? (word[2] ?? '') : seen;
  return !NO_HALT.has(bare.trim().toLowerCase());
}

const PAIRS: Partial<Record<string, string>> = { '"': '"', "'": "'", '“': '”', '‘': '’', '«': '»' };
