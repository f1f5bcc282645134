import { noSuchDay, readInstant } from '../../runbooks/typed/instant.ts';
import { momentsOf } from '../../runbooks/typed/wall-clock.ts';
import type { Wall } from '../../runbooks/typed/wall-clock.ts';
import { lengthMs, WHEN_USAGE, when } from './arguments.ts';
import { both, dayAt, zonesOf } from './zones.ts';
import type { Zone } from './zones.ts';

/**
 * Times as people type them. What is the same for everybody is taken; what depends on a zone, a half of the day or a
 * starting point is offered back as moments to choose from, and never guessed. `zone` null: theirs couldn't be learned.
 */
export type Moment =
  | { kind: 'at'; atMs: number }
  | { kind: 'offer'; choices: Choice[] }
  | { kind: 'refused'; expected: string; /** It was not understood at all. */ isFormat: boolean };
export interface Choice {
  atMs: number;
  label: string;
}
export interface Place {
  nowMs: number;
  targetAtMs: number | null;
  zone: Zone | null;
  /** The person's clock has 24 hours, so that `6:30` is one time of day. Absent: it may mean two. */
  has24Hours?: boolean;
}

const USAGE = `a time like ${WHEN_USAGE}`;
const refused = (expected: string): Moment => ({ kind: 'refused', expected, isFormat: expected === USAGE });

/** True if the zone of the person matters: it has to be asked for first. */
export const needsZone = (text: string, place: Omit<Place, 'zone'>): boolean =>
  readMoment(text, { ...place, zone: null }) === NO_ZONE;

const NO_ZONE: Moment = refused(
  'a time with its zone, because Slack did not say which one is yours: `14:30 UTC`, `14:30 Berlin`, `14:30 +01:00`, `2027-02-07T23:30Z`, or `in 20m`',
);

export function readMoment(text: string, place: Place): Moment {
  const { nowMs, targetAtMs } = place;
  const exact = when(text, nowMs, targetAtMs);
  if (exact !== null) return { kind: 'at', atMs: exact };
  const words = plain(text);
  const instant = readInstant(words);
  if (!instant.ok && instant.code !== 'NOT_AN_INSTANT') return refused(instant.expected);
  const span = spokenMs(words);
  if (span !== null && span > LONGEST_MS) return refused('a time within 400 days');
  if (span !== null) return { kind: 'offer', choices: spanChoices(span, words, place) };
  return readClock(words, { ...place, has24Hours: place.has24Hours === true || WRITTEN_24.test(text) });
}

/** Ways to write a time that nobody uses with two halves of a day: `10:01 Uhr`, `10h01`, `2027-02-07 6:30`. */
const WRITTEN_24 = /\buhr\b|\b\d{1,2} ?h ?\d{2}\b|\b\d{4}-\d{1,2}-\d{1,2}\b/i;

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll(/[\s,]+/g, ' ')
    .trim()
    .replace(/[.!?]+$/, '')
    .replaceAll(/\b(?:please|pls|o'clock|uhr)\b/g, ' ')
    .replaceAll(/(?<=\d ?|^)([ap])\.? ?m\b\.?/g, '$1m')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/^(?:(?:at|to|for|on|by) |@ ?)(?=\S)/, '')
    .replaceAll(/ (?:at|@) /g, ' ');
}

/** Longer than any plan: a slip of the finger, and soon no date any more. */
const LONGEST_MS = 400 * 86_400_000;
const UNITS = 'seconds?|secs?|minutes?|mins?|hours?|days?|[smhd]';
const SPOKEN: Record<string, number> = {
  a: 1,
  an: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
  forty: 40,
  'forty-five': 45,
  sixty: 60,
  ninety: 90,
};

/** `in two hours`, `2h`, `half an hour`, `20m from now`. */
function spokenMs(words: string): number | null {
  const core = words.replace(/^in /, '').replace(/ from now$/, '');
  const half = /^half an? (hour|minute|day)$/.exec(core);
  if (half !== null) return (lengthMs(`1 ${half[1] ?? ''}`) ?? 0) / 2;
  const spoken = new RegExp(`^([a-z-]+) (${UNITS})$`).exec(core);
  const count =
    spoken === null ? undefined : Object.hasOwn(SPOKEN, spoken[1] ?? '') ? SPOKEN[spoken[1] ?? ''] : undefined;
  return count === undefined ? lengthMs(core) : lengthMs(`${count} ${spoken?.[2] ?? ''}`);
}

