import { describe, expect, it } from 'vitest';
import { readMoment } from './moments.ts';
import type { Place } from './moments.ts';
import { zoneNamed } from './zones.ts';

const NOW = Date.parse('2027-02-07T18:00:00Z');
const TARGET = Date.parse('2027-02-07T23:00:00Z');
const place = (more: Partial<Place> = {}): Place => ({
  nowMs: NOW,
  targetAtMs: null,
  zone: zoneNamed('America/New_York'),
  ...more,
});
function became(text: string, more: Partial<Place> = {}): string | string[] {
  const read = readMoment(text, place(more));
  if (read.kind === 'at') return new Date(read.atMs).toISOString();
  return read.kind === 'offer' ? read.choices.map(({ label }) => label) : `refused: ${read.expected}`;
}

describe('a time of day is one where the day has 24 hours', () => {
  it.each(['6:30', '6:30 uhr', '6h30', '2027-02-08 6:30'])('%s', (text) => {
    const place = text === '6:30' ? { has24Hours: true } : {};
    expect(became(text, place)).toEqual(['Mon 8 Feb 06:30 in New York = 11:30 UTC']);
  });
  it('but for one that says its half', () => {
    expect(became('6:30pm', { has24Hours: true })).toEqual(['18:30 in New York = 23:30 UTC']);
  });
});

describe("a time without a zone is offered back in the person's own", () => {
  it.each([
    ['14:30', ['14:30 in New York = 19:30 UTC']],
    ['2:30pm', ['14:30 in New York = 19:30 UTC']],
    ['2:30 PM', ['14:30 in New York = 19:30 UTC']],
    ['2.30 p.m.', ['14:30 in New York = 19:30 UTC']],
    ['14.30', ['14:30 in New York = 19:30 UTC']],
    ['14h30', ['14:30 in New York = 19:30 UTC']],
    ['at 14:30!', ['14:30 in New York = 19:30 UTC']],
    ['6:30', ['18:30 in New York = 23:30 UTC', 'Mon 8 Feb 06:30 in New York = 11:30 UTC']],
    ['06:30', ['Mon 8 Feb 06:30 in New York = 11:30 UTC']],
    ['12:30', ['Mon 8 Feb 12:30 in New York = 17:30 UTC']],
    ['6pm', ['18:30', '18:00 in New York = 23:00 UTC'].slice(1)],
    ['noon', ['Mon 8 Feb 12:00 in New York = 17:00 UTC']],
    ['midnight', ['Mon 8 Feb 00:00 in New York = 05:00 UTC']],
    ['today 14:30', ['14:30 in New York = 19:30 UTC']],
    ['tomorrow 6pm ET', ['Mon 8 Feb 18:00 in New York = 23:00 UTC']],
    ['6pm ET tomorrow', ['Mon 8 Feb 18:00 in New York = 23:00 UTC']],
    ['tomorrow at 18:00', ['Mon 8 Feb 18:00 in New York = 23:00 UTC']],
    ['wednesday 9am', ['Wed 10 Feb 09:00 in New York = 14:00 UTC']],
    ['23:30 in New York', ['23:30 in New York = Mon 8 Feb 04:30 UTC']],
    ['20:30 Europe/Berlin', ['20:30 in Berlin = 19:30 UTC']],
    ['20:30 berlin time', ['20:30 in Berlin = 19:30 UTC']],
    ['23:30 CET', ['23:30 in Berlin = 22:30 UTC']],
    ['20:30 UTC+1', ['20:30 UTC+1 = 19:30 UTC']],
    ['20:30 +01:00', ['20:30 UTC+1 = 19:30 UTC']],
    ['19:30 GMT', ['19:30 UTC']],
    [
      '23:00 IST',
      [
        'Mon 8 Feb 23:00 in Kolkata = 17:30 UTC',
        '23:00 in Jerusalem = 21:00 UTC',
        '23:00 in Dublin = 23:00 UTC',
      ].toSorted(),
    ],
    ['2027-02-08 14:30', ['Mon 8 Feb 14:30 in New York = 19:30 UTC']],
    ['2027-02-08T14:30', ['Mon 8 Feb 14:30 in New York = 19:30 UTC']],
    ['7 Feb 14:30', ['14:30 in New York = 19:30 UTC']],
    ['Feb 7th, 2027 2:30pm', ['14:30 in New York = 19:30 UTC']],
    ['3 Jan 14:30', ['Mon 3 Jan 2028 14:30 in New York = 19:30 UTC']],
    ['in two hours', ['from now: 15:00 in New York = 20:00 UTC']],
    ['2h', ['from now: 15:00 in New York = 20:00 UTC']],
    ['10m', ['from now: 13:10 in New York = 18:10 UTC']],
    ['half an hour', ['from now: 13:30 in New York = 18:30 UTC']],
    ['an hour', ['from now: 14:00 in New York = 19:00 UTC']],
    ['20m from now', ['from now: 13:20 in New York = 18:20 UTC']],
  ])('%s', (text, labels) => {
    const offered = became(text);
    expect(Array.isArray(offered) && offered.toSorted()).toEqual(labels.toSorted());
  });

  it('a length alone may count from now or from the target', () => {
    expect(became('10m', { targetAtMs: TARGET })).toEqual([
      'from now: 13:10 in New York = 18:10 UTC',
      'after the present target: 18:10 in New York = 23:10 UTC',
    ]);
    expect(became('in two hours', { targetAtMs: TARGET })).toEqual(['from now: 15:00 in New York = 20:00 UTC']);
  });

  it('summer time: an hour that is skipped is no time, one that comes twice is two', () => {
    const spring = Date.parse('2027-03-13T20:00:00Z');
    expect(became('tomorrow 2:30am', { nowMs: spring })).toContain('refused: a time that exists');
    expect(became('2027-03-14 02:30', { nowMs: spring })).toContain('refused: a time that exists');
    expect(became('tomorrow 1:30am', { nowMs: Date.parse('2027-11-06T20:00:00Z') })).toEqual([
      'Sun 7 Nov 01:30 in New York = 05:30 UTC (the first time, before clocks go back)',
      'Sun 7 Nov 01:30 in New York = 06:30 UTC (the second time, after clocks went back)',
    ]);
  });

  it("if the zone can't be learned, the format is shown; a zone that was said is enough", () => {
    expect(became('14:30', { zone: null })).toContain(
      'refused: a time with its zone, because Slack did not say which one is yours',
    );
    expect(became('14:30 ET', { zone: null })).toEqual(['14:30 in New York = 19:30 UTC']);
  });
});

