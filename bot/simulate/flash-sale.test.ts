import { expect, test } from 'vitest';
import { H, library, MIN, of, play, readLibrary, room, twice } from './for-tests.ts';
import type { Change } from './for-tests.ts';
import type { Day } from './simulate.ts';

/** Each country at its own midnight, by an order that two people have armed ahead. */

const SALE = library('flash-sale');
const BERLIN = SALE.target?.atMs ?? 0;
const MIDNIGHTS = { jp: -8 * H, de: 0, gb: H, br: 4 * H, us: 6 * H };

/** Of each shot: which market, how long after which moment, who asked, who armed it and who let it go. */
const shots = (day: Day, moments: Record<string, number>) =>
  of(day, 'FireApproved').map(({ shown, atMs, by, armed, orderId }) => {
    const market = shown.segments[0]?.segment.split('-')[0] ?? '';
    const asked = of(day, 'FireRequested').find((entry) => entry.orderId === orderId);
    return [market, atMs - (moments[market] ?? 0), asked?.by, armed?.by, by];
  });
const MIA = { person: 'mia' };
const ANA = { person: 'ana' };
const BY_ITSELF = { system: 'conductor' };

test('the flash sale goes by itself at each midnight, once, after one person has asked and another has armed it', async () => {
  const day = await play(SALE);
  expect(shots(day, absolute(MIDNIGHTS))).toEqual(
    Object.keys(MIDNIGHTS).map((market) => [market, 0, MIA, 'ana', BY_ITSELF]),
  );
  for (const { atMs, orderId } of of(day, 'FireArmed'))
    expect(day.launch.orders[orderId]?.shown.moment?.atMs).toBeGreaterThan(atMs + 20 * MIN);
  expect(twice(day)).toEqual([]);
  expect(of(day, 'FireHeld')).toEqual([]);
  expect(room(day)).toContain(
    'by itself 2027-11-25 15:00:00 UTC.\nA second person arms it: @Ana Ortiz @Ben Okafor @Olu Adeyemi',
  );
  expect(room(day)).toContain(
    'Ana Ortiz armed jp-ios, jp-android, 200,000 devices: it goes by itself 2027-11-25 15:00:00 UTC.',
  );
});

test('where the bot is back within the tolerance an armed order goes by itself, and later it is held, says why, and waits for a press', async () => {
  const day = await play(SALE, {
    bot: [
      { fromMs: MIDNIGHTS.gb - 2 * MIN, toMs: MIDNIGHTS.gb + 4_000 },
      { fromMs: MIDNIGHTS.br - 2 * MIN, toMs: MIDNIGHTS.br + MIN },
    ],
  });
  expect(shots(day, absolute(MIDNIGHTS))).toEqual([
    ['jp', 0, MIA, 'ana', BY_ITSELF],
    ['de', 0, MIA, 'ana', BY_ITSELF],
    ['gb', 4_000, MIA, 'ana', BY_ITSELF],
    ['br', MIN, MIA, undefined, ANA],
    ['us', 0, MIA, 'ana', BY_ITSELF],
  ]);
  expect(of(day, 'FireHeld').map(({ atMs, reason }) => [atMs - BERLIN, reason])).toEqual([
    [
      MIDNIGHTS.br + MIN,
      expect.stringContaining(
        'it was to go at 03:00:00 UTC, 60 s ago, and more than 5 s late it does not go by itself',
      ),
    ],
  ]);
  expect(room(day)).toMatch(/br-ios, br-android.* did not go .*and more than 5 s late it does not go by itself/);
  expect(twice(day)).toEqual([]);
});

/** Three midnights in the night in which clocks go back: in the Azores it is midnight twice. */
const autumn =
  (azores: string): Change =>
  (text) =>
    text
      .replaceAll('2027-11-26', '2027-10-31')
      .replace(/^  us: .*$/m, `  pt: ${azores}`)
      .replaceAll('for: us', 'for: pt')
      .replaceAll(/^  (?:gb|br): .*\n/gm, '')
      .replaceAll(/^.*for: (?:gb|br),.*\n/gm, '');

test('of three midnights one is inside a clock change: it is refused until it says which of the two, and goes then, once, also with two bots', async () => {
  expect(readLibrary('flash-sale', autumn('2027-10-31 00:00 Atlantic/Azores'))).toMatchObject({
    ok: false,
    problems: [
      {
        path: 'targets.pt',
        expected: expect.stringMatching(/2027-10-31 00:00 \+00:00.*2027-10-31 00:00 -01:00/) as string,
      },
    ],
  });
  const day = await play(library('flash-sale', autumn('2027-10-31 00:00 -01:00')), {}, { bots: 2 });
  const moments = {
    jp: Date.UTC(2027, 9, 30, 15),
    de: Date.UTC(2027, 9, 30, 22),
    pt: Date.UTC(2027, 9, 31, 1),
  };
  expect(shots(day, moments)).toEqual(Object.keys(moments).map((market) => [market, 0, MIA, 'ana', BY_ITSELF]));
  expect(twice(day)).toEqual([]);
});

test('a sale that is called off in the night voids what is armed, puts back fleets and switch, and says what had gone out', async () => {
  const day = await play(SALE, { standDownMs: -10 * MIN });
  expect(shots(day, absolute(MIDNIGHTS)).map(([market]) => market)).toEqual(['jp']);
  expect(of(day, 'StoodDown')).toMatchObject([
    { orders: [expect.stringMatching(/^F/)], sent: { segments: ['jp-ios', 'jp-android'], accepted: 200_000 } },
  ]);
  expect(day.launch.switches['short-checkout']?.value).toBe(false);
  expect(Object.entries(day.launch.scale).map(([id, { desired }]) => [id, desired])).toEqual(
    expect.arrayContaining([
      ['checkout', 6],
      ['edge', 8],
      ['workers', 0],
    ]),
  );
  expect(day.launch.closed).toBe(true);
  expect(room(day)).toContain('1 order is void. Nothing can be fired in it any more.');
  expect(twice(day)).toEqual([]);
});

const absolute = (relative: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(relative).map(([market, ms]) => [market, BERLIN + ms]));
