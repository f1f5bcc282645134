import { expect, test } from 'vitest';
import { readWallClock } from './wall-clock.ts';

test.each([
  ['2027-02-07 18:30 Europe/Berlin', '2027-02-07T17:30:00.000Z', 'Europe/Berlin'],
  ['2027-07-07T18:30:15 Europe/Berlin', '2027-07-07T16:30:15.000Z', 'Europe/Berlin'],
  ['2027-02-07 18:30 america/new_york', '2027-02-07T23:30:00.000Z', 'America/New_York'],
  ['2027-02-07 00:00 Asia/Kolkata', '2027-02-06T18:30:00.000Z', 'Asia/Kolkata'],
  ['2027-02-07 18:30 UTC', '2027-02-07T18:30:00.000Z', 'UTC'],
  ['2027-02-07 18:30 +01:00', '2027-02-07T17:30:00.000Z', 'UTC+1'],
  ['2027-02-07 18:30 -03:30', '2027-02-07T22:00:00.000Z', 'UTC-3:30'],
  ['2027-02-07T17:30Z', '2027-02-07T17:30:00.000Z', 'UTC'],
  // Both of the hour that comes twice, as the refusal has them.
  ['2027-10-31 02:30 +02:00', '2027-10-31T00:30:00.000Z', 'UTC+2'],
  ['2027-10-31 02:30 +01:00', '2027-10-31T01:30:00.000Z', 'UTC+1'],
])('%s is one moment', (text, iso, zone) => {
  const read = readWallClock(text);
  expect(read.ok && [new Date(read.atMs).toISOString(), read.zone]).toEqual([iso, zone]);
});

test.each([
  [
    'a time that clocks skip',
    '2027-03-28 02:30 Europe/Berlin',
    'a time that exists: clocks in Europe/Berlin are put forward across it. 2027-03-28 01:30 +01:00 or 2027-03-28 03:30 +02:00, whichever is meant',
  ],
  [
    'a midnight that clocks skip',
    '2027-03-28 00:00 Asia/Beirut',
    'a time that exists: clocks in Asia/Beirut are put forward across it. 2027-03-27 23:00 +02:00 or 2027-03-28 01:00 +03:00, whichever is meant',
  ],
  [
    'a time that clocks show twice',
    '2027-10-31 02:30 Europe/Berlin',
    'one of two: clocks in Europe/Berlin go back across it. 2027-10-31 02:30 +02:00 (the first time) or 2027-10-31 02:30 +01:00 (the second), whichever is meant',
  ],
  [
    'a zone that is none',
    '2027-02-07 18:30 Europe/Berln',
    /^a zone of the IANA database.*did you mean Europe\/Berlin\?$/,
  ],
  ['a city alone', '2027-02-07 18:30 Berlin', /did you mean Europe\/Berlin\?$/],
  ['an abbreviation', '2027-02-07 18:30 CST', /^a zone of the IANA database/],
  ['a day that is none', '2027-02-29 18:30 Europe/Berlin', /February 2027 has 28 days/],
  ['an hour that is none', '2027-02-07 24:00 Europe/Berlin', /from 00:00:00/],
  ['no zone', '2027-02-07 18:30', /and a zone like/],
  ['nothing', '', /and a zone like/],
])('%s is refused', (_name, text, expected) => {
  const read = readWallClock(text);
  expect(read).toEqual({
    ok: false,
    expected: typeof expected === 'string' ? expected : expect.stringMatching(expected),
  });
});