function spanChoices(ms: number, words: string, { nowMs, targetAtMs, zone }: Place): Choice[] {
  const at = zone ?? { id: 'UTC', name: 'UTC' };
  const fromNow = { atMs: nowMs + ms, label: `from now: ${both(nowMs + ms, at, nowMs)}` };
  // `10m` alone may mean as much after the present target.
  return targetAtMs === null || /^in | from now$/.test(words)
    ? [fromNow]
    : [fromNow, { atMs: targetAtMs + ms, label: `after the present target: ${both(targetAtMs + ms, at, nowMs)}` }];
}

type Day =
  | { kind: 'next' }
  | { kind: 'on'; days: number }
  | { kind: 'weekday'; weekday: number }
  | { kind: 'date'; year: number | null; month: number; day: number };
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = `(${MONTHS.join('|')})[a-z]*`;

function readClock(words: string, place: Place): Moment {
  if (/\d[/]\d|\b\d{1,2}\.\d{1,2}\.(?:\d|$| )/.test(words))
    return refused('a date that everybody reads the same, like 2027-02-07 18:30 UTC or 7 Feb 18:30 UTC');
  const { day, rest } = cutDay(words);
  const clock = cutClock(rest, place.has24Hours === true);
  if (day === null || clock === null) return refused(USAGE);
  const zones = clock.zone === '' ? (place.zone === null ? null : [place.zone]) : zonesOf(clock.zone);
  if (zones === null) return NO_ZONE;
  if (zones.length === 0)
    return refused(
      `a zone that is known, like UTC, New York, Europe/Berlin or +01:00, not “${clock.zone.slice(0, 40)}”`,
    );
  if (day.kind === 'date') {
    const missing = noSuchDay(
      day.year ?? dayAt(place.nowMs, zones[0] ?? { id: 'UTC', name: 'UTC' }).year,
      day.month,
      day.day,
    );
    if (missing !== null) return refused(missing);
  }
  const choices = zones.flatMap((zone) =>
    clock.hours.flatMap((hour) =>
      choicesAt({ hour, minute: clock.minute, second: clock.second }, day, zone, place.nowMs),
    ),
  );
  if (choices.length > 0) return { kind: 'offer', choices: choices.toSorted((a, b) => a.atMs - b.atMs) };
  return refused(noMoment(clock, day, zones[0] ?? { id: 'UTC', name: 'UTC' }, place.nowMs));
}

/** Only a day that was named can have no such moment: it is over, or clocks were put forward across it. */
function noMoment(clock: Clock, day: Day, zone: Zone, nowMs: number): string {
  const typed = `${String(clock.hours[0] ?? 0).padStart(2, '0')}:${String(clock.minute).padStart(2, '0')}`;
  const today = dayAt(nowMs, zone);
  if (
    day.kind === 'on' &&
    day.days === 0 &&
    momentsOf({ hour: clock.hours.at(-1) ?? 0, minute: clock.minute, second: clock.second, ...ymd(today) }, zone.id)
      .length > 0
  ) {
    return `a time to come: ${typed} today in ${zone.name} is over. Say \`tomorrow ${typed}\` if you mean the next day`;
  }
  return `a time that exists: at ${typed} of that day clocks in ${zone.name} are put forward`;
}

