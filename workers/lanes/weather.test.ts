import { describe, expect, test } from 'vitest';
import { Weather } from './weather.ts';
import type { Sky } from './weather.ts';

const CAPACITY = 400;
const links = Array.from({ length: 4 }, () => ({}));
const sky = (change: Partial<Sky> = {}): Sky => ({ open: 4, bad: 0, inFlight: CAPACITY, roundTripMs: 50, ...change });

/** Bad answers from the connections in turn. */
function bads(
  weather: Weather,
  times: number,
  nowMs: number,
  { change = {}, retryAfterMs = null as number | null, from = links as object[], waitMs = 1_000 } = {},
): void {
  for (let at = 0; at < times; at += 1)
    weather.bad(
      { reason: 'TooManyRequests', connection: from[at % from.length] as object, retryAfterMs, waitMs },
      sky(change),
      nowMs,
    );
}

function fines(weather: Weather, times: number, nowMs: number): void {
  for (let at = 0; at < times; at += 1) weather.fine(CAPACITY, nowMs);
}

test('accidents are no weather: few, or from one connection alone, with Retry-After or without', () => {
  const weather = new Weather();
  bads(weather, 9, 0, { retryAfterMs: 5_000 });
  expect([weather.isFair, weather.allowance(0), weather.report(0)]).toEqual([true, Number.POSITIVE_INFINITY, null]);
  const another = new Weather();
  bads(another, 200, 0, { from: [{}], change: { bad: 1 } });
  expect(another.isFair).toBe(true);
});

test('what nearly all connections get stops everything at once, for as long as the answer says', () => {
  const weather = new Weather();
  bads(weather, 1, 1_000, { change: { bad: 3 }, retryAfterMs: 3_000 });
  expect([weather.state(1_000), weather.allowance(1_000), weather.waitMs(1_000)]).toEqual(['stopped', 0, 3_000]);
  expect([weather.state(3_999), weather.allowance(3_999)]).toEqual(['stopped', 0]);
  expect([weather.state(4_000), weather.allowance(4_000), weather.waitMs(4_000)]).toEqual(['trying', 1, 0]);
});

test('of several that say how long to wait the longest counts, and an hour at most', () => {
  const weather = new Weather();
  bads(weather, 1, 0, { change: { bad: 3 }, retryAfterMs: 3_000 });
  bads(weather, 1, 10, { change: { bad: 3 }, retryAfterMs: 1_000 });
  bads(weather, 1, 20, { change: { bad: 3 } });
  expect(weather.waitMs(20)).toBe(2_980);
  bads(weather, 1, 30, { change: { bad: 3 }, retryAfterMs: 1e12 });
  expect(weather.waitMs(30)).toBe(3_600_000);
});

