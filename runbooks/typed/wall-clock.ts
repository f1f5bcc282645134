import { DateTime, FixedOffsetZone, IANAZone } from 'luxon';
import { noSuchDay, readInstant } from './instant.ts';
import { nearest } from './nearest.ts';

/** What a clock shows somewhere. */
export interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** A moment written as a clock shows it, with its zone: `2027-02-07 18:30 Europe/Berlin`, or with an offset. `zone` is for showing it. */
export type WallRead = { ok: true; atMs: number; zone: string } | { ok: false; expected: string };

const WALL = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt]|\s+)(\d\d):(\d\d)(?::(\d\d))?\s+([A-Za-z][\w+/-]*)$/;
const USUAL =
  'a date, a time and a zone like 2027-02-07 18:30 Europe/Berlin, 2027-02-07 18:30 +01:00 or 2027-02-07T17:30Z';

/** The moments at which clocks there show this: none in the hour that summer time skips, two in the one it repeats. */
export function momentsOf(wall: Wall, zone: string): number[] {
  const moment = DateTime.fromObject(wall, { zone });
  if (!moment.isValid || moment.hour !== wall.hour || moment.minute !== wall.minute || moment.day !== wall.day)
    return [];
  return moment
    .getPossibleOffsets()
    .map((one) => one.toMillis())
    .toSorted((a, b) => a - b);
}

export function readWallClock(text: string): WallRead {
  const instant = readInstant(text);
  if (instant.ok) return { ok: true, atMs: instant.atMs, zone: offsetOf(text) };
  if (instant.code !== 'NOT_AN_INSTANT') return { ok: false, expected: instant.expected };
  const parts = WALL.exec(text.trim());
  if (parts === null) return { ok: false, expected: USUAL };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const missing = noSuchDay(year, month, day);
  if (missing !== null) return { ok: false, expected: missing };
  if (hour > 23 || minute > 59 || second > 59) return { ok: false, expected: 'a time from 00:00:00 to 23:59:59' };
  const zone = zoneNamed(parts[7] ?? '');
  if (zone === null) return { ok: false, expected: noZone(parts[7] ?? '') };
  const wall = { year, month, day, hour, minute, second };
  const moments = momentsOf(wall, zone);
  if (moments.length === 1) return { ok: true, atMs: moments[0] ?? Number.NaN, zone };
  return { ok: false, expected: moments.length === 0 ? skipped(wall, zone) : doubled(moments, zone) };
}

/** The zone as the database of zones spells it; null: there is none. Abbreviations are none: `CST` is in three places. */
export function zoneNamed(name: string): string | null {
  if (/^(?:utc|z)$/i.test(name)) return 'UTC';
  if (!name.includes('/') || !IANAZone.isValidZone(name)) return null;
  return ZONES.find((zone) => zone.toLowerCase() === name.toLowerCase()) ?? name;
}

const ZONES = Intl.supportedValuesOf('timeZone');

export function noZone(name: string): string {
  const near = nearest(name, ZONES) ?? ZONES.find((zone) => zone.toLowerCase().endsWith(`/${name.toLowerCase()}`));
  return `a zone of the IANA database like Europe/Berlin or UTC${near === undefined ? '' : `; did you mean ${near}?`}`;
}

/** Clocks were put forward across it: what it is by the clock before, and by the one after. */
function skipped(wall: Wall, zone: string): string {
  const asUtc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  const offsets = [-1, 1].map((days) => DateTime.fromMillis(asUtc + days * 86_400_000, { zone }).offset);
  const readings = offsets.map((minutes) => DateTime.fromMillis(asUtc - minutes * 60_000, { zone }));
  const told = readings.map((one) => one.toFormat(FORMAT)).toSorted();
  return `a time that exists: clocks in ${zone} are put forward across it. ${told.join(' or ')}, whichever is meant`;
}

/** Clocks go back across it: both times that they show it, as they can be written. */
function doubled(moments: readonly number[], zone: string): string {
  const [first = '', second = ''] = moments.map((atMs) => DateTime.fromMillis(atMs, { zone }).toFormat(FORMAT));
  return `one of two: clocks in ${zone} go back across it. ${first} (the first time) or ${second} (the second), whichever is meant`;
}

const FORMAT = 'yyyy-MM-dd HH:mm ZZ';

/** Of a moment that was written with an offset. */
function offsetOf(text: string): string {
  const [, hours, minutes] = /([+-]\d\d):?(\d\d)$/.exec(text.trim()) ?? [];
  if (hours === undefined) return 'UTC';
  return FixedOffsetZone.instance(Number(hours) * 60 + Math.sign(Number(`${hours}1`)) * Number(minutes)).name;
}
