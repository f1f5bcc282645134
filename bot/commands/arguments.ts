/** What was typed after `/go`, cut into words. Quotes keep words together. */

export interface Typed {
  /** Lower case; `help` when nothing was typed. */
  name: string;
  words: string[];
  /** Everything after the name, as typed. */
  rest: string;
}

export function parseTyped(text: string): Typed {
  const trimmed = straight(text).trim();
  const [first = '', ...others] = splitWords(trimmed);
  const rest = trimmed.slice(/^\S*/.exec(trimmed)?.[0].length ?? 0).trim();
  return { name: first === '' ? 'help' : first.toLowerCase(), words: others, rest };
}

/** Phones type curly quotes. */
const straight = (text: string): string => text.replaceAll(/[“”„]/g, '"').replaceAll(/[‘’]/g, "'");

/** `a "b c" d` → a, b c, d. A quote that is never closed runs to the end. Commas between words are spaces. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"?|<[^>]*>|[^\s",]+/g)].map((match) => match[1] ?? match[0]);
}

/** A Slack user id out of `<@U123|name>`, `<@U123>` or `U123`; null for anything else. */
export function slackIdOf(word: string): string | null {
  return /^<@([UW][A-Z0-9]{2,20})(?:\|[^>]*)?>$/.exec(word)?.[1] ?? /^@?([UW][A-Z0-9]{5,20})$/.exec(word)?.[1] ?? null;
}

/** `4`, `4,000`, `10k`, `1.5m` as a whole number; null for anything else. */
export function wholeNumber(word: string): number | null {
  const parts = /^(\d[\d,_]*(?:\.\d+)?)([km])?$/i.exec(word);
  if (parts === null) return null;
  const value = Number((parts[1] ?? '').replaceAll(/[,_]/g, '')) * ({ k: 1_000, m: 1_000_000 }[(parts[2] ?? '').toLowerCase()] ?? 1);
  return Number.isSafeInteger(Math.round(value)) && Math.abs(value - Math.round(value)) < 1e-6 ? Math.round(value) : null;
}

const ON_OFF = new Map([['on', true], ['true', true], ['yes', true], ['off', false], ['false', false], ['no', false]]);

/** `on`, `off`, `true`, `false`. */
export function onOff(word: string): boolean | null {
  return ON_OFF.get(word.toLowerCase()) ?? null;
}

const UNIT_MS: Record<string, number> = { s: 1_000, sec: 1_000, second: 1_000, seconds: 1_000, m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000, h: 3_600_000, hour: 3_600_000, hours: 3_600_000, d: 86_400_000, day: 86_400_000, days: 86_400_000 };

/** `20m`, `1h30m`, `90 s` in milliseconds; null for anything else. */
export function lengthMs(text: string): number | null {
  const joined = text.toLowerCase().replaceAll(/\s+/g, '');
  const parts = [...joined.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== joined) return null;
  let total = 0;
  for (const [, value, unit] of parts) {
    const unitMs = Object.hasOwn(UNIT_MS, unit ?? '') ? UNIT_MS[unit ?? ''] : undefined;
    if (unitMs === undefined) return null;
    total += Number(value) * unitMs;
  }
  return Math.round(total);
}

/** What `when` understands, for usage lines. */
export const WHEN_USAGE = '`in 20m`, `+10m` (from the present target), `18:30 UTC` (the next one), `2027-02-07T23:30Z`';

/**
 * A point in time as people type it. Clock times need their zone said: `18:30` alone would mean something else to
 * everybody in the room. Null: not understood.
 */
export function when(text: string, nowMs: number, targetAtMs: number | null): number | null {
  const words = text.trim().toLowerCase().replace(/^(at|to)\s+/, '');
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
  if (/^\d{4}-\d\d-\d\d[t ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(z|utc|[+-]\d\d:?\d\d)$/.test(words)) {
    const at = Date.parse(words.replace(' ', 't').replace(/\s*utc$/, 'z').replace(/\s+/, '').toUpperCase());
    return Number.isNaN(at) ? null : at;
  }
  return null;
}

const plus = (atMs: number, ms: number | null): number | null => (ms === null ? null : atMs + ms);
