import { DateTime, IANAZone } from 'luxon';

/** Zones as people say them. */

export interface Zone {
  /** For luxon. */ id: string;
  /** `New York`, `UTC+5`. */ name: string;
}

const zone = (id: string): Zone => ({
  id,
  name: id === 'UTC' ? 'UTC' : (id.split('/').at(-1) ?? id).replaceAll('_', ' '),
});

/** Short forms mean the clock of the place at that time of year. Some mean several places: then each is offered. */
const SHORT: Record<string, string[]> = {
  utc: ['UTC'],
  z: ['UTC'],
  zulu: ['UTC'],
  gmt: ['UTC'],
  et: ['America/New_York'],
  est: ['America/New_York'],
  edt: ['America/New_York'],
  eastern: ['America/New_York'],
  ct: ['America/Chicago'],
  cst: ['America/Chicago', 'Asia/Shanghai'],
  cdt: ['America/Chicago'],
  central: ['America/Chicago'],
  mt: ['America/Denver'],
  mst: ['America/Denver'],
  mdt: ['America/Denver'],
  mountain: ['America/Denver'],
  pt: ['America/Los_Angeles'],
  pst: ['America/Los_Angeles'],
  pdt: ['America/Los_Angeles'],
  pacific: ['America/Los_Angeles'],
  uk: ['Europe/London'],
  bst: ['Europe/London'],
  wet: ['Europe/Lisbon'],
  cet: ['Europe/Berlin'],
  cest: ['Europe/Berlin'],
  mez: ['Europe/Berlin'],
  mesz: ['Europe/Berlin'],
  eet: ['Europe/Athens'],
  eest: ['Europe/Athens'],
  msk: ['Europe/Moscow'],
  ist: ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem'],
  jst: ['Asia/Tokyo'],
  kst: ['Asia/Seoul'],
  hkt: ['Asia/Hong_Kong'],
  sgt: ['Asia/Singapore'],
  brt: ['America/Sao_Paulo'],
  aest: ['Australia/Sydney'],
  aedt: ['Australia/Sydney'],
  nzst: ['Pacific/Auckland'],
  nzdt: ['Pacific/Auckland'],
};

const IDS = new Map(
  Intl.supportedValuesOf('timeZone').flatMap(
    (id) =>
      [
        [id.toLowerCase(), id],
        [(id.split('/').at(-1) ?? '').replaceAll('_', ' ').toLowerCase(), id],
      ] as const,
  ),
);

/** `ET`, `New York`, `Europe/Berlin`, `+01:00`, `UTC-5`; several when it may be several; none: not known. */
export function zonesOf(text: string): Zone[] {
  const words = text
    .toLowerCase()
    .replaceAll(/[()]/g, '')
    .replace(/^in\s+/, '')
    .replace(/\s+time$/, '')
    .trim();
  const short = Object.hasOwn(SHORT, words) ? SHORT[words] : undefined;
  if (short !== undefined) return short.map(zone);
  const offset = /^(?:utc|gmt)?\s?([+-])(\d{1,2})(?::?(\d\d))?$/.exec(words);
  if (offset !== null) {
    const [hours, minutes] = [Number(offset[2]), Number(offset[3] ?? 0)];
    const name = `UTC${offset[1] ?? ''}${hours}${minutes === 0 ? '' : `:${String(minutes).padStart(2, '0')}`}`;
    return hours * 60 + minutes <= 14 * 60 && minutes < 60 ? [{ id: name, name }] : [];
  }
  const id = IDS.get(words.replaceAll('_', ' ')) ?? IDS.get(words);
  return id === undefined ? [] : [zone(id)];
}

/** A zone as Slack names it; null if it is none. */
export const zoneNamed = (id: unknown): Zone | null =>
  typeof id === 'string' && IANAZone.isValidZone(id) ? zone(id) : null;

/** The day and the weekday (1 is Monday) there at this moment, so many days on. */
export function dayAt(atMs: number, at: Zone, days = 0): { year: number; month: number; day: number; weekday: number } {
  const { year, month, day, weekday } = DateTime.fromMillis(atMs, { zone: at.id }).plus({ days });
  return { year, month, day, weekday };
}

/** `14:30 in New York = 19:30 UTC`, with the days where they are not today. */
export function both(atMs: number, at: Zone, nowMs: number): string {
  const there = DateTime.fromMillis(atMs, { zone: at.id, locale: 'en-GB' });
  const utc = there.setZone('UTC');
  const clock = (time: DateTime) => time.toFormat(time.second === 0 ? 'HH:mm' : 'HH:mm:ss');
  const isToday = there.hasSame(DateTime.fromMillis(nowMs, { zone: at.id }), 'day');
  const day = (time: DateTime) =>
    time.toFormat(time.year === DateTime.fromMillis(nowMs).year ? 'ccc d LLL' : 'ccc d LLL yyyy');
  if (at.id === 'UTC') return `${isToday ? '' : `${day(there)} `}${clock(there)} UTC`;
  const local = `${isToday ? '' : `${day(there)} `}${clock(there)} ${at.name.startsWith('UTC') ? at.name : `in ${at.name}`}`;
  return `${local} = ${utc.toISODate() === there.toISODate() ? '' : `${day(utc)} `}${clock(utc)} UTC`;
}
