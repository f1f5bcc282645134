import { distance } from 'fastest-levenshtein';

/**
 * Which words stop things, however they are typed. A halt too many costs a minute and a halt too few can't be taken back:
 * what is surely meant halts at once, what may be meant is asked with one button.
 */
export type HaltWord = 'halt' | 'ask' | 'slow' | 'take-back' | null;

const SURE = ['halt', 'stop', 'abort'];
const SURE_EMOJI = new Set([':octagonal_sign:', ':stop_sign:', '🛑']);
const ASK_EMOJI = new Set([
  ':no_entry:',
  ':no_entry_sign:',
  ':hand:',
  ':raised_hand:',
  ':rotating_light:',
  ':sos:',
  ':x:',
  '⛔',
  '🚫',
  '✋',
  '🚨',
  '🆘',
  '❌',
]);
/** What is run together with a sure word and changes nothing about it. */
const TAIL = /^(?:now|it|all|this|that|them|everything|please|pls|sending|immediately|asap|halt|stop|abort)+$/;

const ASK = [
  'cancel',
  'kill',
  'freeze',
  'panic',
  'quit',
  'exit',
  'terminate',
  'emergency',
  'sos',
  'mayday',
  'break',
  'cease',
  'desist',
  'oops',
  'interrupt',
  'block',
  'shutdown',
  'dont',
  "don't",
];
const TAKE_BACK = ['undo', 'revert', 'rollback', 'recall', 'unsend', 'unfire', 'takeback'];
const SLOW = ['pause', 'hold', 'wait', 'suspend', 'slow', 'slower', 'slowdown', 'throttle'];
/** Stop, in languages of people who may be in a war room. */
const FOREIGN = new Set([
  'стоп',
  'стой',
  'стои',
  'ストップ',
  '停止',
  '停',
  '中止',
  'やめて',
  '정지',
  '중지',
  'توقف',
  'قف',
  'עצור',
  'alto',
  'para',
  'pare',
  'parar',
  'detener',
  'arret',
  'arreter',
  'arretez',
  'stoppen',
  'anhalten',
  'basta',
  'ferma',
  'dur',
  'berhenti',
]);

/** Letters of other scripts that look like Latin ones. */
const LOOKALIKES: Record<string, string> = {
  а: 'a',
  в: 'b',
  е: 'e',
  н: 'h',
  һ: 'h',
  і: 'i',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  о: 'o',
  р: 'p',
  ѕ: 's',
  т: 't',
  с: 'c',
  у: 'y',
  х: 'x',
  α: 'a',
  β: 'b',
  ε: 'e',
  η: 'h',
  ι: 'i',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  ı: 'i',
  ℓ: 'l',
};

/** `name` as `bareWord` gives it, or an emoji. */
export function haltWord(name: string): HaltWord {
  if (SURE_EMOJI.has(name)) return 'halt';
  if (ASK_EMOJI.has(name)) return 'ask';
  if ([name, name.normalize('NFD').replaceAll(/\p{M}/gu, '').normalize('NFC')].some((word) => FOREIGN.has(word)))
    return 'ask';
  const letters = latin(name.replaceAll(/^:|:$/g, ''));
  if (SURE.some((word) => isSurely(word, letters))) return 'halt';
  for (const [words, means] of [
    [ASK, 'ask'],
    [TAKE_BACK, 'take-back'],
    [SLOW, 'slow'],
  ] as const)
    if (words.includes(letters)) return means;
  if (letters.length >= 3 && SURE.some((word) => letters.startsWith(word) || distance(word, letters) === 1))
    return 'ask';
  if (letters.length < 5) return null;
  for (const [words, means] of [
    [ASK, 'ask'],
    [TAKE_BACK, 'take-back'],
    [SLOW, 'slow'],
  ] as const)
    if (words.some((word) => word.length >= 4 && (distance(word, letters) === 1 || swapped(word, letters))))
      return means;
  return null;
}

/** How many slips away the nearest sure word is; for choosing between it and another command. */
export const slipsFromHalt = (name: string): number => Math.min(...SURE.map((word) => distance(word, latin(name))));

function isSurely(word: string, letters: string): boolean {
  if (letters === word || letters.replaceAll(/(.)\1+/g, '$1') === word || swapped(word, letters)) return true;
  return letters.startsWith(word) && TAIL.test(letters.slice(word.length));
}

/** Two neighbours changed places: `hlat`. */
function swapped(word: string, letters: string): boolean {
  if (word.length !== letters.length) return false;
  const at = Array.from(word).findIndex((letter, index) => letter !== letters[index]);
  return at >= 0 && letters === word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2);
}

/** Small Latin letters without accents, digits or marks. */
function latin(name: string): string {
  return Array.from(
    name.normalize('NFKD').toLowerCase().replaceAll(/\p{M}/gu, ''),
    (letter) => LOOKALIKES[letter] ?? letter,
  )
    .join('')
    .replaceAll(/[\d_]/g, '');
}