describe('what is the same for everybody is taken as it is', () => {
  it.each([
    ['in 20m', '2027-02-07T18:20:00.000Z'],
    ['in 2 hours', '2027-02-07T20:00:00.000Z'],
    ['18:30 UTC', '2027-02-07T18:30:00.000Z'],
    ['2027-02-07T23:30Z', '2027-02-07T23:30:00.000Z'],
    ['2027-02-07 18:30 +01:00', '2027-02-07T17:30:00.000Z'],
    ['now', '2027-02-07T18:00:00.000Z'],
  ])('%s', (text, iso) => expect(became(text)).toBe(iso));
  it('counted from the target', () => expect(became('−10m', { targetAtMs: TARGET })).toBe('2027-02-07T22:50:00.000Z'));
});

describe('nonsense is refused with the formats', () => {
  it.each([
    ['2027-02-30T23:30Z', 'February 2027 has 28 days'],
    ['2027-02-30 23:30', 'February 2027 has 28 days'],
    ['30 Feb 14:30', 'February 2027 has 28 days'],
    ['Feb 29 2027 2pm', '28 days'],
    ['2027-13-01 10:00', 'a month from 01 to 12'],
    ['02/07 18:30', 'a date that everybody reads the same'],
    ['07.02.2027 18:30', 'a date that everybody reads the same'],
    ['7/2/2027 6pm', 'a date that everybody reads the same'],
    ['99999999999999d', 'within 400 days'],
    ['14:30 Atlantis', 'a zone that is known'],
    ['14:30 +15:00', 'a zone that is known'],
    ...[
      'later',
      'soon',
      '25:00',
      '14:60',
      '13pm',
      '0am',
      '6',
      '1430',
      'in many moons',
      'next friday 6pm',
      'tomorrow',
      '14:30 15:30',
      '',
      '2h 14:30',
      '::',
      'kickoff',
      'half time',
      '__proto__',
      'constructor hours',
      'in 20 parsecs',
    ].map((text) => [text, 'a time like']),
  ])('%s', (text, expected) => expect(became(text ?? '')).toContain(expected));
  it('a time of today that is over says so, and what to type for tomorrow', () => {
    expect(became('today 9am')).toBe(
      'refused: a time to come: 09:00 today in New York is over. Say `tomorrow 09:00` if you mean the next day',
    );
    expect(became('today 9am Berlin')).toContain('09:00 today in Berlin is over');
    expect(became('today 2:30am', { nowMs: Date.parse('2027-03-14T05:30:00Z') })).toBe(
      'refused: a time that exists: at 02:30 of that day clocks in New York are put forward',
    );
  });
});