function cutDay(words: string): { day: Day | null; rest: string } {
  const cut = (pattern: RegExp, make: (match: RegExpExecArray) => Day | null) => {
    const match = pattern.exec(words);
    return match === null
      ? null
      : {
          day: make(match),
          rest: `${words.slice(0, match.index)} ${words.slice(match.index + match[0].length)}`
            .replaceAll(/\s+/g, ' ')
            .trim()
            .replace(/^(?:at|@) /, ''),
        };
  };
  const month = (name: string | undefined) => MONTHS.indexOf((name ?? '').slice(0, 3)) + 1;
  return (
    cut(/\b(\d{4})-(\d{1,2})-(\d{1,2})(?:t(?=\d)|\b)/, (found) => ({
      kind: 'date',
      year: Number(found[1]),
      month: Number(found[2]),
      day: Number(found[3]),
    })) ??
    cut(new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)? (?:of )?${MONTH}(?: (\\d{4}))?\\b`), (found) => ({
      kind: 'date',
      year: found[3] === undefined ? null : Number(found[3]),
      month: month(found[2]),
      day: Number(found[1]),
    })) ??
    cut(new RegExp(`\\b${MONTH} (\\d{1,2})(?:st|nd|rd|th)?(?: (\\d{4}))?(?![:\\d])\\b`), (found) => ({
      kind: 'date',
      year: found[3] === undefined ? null : Number(found[3]),
      month: month(found[1]),
      day: Number(found[2]),
    })) ??
    cut(/\b(?:today|tonight)\b/, () => ({ kind: 'on', days: 0 })) ??
    cut(/\b(?:tomorrow|tmrw|tmw)\b/, () => ({ kind: 'on', days: 1 })) ??
    cut(new RegExp(`\\b(?:on |next )?(${WEEKDAYS.join('|')})\\b`), (found) =>
      found[0].startsWith('next') ? null : { kind: 'weekday', weekday: WEEKDAYS.indexOf(found[1] ?? '') + 1 },
    ) ?? { day: { kind: 'next' }, rest: words }
  );
}

interface Clock {
  hours: number[];
  minute: number;
  second: number;
  zone: string;
}

/** `6:30` is two times of day where a day has two halves; `06:30` and `14:30` are one. */
function cutClock(words: string, has24Hours: boolean): Clock | null {
  const named = /^(noon|midday|midnight)(?: (.*))?$/.exec(words);
  if (named !== null) return { hours: [named[1] === 'midnight' ? 0 : 12], minute: 0, second: 0, zone: named[2] ?? '' };
  const found = /^(\d{1,2})(?:[:.h](\d{2})(?::(\d{2}))?)? ?(am|pm)?(?: ?(?=[a-z(+-])(.*))?$/.exec(words);
  if (found === null || (found[2] === undefined && found[4] === undefined)) return null;
  const [hour, minute, second] = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
  if (minute > 59 || second > 59) return null;
  const half = found[4];
  if (half !== undefined)
    return hour < 1 || hour > 12
      ? null
      : { hours: [(hour % 12) + (half === 'pm' ? 12 : 0)], minute, second, zone: found[5] ?? '' };
  if (hour > 23) return null;
  const isOpen = !has24Hours && hour >= 1 && hour <= 11 && !(found[1] ?? '').startsWith('0');
  return { hours: isOpen ? [hour, hour + 12] : [hour], minute, second, zone: found[5] ?? '' };
}

/** What a time is that a day has two times. */
const TWICE = [' (the first time, before clocks go back)', ' (the second time, after clocks went back)'];

function choicesAt(
  clock: { hour: number; minute: number; second: number },
  day: Day,
  zone: Zone,
  nowMs: number,
): Choice[] {
  const onDays = (days: number) => momentsOf({ ...clock, ...ymd(dayAt(nowMs, zone, days)) }, zone.id);
  const named = (moments: number[]): Choice[] =>
    moments.map((atMs, index) => ({
      atMs,
      label: `${both(atMs, zone, nowMs)}${moments.length < 2 ? '' : (TWICE[index] ?? '')}`,
    }));
  switch (day.kind) {
    case 'on':
      return named(onDays(day.days).filter((atMs) => atMs > nowMs));
    case 'next': {
      const today = onDays(0);
      const later = today.filter((atMs) => atMs > nowMs);
      return named(later.length > 0 || today.length === 0 ? later : onDays(1));
    }
    case 'weekday': {
      const away = (day.weekday - dayAt(nowMs, zone).weekday + 7) % 7;
      const first = onDays(away).filter((atMs) => atMs > nowMs);
      return named(first.length > 0 ? first : away === 0 ? onDays(7) : []);
    }
    case 'date': {
      if (day.year !== null)
        return named(momentsOf({ ...clock, year: day.year, month: day.month, day: day.day }, zone.id));
      const { year } = dayAt(nowMs, zone);
      const thisYear = momentsOf({ ...clock, year, month: day.month, day: day.day }, zone.id).filter(
        (atMs) => atMs > nowMs,
      );
      return named(
        thisYear.length > 0
          ? thisYear
          : momentsOf({ ...clock, year: year + 1, month: day.month, day: day.day }, zone.id),
      );
    }
    default:
      return day satisfies never;
  }
}

const ymd = ({
  year,
  month,
  day,
}: {
  year: number;
  month: number;
  day: number;
}): Pick<Wall, 'year' | 'month' | 'day'> => ({ year, month, day });