test('without a word about it the wait is that of the kind, and twice as long after each try that fails, ten seconds at most', () => {
  const weather = new Weather();
  bads(weather, 1, 0, { change: { bad: 3 } });
  const waits: number[] = [];
  for (let nowMs = 0, times = 0; times < 6; times += 1) {
    waits.push(weather.waitMs(nowMs));
    nowMs += weather.waitMs(nowMs);
    bads(weather, 1, nowMs, { change: { bad: 0 } });
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test('whoever says that it may be tried at once is tried four times a second at most', () => {
  const weather = new Weather();
  bads(weather, 1, 0, { change: { bad: 3 }, retryAfterMs: 0 });
  expect([weather.waitMs(0), weather.state(249), weather.state(250)]).toEqual([250, 'stopped', 'trying']);
});

test('a kind that asks for a minute is never tried sooner', () => {
  const weather = new Weather();
  bads(weather, 1, 0, { change: { bad: 3 }, waitMs: 60_000 });
  bads(weather, 1, 60_000, { waitMs: 60_000 });
  expect(weather.waitMs(60_000)).toBe(60_000);
});

describe('after a stop', () => {
  function tried(): Weather {
    const weather = new Weather();
    bads(weather, 1, 0, { change: { bad: 3 } });
    expect(weather.state(1_000)).toBe('trying');
    return weather;
  }

  test('answers that were under way neither end it nor lengthen it', () => {
    const weather = new Weather();
    bads(weather, 1, 0, { change: { bad: 3 } });
    fines(weather, 50, 10);
    bads(weather, 50, 10, { change: { bad: 4 } });
    expect([weather.state(10), weather.waitMs(10)]).toEqual(['stopped', 990]);
  });

  test('a try that is answered opens up: twice as much each round trip, gently above half of what there was', () => {
    const weather = tried();
    fines(weather, 1, 1_010);
    expect(weather.allowance(1_010)).toBe(2);
    fines(weather, 2, 1_060);
    expect(weather.allowance(1_060)).toBe(4);
    fines(weather, 250, 1_100);
    const half = weather.allowance(1_100);
    expect(half).toBeGreaterThanOrEqual(200);
    expect(half).toBeLessThan(240);
    fines(weather, half, 1_150);
    expect(weather.allowance(1_150)).toBeLessThan(half + 40);
  });

  test('all streams in use and nothing bad for a second: fair', () => {
    const weather = tried();
    fines(weather, 100_000, 1_500);
    expect([weather.isFair, weather.report(1_500)?.state]).toEqual([true, undefined]);
  });

  test('not before a second has passed since the last bad answer', () => {
    const weather = tried();
    fines(weather, 1, 1_010);
    bads(weather, 1, 1_020);
    fines(weather, 100_000, 1_500);
    expect(weather.isFair).toBe(false);
    fines(weather, 1, 2_020);
    expect(weather.isFair).toBe(true);
  });

  test('with nothing to send it is forgotten after two minutes', () => {
    const weather = tried();
    weather.idle(119_999);
    expect(weather.isFair).toBe(false);
    weather.idle(120_000);
    expect(weather.isFair).toBe(true);
  });
});

describe('a provider that refuses a part', () => {
  function slow(): Weather {
    const weather = new Weather();
    fines(weather, 100, 0);
    bads(weather, 20, 0);
    return weather;
  }

  test('gets half of what was open', () => {
    const weather = slow();
    expect([weather.state(0), weather.allowance(0)]).toEqual(['slow', 200]);
    expect(weather.report(0)).toMatchObject({ state: 'slow', reason: 'TooManyRequests', againInMs: 0 });
  });

  test('is halved once a round trip, not for each bad answer in it, and never to nothing', () => {
    const weather = slow();
    bads(weather, 20, 40);
    expect(weather.allowance(40)).toBe(200);
    bads(weather, 20, 60);
    expect(weather.allowance(60)).toBe(100);
    for (let nowMs = 200; nowMs < 4_000; nowMs += 100) bads(weather, 4, nowMs);
    expect(weather.allowance(4_000)).toBe(1);
  });

  test('says of a rate how long to wait: then all waits', () => {
    const weather = slow();
    weather.bad(
      { reason: 'TooManyRequests', connection: {}, retryAfterMs: 2_000, waitMs: 1_000, isRate: true },
      sky(),
      10,
    );
    expect([weather.state(10), weather.waitMs(10)]).toEqual(['stopped', 2_000]);
  });

  test('of anything else it says so too: then all waits where half of the answers do, not for one server that is ill for an hour', () => {
    const weather = slow();
    bads(weather, 1, 10, { retryAfterMs: 3_600_000, from: [links[0] as object] });
    fines(weather, 256, 15);
    bads(weather, 127, 20, { retryAfterMs: 3_600_000 });
    expect(weather.state(20)).toBe('slow');
    bads(weather, 1, 20, { retryAfterMs: 2_000 });
    expect([weather.state(20), weather.waitMs(20)]).toEqual(['stopped', 2_000]);
  });

  test('connections whose last bad answer is long ago take no part in it', () => {
    const weather = new Weather();
    fines(weather, 50, 0);
    bads(weather, 9, 0);
    bads(weather, 30, 5_000, { from: [links[0] as object] });
    expect(weather.isFair).toBe(true);
    bads(weather, 1, 5_000, { from: [links[1] as object] });
    expect(weather.isFair).toBe(false);
  });
});

test('a report counts the bad answers since it is not fair, those that showed it included', () => {
  const weather = new Weather();
  fines(weather, 100, 0);
  bads(weather, 20, 0);
  expect(weather.report(500)).toEqual({
    state: 'slow',
    reason: 'TooManyRequests',
    forMs: 500,
    refused: 20,
    againInMs: 0,
  });
});

test('a rate that refuses in rows on every connection slows down; only when nothing gets through for some round trips does it stop', () => {
  const weather = new Weather();
  const refuse = (nowMs: number): void => {
    for (const connection of links)
      weather.bad(
        { reason: 'TooManyRequests', connection, retryAfterMs: null, waitMs: 1_000, isRate: true },
        sky({ bad: 4, inFlight: 100 }),
        nowMs,
      );
  };
  refuse(0);
  refuse(150);
  expect(weather.state(150)).toBe('slow');
  weather.fine(CAPACITY, 160);
  refuse(170);
  refuse(369);
  expect(weather.state(369)).toBe('slow');
  refuse(370);
  expect([weather.state(370), weather.waitMs(370)]).toEqual(['stopped', 1_000]);
});

test('a report names what comes most, not a stray answer of another kind, and of each weather anew', () => {
  const weather = new Weather();
  const one = (reason: string, nowMs: number) =>
    weather.bad({ reason, connection: {}, retryAfterMs: null, waitMs: 1_000 }, sky({ bad: 3 }), nowMs);
  for (const reason of ['TooManyRequests', 'TooManyRequests', 'InternalServerError']) one(reason, 0);
  expect(weather.report(0)?.reason).toBe('TooManyRequests');
  expect(weather.state(1_000)).toBe('trying');
  fines(weather, 100_000, 2_500);
  expect(weather.isFair).toBe(true);
  one('ServiceUnavailable', 3_000);
  expect(weather.report(3_000)?.reason).toBe('ServiceUnavailable');
});

test('a rate that comes after a lull was forgotten slows down as the first one did: what was refused before it says nothing of now', () => {
  const weather = new Weather();
  const refuse = (nowMs: number): void => {
    for (const connection of links)
      weather.bad(
        { reason: 'TooManyRequests', connection, retryAfterMs: null, waitMs: 1_000, isRate: true },
        sky({ bad: 4, inFlight: 100 }),
        nowMs,
      );
  };
  refuse(0);
  weather.idle(120_000);
  expect(weather.isUnclouded).toBe(true);
  refuse(200_000);
  expect(weather.state(200_000)).toBe('slow');
});
