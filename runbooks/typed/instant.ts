/** A point in time written whole: date, clock and zone. A day that doesn't exist is none: JavaScript makes 30 February 2 March. */

export type InstantRead =
  | { ok: true; atMs: number }
  | { ok: false; code: 'NOT_AN_INSTANT' | 'NO_SUCH_DAY' | 'NO_SUCH_TIME'; expected: string };

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)(?:t|\s+)(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s*(?:z|utc|([+-])(\d\d):?(\d\d))$/i;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export function readInstant(text: string): InstantRead {
  const parts = INSTANT.exec(text.trim());
  if (parts === null)
    return {
      ok: false,
      code: 'NOT_AN_INSTANT',
      expected: 'a date, a time and a zone like 2027-02-07T23:30Z or 2027-02-07 18:30 +01:00',
    };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const missing = noSuchDay(year, month, day);
  if (missing !== null) return { ok: false, code: 'NO_SUCH_DAY', expected: missing };
  const [zoneHour = 0, zoneMinute = 0] = parts.slice(9, 11).map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59)
    return { ok: false, code: 'NO_SUCH_TIME', expected: 'a time from 00:00:00 to 23:59:59' };
  if (zoneHour * 60 + zoneMinute > 14 * 60 || zoneMinute > 59)
    return { ok: false, code: 'NO_SUCH_TIME', expected: 'a zone from -14:00 to +14:00' };
  const offsetMs = (parts[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute) * 60_000;
  return {
    ok: true,
    atMs:
      Date.UTC(year, month - 1, day, hour, minute, second, Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'))) -
      offsetMs,
  };
}

/** `a day that exists: February 2027 has 28`, or null for a day that does. */
export function noSuchDay(year: number, month: number, day: number): string | null {
  const name = MONTHS[month - 1];
  if (name === undefined) return 'a month from 01 to 12';
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return day >= 1 && day <= days ? null : `a day that exists: ${name} ${year} has ${days} days`;
}
