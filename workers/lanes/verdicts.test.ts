import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { apnsRow } from '../../contract/answers.ts';
import { Health } from './health.ts';
import { Jobs } from './jobs.ts';
import type { ActiveJob } from './jobs.ts';
import type { Outcome } from './lane.ts';
import type { Link } from './link.ts';
import { apnsProvider } from './provider.ts';
import { NO_ANSWER, Verdicts } from './verdicts.ts';
import type { WireShot } from './wire-shot.ts';

/* Whose fault an answer was, with the time and the connections in the test's hands; with real ones: wire-lane-weather.test.ts. */

const DEADLINE_MS = 10_000;
let nowMs = 0;
beforeEach(() => {
  nowMs = 100_000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What Verdicts asks of a link, and what it does to it. */
class FakeLink {
  health = new Health();
  isOpen = true;
  isAsked = false;
  heardAtMs = 0;
  roundTripMs = 50;
  readonly did: string[] = [];
  readonly connection = {
    inFlight: 0,
    limit: 100,
    silentSinceMs: null as number | null,
    retire: (why: string) => {
      this.did.push(`retire ${why}`);
      this.isOpen = false;
    },
    ping: (atMs: number) => {
      this.did.push('ping');
      this.connection.silentSinceMs = atMs;
    },
  };

  get givesNothingElse(): boolean {
    return this.health.isSick;
  }
  noteAnswers(): void {
    /* heardAtMs is the test's */
  }
}

function setUp(count = 4) {
  const jobs = new Jobs();
  const links = Array.from({ length: count }, () => new FakeLink());
  for (const { health } of links) health.fine();
  const outcomes: (Outcome | undefined)[] = [];
  let again = 0;
  const job = {
    count: 1_000,
    token: String,
    template: () => 0,
    stop: () => null,
    again: () => {
      again += 1;
    },
    settle: (index: number, outcome: Outcome) => {
      outcomes[index] = outcome;
    },
  };
  const active: ActiveJob = {
    job,
    shot: {} as WireShot,
    next: 1_000,
    again: [],
    unsettled: 1_000,
    done: () => undefined,
    primed: null,
    refusals: null,
    accidents: null,
  };
  const verdicts = new Verdicts({
    provider: apnsProvider(),
    jobs,
    links: () => links as unknown as Link[],
    inFlight: () => 400,
    answerDeadlineMs: DEADLINE_MS,
    log: pino({ level: 'silent' }),
  });
  let index = 0;
  const bad = (
    link: FakeLink,
    status: number,
    reason: string,
    fields: [string, string][] = [],
    device: number = index++,
  ) => verdicts.bad(link as unknown as Link, active, device, apnsRow(status, reason), reason, fields);
  const storm = (status: number, reason: string) => {
    for (const link of links) for (let times = 0; times < 5; times += 1) bad(link, status, reason);
  };
  const lost = (link: FakeLink, why = NO_ANSWER) => verdicts.lost(link as unknown as Link, why);
  return { jobs, links: links as [FakeLink, ...FakeLink[]], verdicts, outcomes, bad, storm, lost, again: () => again };
}

test('an accident that was refused unread waits a moment, goes out again after the wait of its kind, and fails at the third time', () => {
  const { links, verdicts, outcomes, bad, again, jobs } = setUp();
  const [link, other] = links as unknown as [FakeLink, FakeLink];
  for (const [at, on] of [link, other, link].entries()) {
    bad(on, 403, 'InvalidProviderToken', [], 7);
    verdicts.sweep(nowMs);
    expect([outcomes, again()]).toEqual([[], at]);
    nowMs += 250;
    verdicts.sweep(nowMs);
    if (at === 2) break;
    expect([outcomes, again(), jobs.due(nowMs)]).toEqual([[], at + 1, nowMs + 2_000]);
    nowMs += 2_000;
    expect(jobs.due(nowMs)).toBe(Number.POSITIVE_INFINITY);
  }
  expect(outcomes[7]).toEqual({ state: 'failed', reason: 'InvalidProviderToken' });
  // What one device met three times says of nobody else that it is sick.
  expect([link.health.counts.bad, other.health.counts.bad]).toEqual([1, 0]);
});

test('an accident waits as the answer says, for two seconds at most: for longer it fails', () => {
  for (const [seconds, outcome] of [
    ['2', undefined],
    ['3', { state: 'failed', reason: 'TooManyRequests' }],
  ] as const) {
    const { links, verdicts, outcomes, bad, jobs } = setUp();
    bad(links[0], 429, 'TooManyRequests', [['retry-after', seconds]]);
    nowMs += 250;
    verdicts.sweep(nowMs);
    expect(outcomes[0]).toEqual(outcome);
    expect(jobs.due(nowMs)).toBe(outcome === undefined ? nowMs + 2_000 : Number.POSITIVE_INFINITY);
  }
});

test('the end of the lane is the end of that moment', () => {
  const {
    links: [link],
    verdicts,
    outcomes,
    bad,
  } = setUp();
  bad(link, 429, 'TooManyRequests');
  verdicts.close();
  expect(outcomes).toEqual([{ state: 'failed', reason: 'TooManyRequests' }]);
});

test('what the end of the connections brings after the end of the lane is settled too', () => {
  const {
    links: [link],
    verdicts,
    outcomes,
    bad,
  } = setUp();
  verdicts.close();
  bad(link, 429, 'TooManyRequests');
  expect(outcomes).toEqual([{ state: 'failed', reason: 'TooManyRequests' }]);
});

test('when it was the connection, or the weather, it goes out again; in weather not before the wait is over', () => {
  const sick = setUp();
  for (let times = 0; times < 6; times += 1) sick.bad(sick.links[0], 429, 'TooManyRequests');
  sick.verdicts.sweep(nowMs);
  // After a round trip.
  expect([sick.outcomes, sick.again(), sick.jobs.due(nowMs), sick.verdicts.isFair]).toEqual([[], 6, nowMs + 50, true]);
  const stormy = setUp();
  stormy.storm(403, 'InvalidProviderToken');
  stormy.verdicts.sweep(nowMs);
  expect([stormy.outcomes, stormy.again(), stormy.verdicts.isFair]).toEqual([[], 20, false]);
  expect(stormy.jobs.due(nowMs)).toBe(nowMs + 2_000);
});

test('a suspect connection goes when the last of what it had is answered, not before, and by another address', () => {
  const {
    links: [link],
    verdicts,
    bad,
  } = setUp();
  link.connection.inFlight = 3;
  for (let times = 0; times < 6; times += 1) bad(link, 503, 'ServiceUnavailable');
  verdicts.sweep(nowMs);
  expect([link.health.state, link.did]).toEqual(['suspect', []]);
  link.connection.inFlight = 0;
  verdicts.sweep(nowMs);
  expect([link.health.state, link.did, verdicts.sick]).toEqual([
    'leaving',
    ['retire sick: ServiceUnavailable'],
    { connections: 1, reason: 'ServiceUnavailable' },
  ]);
});

test('of several a quarter goes within a second: opening as many anew would look like an attack', () => {
  const { links, verdicts, bad } = setUp();
  for (const link of links.slice(0, 2))
    for (let times = 0; times < 5; times += 1) bad(link, 500, 'InternalServerError');
  verdicts.sweep(nowMs);
  expect([verdicts.isFair, links.filter(({ did }) => did.length > 0).length]).toEqual([true, 1]);
  nowMs += 1_001;
  verdicts.sweep(nowMs);
  expect(links.filter(({ did }) => did.length > 0)).toHaveLength(2);
});

test('in slow weather a suspect connection goes too: it would neither be tried nor make room', () => {
  const { links, verdicts, bad } = setUp(8);
  const good = links.at(-1) as FakeLink;
  // More than an accident, from a quarter of them, and none of it a matter of rates.
  for (let times = 0; times < 9; times += 1)
    for (const link of links.slice(1, 3)) {
      bad(link, 503, 'ServiceUnavailable');
      verdicts.fine(link as unknown as Link);
    }
  for (let times = 0; times < 5; times += 1) bad(links[0], 503, 'ServiceUnavailable');
  expect([verdicts.weather(nowMs)?.state, links[0].health.state, good.did]).toEqual(['slow', 'suspect', []]);
  verdicts.sweep(nowMs);
  expect([links[0].did, links[0].health.state]).toEqual([['retire sick: ServiceUnavailable'], 'leaving']);
});

test('an answer after which a connection does no good ends it, but in weather that everybody gets', () => {
  const {
    links: [link, other],
    storm,
    bad,
  } = setUp();
  bad(link, 403, 'InvalidProviderToken');
  expect([link.did, link.health.state]).toEqual([['retire InvalidProviderToken'], 'good']);
  storm(403, 'InvalidProviderToken');
  nowMs += 1_500;
  const did = other?.did.length;
  if (other !== undefined) bad(other, 403, 'InvalidProviderToken');
  expect(other?.did.length).toBe(did);
});

test('the only connection that fails is weather, also while it is being given up', () => {
  const {
    links: [link],
    verdicts,
    bad,
  } = setUp(1);
  link.isOpen = false;
  link.health.leave();
  bad(link, 503, 'ServiceUnavailable');
  expect(verdicts.weather(nowMs)).toMatchObject({ state: 'stopped', reason: 'ServiceUnavailable' });
});

test('one bad answer among the last of a connection that drains is an accident, also while no other one is open', () => {
  const {
    links: [link],
    verdicts,
    bad,
  } = setUp(1);
  link.isOpen = false;
  bad(link, 503, 'ServiceUnavailable');
  expect(verdicts.weather(nowMs)).toBeNull();
  for (let times = 0; times < 4; times += 1) bad(link, 503, 'ServiceUnavailable');
  expect(verdicts.weather(nowMs)).toMatchObject({ state: 'stopped' });
});

test("what a connection that goes had open takes nobody's turn to go", () => {
  const { links, verdicts, bad } = setUp(8);
  for (let times = 0; times < 4; times += 1) bad(links[0], 403, 'InvalidProviderToken');
  const [, other] = links as unknown as [FakeLink, FakeLink];
  bad(other, 403, 'InvalidProviderToken');
  expect([verdicts.isFair, other.did]).toEqual([true, ['retire InvalidProviderToken']]);
});

test('a single try that fails gives up its connection, unless it is a matter of rates or the answer says when to come again', () => {
  for (const [status, reason, fields, goes] of [
    [503, 'ServiceUnavailable', [], 1],
    [429, 'TooManyRequests', [], 0],
    [503, 'ServiceUnavailable', [['retry-after', '5']], 0],
  ] as [number, string, [string, string][], number][]) {
    const { links, storm, bad, verdicts } = setUp();
    storm(status, reason);
    nowMs += 1_500;
    verdicts.sweep(nowMs);
    const before = links.flatMap(({ did }) => did).length;
    bad(links.at(-1) as FakeLink, status, reason, fields);
    expect([verdicts.weather(nowMs)?.state, links.flatMap(({ did }) => did).length - before]).toEqual([
      'stopped',
      goes,
    ]);
  }
});

test('after a stop all are tried anew, but one that was asked for a sign of life and gave none', () => {
  const { links, storm, lost, verdicts } = setUp();
  const [silent, link] = [links[2], links[3]] as [FakeLink, FakeLink];
  lost(silent);
  storm(503, 'ServiceUnavailable');
  nowMs += 1_000;
  verdicts.sweep(nowMs);
  expect([link.health.state, silent.health.state]).toEqual(['probing', 'suspect']);
});

test('silence is a deadline without any answer: asked once, and given up as soon as it shows that it lives', () => {
  const {
    links: [link, other],
    lost,
    verdicts,
  } = setUp();
  if (other === undefined) return;
  other.heardAtMs = nowMs - DEADLINE_MS + 101;
  lost(other);
  expect([other.did, other.health.state]).toEqual([[], 'good']);
  lost(link);
  lost(link);
  verdicts.sweep(nowMs);
  expect([link.did, link.isAsked, link.health.state]).toEqual([['ping'], true, 'suspect']);
  link.connection.silentSinceMs = null;
  verdicts.sweep(nowMs);
  expect([link.did, link.isAsked]).toEqual([['ping', 'retire sick: NoAnswer'], false]);
});

test('with nothing to send, what was the weather is forgotten after two minutes', () => {
  const { storm, verdicts, jobs } = setUp();
  storm(503, 'ServiceUnavailable');
  expect(jobs.unsent).toBe(0);
  nowMs += 119_999;
  verdicts.sweep(nowMs);
  expect(verdicts.isFair).toBe(false);
  nowMs += 1;
  verdicts.sweep(nowMs);
  expect(verdicts.isFair).toBe(true);
});
