/**
 * Names next to verbs of fault, in what people write: pointed out to the author, never changed and never refused. It knows the six languages
 * below, all at once since nobody says in which one they write, and looks at words: what it does not find may blame all the same.
 */
export interface Blamed {
  name: string;
  word: string;
}

const FAULTS = {
  en: "forgot forget forgets forgetting failed fails failing broke broken breaks caused causes missed misses neglected neglects ignored ignores overlooked messed screwed botched blame blamed fault faults mistake mistakes mistaken error errors careless carelessly negligent sloppy guilty should've shouldn't shouldve didn't hasn't",
  de: 'vergaß vergessen vergisst versäumt versäumte verpasst verpasste übersehen übersah ignoriert ignorierte versagt versagte verschuldet verursacht vermasselt verbockt schuld schuldig fehler fehlers versäumnis nachlässig schlampig',
  es: 'olvidó olvidado olvida falló fallado rompió roto causó ignoró ignorado descuidó descuidado omitió equivocó equivocado culpa culpable errores negligente',
  fr: 'oublié oubliée oublie oublia raté ratée cassé cassée échoué manqué causé ignoré négligé négligent négligente faute fautif fautive erreur erreurs coupable',
  it: 'dimenticato dimenticata dimenticò sbagliato sbagliata sbaglio fallito rotto causato ignorato trascurato mancato colpa colpevole errore errori negligente',
  pt: 'esqueceu esquecido falhou quebrou causou ignorou negligenciou errou erro erros culpado culpada descuidado',
} as const;

const WORDS: ReadonlySet<string> = new Set(Object.values(FAULTS).flatMap((words) => words.split(' ')));

/** "Should have", which says that somebody did not: the second word may stand anywhere behind the first in German. */
const OUGHT: readonly (readonly [first: RegExp, then: RegExp, apart: number])[] = [
  [/^should$/, /^(?:have|not)$/, 1],
  [/^hätten?$/, /^(?:sollen|müssen)$/, Infinity],
  [/^(?:debió|debería)$/, /^haber$/, 1],
  [/^aurait$/, /^dû$/, 1],
  [/^avrebbe$/, /^dovuto$/, 1],
  [/^(?:devia|deveria)$/, /^ter$/, 1],
];

/** So many words may stand between the two. */
const BETWEEN = 5;

/** `names`: full names of people, of which each part counts. Each name once. */
export function blameIn(text: string, names: readonly string[]): Blamed[] {
  const found = new Map<string, Blamed>();
  for (const sentence of plain(text).split(/[.!?;:\n]+/)) {
    const written = sentence.split(/[^\p{L}\p{N}'-]+/u).filter((word) => word !== '');
    const words = written.map((word) => word.toLowerCase());
    const faults = words.flatMap((word, at) => (WORDS.has(word) || isOught(words, at) ? [at] : []));
    for (const name of names) {
      const parts = partsOf(name);
      const at = words.findIndex((word) => isName(word, parts));
      const fault = at < 0 ? undefined : faults.find((one) => Math.abs(one - at) <= BETWEEN + 1);
      if (fault !== undefined && !found.has(name))
        found.set(name, { name: called(name, words[at] ?? ''), word: written[fault] ?? '' });
    }
  }
  return [...found.values()];
}

/** Letters in one form, whatever keyboard they come from. */
const plain = (text: string): string => text.normalize('NFC').replaceAll('’', "'");

const isOught = (words: readonly string[], at: number): boolean =>
  OUGHT.some(
    ([first, then, apart]) =>
      first.test(words[at] ?? '') && words.slice(at + 1, at + 1 + apart).some((word) => then.test(word)),
  );

/** Of `José Núñez de la Mora` José, Núñez and Mora; of one who writes all of it small, all. */
function partsOf(name: string): string[] {
  const parts = plain(name).split(' ');
  const large = parts.filter((part) => !/^\p{Ll}/u.test(part));
  return (large.length === 0 ? parts : large).map((part) => part.toLowerCase());
}

/** Also `Ana's`. A single letter is no name. */
const isName = (word: string, parts: readonly string[]): boolean =>
  parts.some((part) => part.length > 1 && word.replace(/'s$/, '') === part);

/** By the part of the name that was written. */
const called = (name: string, word: string): string =>
  name.split(' ').find((part) => isName(word, [plain(part).toLowerCase()])) ?? name;
