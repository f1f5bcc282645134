import { readInstant } from '../../runbooks/typed/instant.ts';
import { readNumber } from '../../runbooks/typed/number.ts';

/** What was typed after `/go`, cut into words. Quotes keep words together. */

export interface Typed {
  /** The first word in small letters, without marks around it; `help` when nothing was typed. */
  name: string;
  /** What is doubtful about the name: `halt?` asks, `~halt~` is struck out. */
  doubtful: boolean;
  words: string[];
  /** Everything after the name, as typed. */
  rest: string;
}

export function parseTyped(text: string): Typed {
  // A dash or a dot before the first word is no word.
  const trimmed = readable(text)
    .trim()
    .replace(/^(?:(?!\?)[!-/:-@[-`{-~]+\s+)+(?=\S)/, '');
  const head = /^(?:<[^>]*>|"[^"\s]*"?|[^\s",;]+)/.exec(trimmed)?.[0] ?? trimmed.slice(0, 1);
  const { name, tail } = headOf(head);
  const rest = `${tail}${trimmed.slice(head.length)}`.replace(/^[\s,;]+/, '').trim();
  return {
    name: trimmed === '' ? 'help' : name,
    doubtful: head.startsWith('~') || /\?[^\p{L}]*$/u.test(head),
    words: splitWords(rest),
    rest,
  };
}

/**
 * Slack escapes `&<>` (docs/facts.md#slack-event-text); phones type curly quotes; some keyboards and copies leave marks
 * that nobody sees.
 */
const readable = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/[“”„«»]/g, '"')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(INVISIBLE, '');
/** Zero-width space, soft hyphen, byte order mark, direction marks. Joiners stay: emoji are made with them. */
const INVISIBLE = /[\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The bare first word, and what stands at its end when that is more than punctuation: `halt-wrong` → halt, wrong. */
function headOf(head: string): { name: string; tail: string } {
  if (/^\?+$/.test(head) || head === '-h' || head === '--help') return { name: 'help', tail: '' };
  if (head.startsWith('<@')) return { name: head.toLowerCase(), tail: '' };
  const emoji = /^(:[a-z0-9_+-]+:)(?::[a-z0-9_+-]+:)*[^\p{L}\p{N}]*$/iu.exec(head)?.[1];
  if (emoji !== undefined) return { name: emoji.toLowerCase(), tail: '' };
  const name = bareWord(head);
  if (name === '') return { name: Array.from(head)[0] ?? '', tail: '' };
  const stop = /^(halt|stop|abort)[^\p{L}\p{N}](.*)$/u.exec(name);
  return stop === null ? { name, tail: '' } : { name: stop[1] ?? '', tail: stop[2] ?? '' };
}

/** A word in small letters, without the punctuation and the markup around it: `*HALT!!!*` → halt, `/status.` → status. */
export function bareWord(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u200c\u200d]/g, '')
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

const WORD = /"([^"]*)"?|<[^>]*>|[^\s",]+/g;

/** `a "b c" d` → a, b c, d. A quote that is never closed runs to the end. Commas between words are spaces. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(WORD)].map((match) => match[1] ?? match[0]);
}

/**
 * What stands behind the first `count` words, as it was typed: people's own words keep their commas, `8,000 wait`. Quotes
 * around all of it go.
 */
export function textAfter(text: string, count: number): string {
  const last = [...text.matchAll(WORD)][count - 1];
  const tail = text
    .slice(last === undefined ? 0 : last.index + last[0].length)
    .replace(/^[\s,]+/, '')
    .trim();
  return /^"([^"]*)"?$/.exec(tail)?.[1]?.trim() ?? tail;
}

/** A Slack user id out of `<@U123|name>`, `<@U123>` or `U123`; null for anything else. */
export function slackIdOf(word: string): string | null {
  return /^<@([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>$/.exec(word)?.[1] ?? /^@?([UW][A-Z0-9]{5,20})$/.exec(word)?.[1] ?? null;
}

const ON_OFF = new Map([
  ['on', true],
  ['true', true],
  ['yes', true],
  ['off', false],
  ['false', false],
  ['no', false],
]);

/** `on`, `off`, `true`, `false`. */
export function onOff(word: string): boolean | null {
  return ON_OFF.get(word.toLowerCase()) ?? null;
}

const UNIT_MS: Record<string, number> = {
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
};

/** `20m`, `1h30m`, `90 s` in milliseconds; null for anything else. */
export function lengthMs(text: string): number | null {
  const joined = text.toLowerCase().replaceAll(/\s+/g, '');
  const parts = [...joined.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== joined) return null;
  let total = 0;
  for (const [, value, unit] of parts) {
    const unitMs = Object.hasOwn(UNIT_MS, unit ?? '') ? UNIT_MS[unit ?? ''] : undefined;
    if (unitMs === undefined) return null;
    // `1.500h` is 1,500 to some.
    const read = readNumber(value ?? '', { fractions: true });
    if (!read.ok) return null;
    total += read.value * unitMs;
  }
  return Math.round(total);
}

/** What `when` understands, for usage lines. */
export const WHEN_USAGE =
  '`in 20m`, `+10m` (from the present target), `18:30 UTC` (the next one), `2027-02-07T23:30Z`; `14:30` and `tomorrow 6pm` are asked back in your own zone';

/**
 * A point in time that is the same for everybody. Clock times need their zone said: `18:30` alone would mean something
 * else to everybody in the room. Null: not of this kind; `readMoment` knows what can be offered back.
 */
export function when(text: string, nowMs: number, targetAtMs: number | null): number | null {
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/^(at|to)\s+/, '');
  if (words === 'now') return nowMs;
  const fromNow = /^in\s+(.+)$/.exec(words)?.[1];
  if (fromNow !== undefined) return plus(nowMs, lengthMs(fromNow));
  const shift = /^([+-])\s*(.+)$/.exec(words);
  if (shift !== null) {
    const ms = lengthMs(shift[2] ?? '');
    return targetAtMs === null || ms === null ? null : targetAtMs + (shift[1] === '-' ? -ms : ms);
  }
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\s*(?:utc|z)$/.exec(words);
  if (clock !== null) {
    const day = Math.floor(nowMs / 86_400_000) * 86_400_000;
    const at = day + Number(clock[1]) * 3_600_000 + Number(clock[2]) * 60_000 + Number(clock[3] ?? 0) * 1_000;
    return at >= nowMs ? at : at + 86_400_000;
  }
  const instant = readInstant(words);
  return instant.ok ? instant.atMs : null;
}

const plus = (atMs: number, ms: number | null): number | null => (ms === null ? null : atMs + ms);
