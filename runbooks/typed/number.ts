/**
 * Numbers as people write them: one reader for commands, forms, runbooks and command lines.
 *
 * | written | read as |
 * |---|---|
 * | `600000`, `600k`, `0.6m`, `1.5k`, `2 million` | itself; k and m are thousands and millions |
 * | `600 000` (also no-break, narrow, thin, figure space), `600_000`, `600'000` | groups of three, one kind of mark |
 * | `1,234,567`, `1.234.567`, `1,234.5`, `1.234,5` | what they can only be |
 * | `4,000` for a count | 4,000: nobody writes a count with three decimals |
 * | `4.000`, `1,5k`, `1.500k`, `1,5`; `4,000` where fractions are usual | refused: two countries read them differently |
 * | `4.0`, `1.5` | a decimal point; a fraction is refused where a count is wanted |
 * | `+4`, `-4`, `1e6`, `0x10`, `007`, `6,00,000`, `٤٠`, `４０`, `40-50`, `ten` | refused |
 */

type NumberProblem =
  | 'NUMBER_MISSING'
  | 'NUMBER_UNREADABLE'
  | 'NUMBER_TWO_READINGS'
  | 'NUMBER_NEGATIVE'
  | 'NUMBER_FRACTION'
  | 'NUMBER_RANGE';

/** `expected` goes on after "found …, expected". `readings`: what it may mean, when that is more than one thing. */
export type NumberRead =
  | { ok: true; value: number }
  | { ok: false; code: NumberProblem; expected: string; readings: number[] };

/** `least` 0 and `most` 2^53 - 1 by default; without `fractions` a count is wanted. `perSecond`: `600k/s` and `600k per second` are right, too. */
export interface NumberKind {
  least?: number;
  most?: number;
  fractions?: boolean;
  perSecond?: boolean;
}

const SHAPE = /^([+-]?) ?(\d[\d.,_' ]*|\.\d+) ?(k|thousand|m|million|millions)?$/;
const PER_SECOND = /\s*(?:\/ ?s(?:ec|ecs|econd|econds)?|(?:per|a) sec(?:ond)?)$/;
const PER_OTHER = /\s*(?:\/ ?|per |an? )(?:m|min|minute|h|hr|hour|d|day)s?$/;
const ZEROS: Record<string, number> = { k: 3, thousand: 3, m: 6, million: 6, millions: 6 };

export function readNumber(text: string, kind: NumberKind = {}): NumberRead {
  const written = plain(text);
  if (written === '') return no('NUMBER_MISSING', wanted(kind));
  if (/\p{Nd}/u.test(written.replaceAll(/\d/g, '')))
    return no('NUMBER_UNREADABLE', `${wanted(kind)} in the digits 0 to 9`);
  if (PER_OTHER.test(written))
    return no(
      'NUMBER_UNREADABLE',
      kind.perSecond === true ? 'a rate per second like 600k' : `${wanted(kind)} without a unit of time`,
    );
  if (PER_SECOND.test(written) && kind.perSecond !== true)
    return no('NUMBER_UNREADABLE', `${wanted(kind)}, not a rate`);
  const parts = SHAPE.exec(written.replace(PER_SECOND, ''));
  if (parts === null) return no('NUMBER_UNREADABLE', `${wanted(kind)} in plain digits, like ${exampleOf(kind)}`);
  const [, sign, digits = '', unit = ''] = parts;
  if (sign === '-') return no('NUMBER_NEGATIVE', `${wanted(kind)}: it can't be negative`);
  if (sign === '+')
    return no('NUMBER_UNREADABLE', `${wanted(kind)} without a sign: the number to have, not what is added`);
  const found = readings(digits, unit !== '' || kind.fractions === true);
  if (found.length === 0)
    return no(
      'NUMBER_UNREADABLE',
      `${wanted(kind)} with groups of three digits, like 600,000, or in plain digits, like 600000`,
    );
  const values = [...new Set(found.map((one) => shifted(one, ZEROS[unit] ?? 0)))];
  if (values.length > 1) return twoReadings(values);
  if (/^0\d/.test(found[0] ?? '')) return no('NUMBER_UNREADABLE', `${wanted(kind)} without a zero in front`);
  return inRange(values[0] ?? Number.NaN, kind);
}

function exampleOf({ fractions = false, most }: NumberKind): string {
  if (fractions && most === 1) return '0.1, which is 10 %';
  return fractions ? '40 or 1.5' : '40, 4000 or 600k';
}

function inRange(value: number, kind: NumberKind): NumberRead {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = kind;
  if (value <= most && kind.fractions !== true && !Number.isInteger(value))
    return no('NUMBER_FRACTION', `${wanted(kind)}, not a fraction`);
  if (!(value >= least && value <= most))
    return no(
      'NUMBER_RANGE',
      most === Number.MAX_SAFE_INTEGER && value > most ? `${wanted(kind)} that is not so large` : wanted(kind),
    );
  return { ok: true, value };
}

function twoReadings(values: number[]): NumberRead {
  const sorted = values.toSorted((a, b) => b - a);
  const [large = 0, small = 0] = sorted;
  return {
    ok: false,
    code: 'NUMBER_TWO_READINGS',
    expected: `${digitsOf(large)} or ${digitsOf(small)}, whichever is meant: some read it as ${shown(large)}, others as ${shown(small)}`,
    readings: sorted,
  };
}

const no = (code: NumberProblem, expected: string): NumberRead => ({ ok: false, code, expected, readings: [] });

/** `a whole number from 1 to 10,000`. */
function wanted({ least = 0, most = Number.MAX_SAFE_INTEGER, fractions = false }: NumberKind): string {
  const what = fractions ? 'a number' : 'a whole number';
  if (most !== Number.MAX_SAFE_INTEGER) return `${what} from ${shown(least)} to ${shown(most)}`;
  return least === 0 ? what : `${what} from ${shown(least)} up`;
}

/** Small letters, one kind of space, apostrophe and minus. */
function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\u00a0\u2007\u2009\u202f]/g, ' ')
    .replaceAll(/[\u2019\u02bc]/g, "'")
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-');
}

