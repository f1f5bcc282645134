import { parseTyped, bareWord } from './arguments.ts';
import type { Typed } from './arguments.ts';
import { haltWord } from './halt-words.ts';

/** What somebody in a hurry meant. `ask`: perhaps to stop, so they are asked with one button. */
export type Meant =
  | { kind: 'halt'; reason: string }
  | { kind: 'ask'; about: 'halt' | 'slow' | 'take-back' | 'lift'; word: string }
  | { kind: 'command'; typed: Typed };

/** Words before a command that change nothing about it. */
const FILLERS = new Set([
  'please',
  'pls',
  'plz',
  'now',
  'ok',
  'okay',
  'hey',
  'hi',
  'just',
  'quick',
  'quickly',
  'everyone',
  'oh',
  'go',
  'gobutton',
  'bot',
  'and',
]);
/** After `halt` these ask for its end, or for words about it. */
const NOT_NOW = new Set(['off', 'undo', 'lift', 'lifted', 'resume', 'release', 'end', 'over', 'help', 'h', 'status']);

export function meaning(typed: Typed, isCommand: (name: string) => boolean): Meant {
  const word = haltWord(typed.name);
  const [first = ''] = typed.words;
  if (word === 'halt' && typed.doubtful) return { kind: 'ask', about: 'halt', word: typed.name };
  if (word === 'halt')
    return typed.words.length === 1 && (NOT_NOW.has(bareWord(first)) || /^\?+$/.test(first))
      ? { kind: 'ask', about: 'lift', word: `${typed.name} ${first}` }
      : { kind: 'halt', reason: typed.rest };
  const isFiller = typed.rest !== '' && (FILLERS.has(typed.name) || /^<@[UW][A-Z0-9]+(?:\|[^>]*)?>$/i.test(typed.name));
  if (isFiller) {
    const next = meaning(parseTyped(typed.rest), isCommand);
    if (next.kind !== 'command' || isCommand(next.typed.name)) return next;
  }
  if (isCommand(typed.name)) return { kind: 'command', typed };
  if (word !== null) return { kind: 'ask', about: word === 'ask' ? 'halt' : word, word: typed.name };
  // `we must halt`, `h a l t`
  const spelled = [typed.name, ...typed.words].every((one) => Array.from(one).length === 1)
    ? [typed.name, ...typed.words].join('')
    : '';
  if (haltWord(spelled) === 'halt') return { kind: 'halt', reason: '' };
  const inside = typed.words.find((one) => haltWord(bareWord(one)) === 'halt' || haltWord(one) === 'halt');
  return inside === undefined ? { kind: 'command', typed } : { kind: 'ask', about: 'halt', word: typed.name };
}
