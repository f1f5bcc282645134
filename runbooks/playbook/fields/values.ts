import { z } from 'zod';
import { readNumber } from '../../typed/number.ts';
import type { NumberKind } from '../../typed/number.ts';
import { readWallClock } from '../../typed/wall-clock.ts';
import { isVisible } from '../text-faults.ts';

/** What keys hold: ids, numbers, lengths and points of time, as people write them. Defaults are written the same way. */

export const id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected lower-case letters, digits and dashes, at most 40');
/** Words that somebody reads: one of them can be seen. */
export const words = z.string().min(1, { abort: true }).refine(isVisible, 'expected words that can be seen');
export const title = words.max(120);

/** As it stands in a message of Slack's, between its own signs. */
export const link = z
  .string()
  .max(500)
  .regex(/^https:\/\/[^\s<>|]+$/, 'expected a link like https://wiki.example.com/playbook');

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longer than any plan; sums of such times are still dates. */
const LONGEST_MS = 400 * 86_400_000;

/** What the loader found, as it was written unless it is plain: `600,000`, `0.6m`, and `10.000`, which is refused. */
const number = (kind: NumberKind) =>
  z
    .union(
      [
        z.number().meta({ minimum: kind.least ?? 0, ...(kind.most === undefined ? {} : { maximum: kind.most }) }),
        z.string().meta({ pattern: "^\\d[\\d.,_' ]*(k|m| ?thousand| ?millions?)?$" }),
      ],
      'expected a number',
    )
    .transform((written, context) => {
      const read = readNumber(typeof written === 'number' ? plainDigits(written) : written, kind);
      if (read.ok) return read.value;
      context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
      return z.NEVER;
    });
export const count = (least: number, most?: number) => number(most === undefined ? { least } : { least, most });
export const share = () => number({ least: 0, most: 1, fractions: true }).meta({ unit: 'share from 0 to 1' });
/** Also a fraction, which `count` refuses. */
export const figure = () => number({ least: 0, fractions: true });
const plainDigits = (value: number): string =>
  value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });

const TWO_READINGS = 'expected at most two digits after the point: some read `1.500` as 1,500, others as 1.5';
/** Not a number: read differently in two countries. */
function figureOf(digits: string): number {
  const read = readNumber(digits, { fractions: true });
  return read.ok ? read.value : Number.NaN;
}

// Also for what YAML reads as a number: `10` in quotes would be no duration either.
const DURATION = 'expected a duration like 500ms, 90s, 15m, 4h or 1d';
const T_MINUS = 'expected a time relative to the target like T-4h, T-90s, T or T+10m';
const T_STEP = `${T_MINUS}, or a date, a time and a zone like 2027-02-07 18:30 Europe/Berlin`;

/** Text like `90s` or `4h` to milliseconds. */
export const duration = z
  .string(DURATION)
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, DURATION)
  .transform((text) => {
    const parts = /^([\d.]+)([a-z]+)$/.exec(text);
    return figureOf(parts?.[1] ?? '') * (UNIT_MS[parts?.[2] ?? ''] ?? Number.NaN);
  })
  .refine((ms) => !Number.isNaN(ms), TWO_READINGS)
  .refine((ms) => ms <= LONGEST_MS, 'expected at most 400d')
  .meta({ unit: 'duration' });

/** Text like `T-4h`, `T-90s`, `T+10m` or `T` to milliseconds relative to the target time (negative is before). */
export const tMinus = z
  .string(T_MINUS)
  .regex(/^T([+-]\d+(\.\d+)?(ms|s|m|h|d))?$/, T_MINUS)
  .transform((text) => {
    const parts = /^T([+-])?([\d.]+)?([a-z]+)?$/.exec(text);
    if (parts?.[2] === undefined) return 0;
    return (parts[1] === '-' ? -1 : 1) * figureOf(parts[2]) * (UNIT_MS[parts[3] ?? ''] ?? Number.NaN);
  })
  .refine((ms) => !Number.isNaN(ms), TWO_READINGS)
  .refine((ms) => Math.abs(ms) <= LONGEST_MS, 'expected at most 400d before or after the target')
  .meta({ unit: 'time before or after T' });

/** A moment, whatever becomes of the target. `zone` is where it was written for. */
export interface FixedTime {
  atMs: number;
  zone: string;
}

/** `2027-02-07 18:30 Europe/Berlin`, also with an offset. A time that clocks there skip or show twice is refused. */
export const fixedTime = z
  .string('expected a date, a time and a zone like 2027-02-07 18:30 Europe/Berlin')
  .meta({ pattern: String.raw`^\d{4}-\d\d-\d\d[Tt ]+\d\d:\d\d(:\d\d)? ?\S+$` })
  .transform((text, context): FixedTime => {
    const read = readWallClock(text);
    if (read.ok) return { atMs: read.atMs, zone: read.zone };
    context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
    return z.NEVER;
  })
  .meta({ unit: 'date, time and zone' });

const DAY = 'expected a date like 2027-01-20';
/** A day of the calendar: 2027-02-30 is none. */
export const day = z
  .string(DAY)
  .regex(/^\d{4}-\d\d-\d\d$/, DAY)
  .refine((text) => z.iso.date().safeParse(text).success, 'no such day')
  .meta({ unit: 'date' });

/** Either: `T-4h` or `2027-02-07 18:30 Europe/Berlin`. */
export const stepTime = z
  .string(T_STEP)
  .meta({ pattern: String.raw`^(T([+-]\d+(\.\d+)?(ms|s|m|h|d))?|\d{4}-\d\d-\d\d.*)$` })
  .transform((text, context): number | FixedTime => {
    const isFixed = /^\d{4}-/.test(text);
    const read = isFixed ? fixedTime.safeParse(text) : tMinus.safeParse(text);
    if (read.success) return read.data;
    const message = read.error.issues[0]?.message ?? T_STEP;
    context.addIssue({ code: 'custom', message: message === T_MINUS ? T_STEP : message });
    return z.NEVER;
  })
  .meta({ unit: 'time before or after T, or date, time and zone' });

/** A number that two countries read differently is none, whatever the switch takes it for. */
export const switchValue = z.union([z.string(), z.boolean(), z.number()]).transform((value, context) => {
  if (typeof value !== 'string') return value;
  const read = readNumber(value, { fractions: true });
  if (read.ok) return read.value;
  if (read.code !== 'NUMBER_TWO_READINGS') return value;
  context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
  return z.NEVER;
});