/** What the digits may mean, each as plain decimal text. `commaMayBeDecimal`: before k and m, and where fractions are usual. */
function readings(text: string, commaMayBeDecimal: boolean): string[] {
  const digits = text.trimEnd();
  const marks = [...new Set(digits.replaceAll(/\d/g, ''))];
  if (marks.length === 0) return [digits];
  const last = /[.,](?=\d*$)/.exec(digits);
  if (marks.length === 2 && last !== null && digits.split(last[0]).length === 2) {
    const whole = ungrouped(digits.slice(0, last.index), marks.find((mark) => mark !== last[0]) ?? '');
    return whole === null ? [] : [`${whole}.${digits.slice(last.index + 1)}`];
  }
  const [mark = ''] = marks;
  if (marks.length > 1) return [];
  const grouped = ungrouped(digits, mark);
  if (mark !== '.' && mark !== ',') return grouped === null ? [] : [grouped];
  const pieces = digits.split(mark);
  if (pieces.length > 2) return grouped === null ? [] : [grouped];
  const [whole = '', part = ''] = pieces;
  if (part === '') return [];
  const decimal = `${whole}.${part}`;
  if (mark === '.') return grouped === null ? [decimal] : [grouped, decimal];
  return grouped !== null && !commaMayBeDecimal ? [grouped] : [whole + part, decimal];
}

/** `1,234,567` → `1234567`; null unless every group after the first has three digits. */
function ungrouped(text: string, mark: string): string | null {
  const [first = '', ...others] = text.split(mark);
  return /^[1-9]\d{0,2}$/.test(first) && others.length > 0 && others.every((group) => /^\d{3}$/.test(group))
    ? [first, ...others].join('')
    : null;
}

/** Times 10^zeros by moving the point: `1.005` thousand is 1,005 and not a little less. */
function shifted(decimal: string, zeros: number): number {
  const [whole = '', part = ''] = decimal.split('.');
  const moved = part.padEnd(zeros, '0');
  return Number(`${whole}${moved.slice(0, zeros)}.${moved.slice(zeros)}0`);
}

const digitsOf = (value: number): string =>
  value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });
const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 20 });

const UNIT_WORD =
  /^(?:k|m|thousand|millions?|(?:[km]|thousand|millions?)?\/(?:s|sec|second|min|minute|h|hour)|\/)[.,;:!]*$/i;

/**
 * Cuts the number off the front of what was typed, with all that belongs to it: `600 000 per second because it is slow`.
 * A word that begins like a number goes with it, right or wrong, so that no part of a number becomes a reason.
 */
export function cutNumber(text: string): { number: string; rest: string } {
  const pieces = text.trim().split(/(\s+)/);
  const word = (at: number): string => pieces[at] ?? '';
  let end = 1;
  while (/^[\p{Nd}.,_'’+\-−]*\p{Nd}/u.test(word(end + 1)) || /^[.,_'’]+$/.test(word(end + 1))) end += 2;
  if (/\p{Nd}/u.test(word(end - 1))) {
    if (UNIT_WORD.test(word(end + 1))) end += 2;
    if (
      /^(?:per|an?)$/i.test(word(end + 1)) &&
      /^(?:s|sec|second|min|minute|h|hour|day)s?[.,;:!]*$/i.test(word(end + 3))
    )
      end += 4;
    else if (word(end - 1) === '/' && word(end + 1) !== '') end += 2;
  }
  // What ends a sentence is no part of the number.
  return {
    number: pieces
      .slice(0, end)
      .join('')
      .replace(/[.,;:!]+$/, ''),
    rest: pieces.slice(end).join('').trim(),
  };
}
