/**
 * Names next to verbs of fault, in what people write: pointed out to the author, never changed and never refused. It knows English alone,
 * and looks at words: what it does not find may blame all the same.
 */
export interface Blamed {
  name: string;
  word: string;
}

const FAULT =
  /^(?:forgot|forget|forgets|forgetting|failed|fails|failing|broke|broken|breaks|caused|causes|missed|misses|neglect(?:ed|s)|ignored|ignores|overlooked|messed|screwed|botched|blame|blamed|fault|faults|mistake|mistakes|mistaken|error|errors|careless|carelessly|negligent|sloppy|guilty|should['’]?ve|shouldn['’]?t|shouldve|didn['’]?t|hasn['’]?t)$/i;

/** So many words may stand between the two. */
const BETWEEN = 5;

/** `names`: full names of people; their first names count, too. Each name once. */
export function blameIn(text: string, names: readonly string[]): Blamed[] {
  const found = new Map<string, Blamed>();
  for (const sentence of text.split(/[.!?;:\n]+/)) {
    const words = sentence.split(/[^\p{L}\p{N}'’-]+/u).filter((word) => word !== '');
    const faults = words.flatMap((word, at) => (FAULT.test(word) || isShouldHave(words, at) ? [at] : []));
    for (const name of names) {
      const [first = ''] = name.split(' ');
      const at = words.findIndex((word) => isName(word, first));
      const fault = at < 0 ? undefined : faults.find((one) => Math.abs(one - at) <= BETWEEN + 1);
      if (fault !== undefined && !found.has(name)) found.set(name, { name: first, word: words[fault] ?? '' });
    }
  }
  return [...found.values()];
}

const isShouldHave = (words: readonly string[], at: number): boolean =>
  /^should$/i.test(words[at] ?? '') && /^(?:have|not)$/i.test(words[at + 1] ?? '');

/** Also `Ana's`. */
const isName = (word: string, first: string): boolean =>
  first.length > 1 && word.replace(/['’]s$/i, '').toLowerCase() === first.toLowerCase();
