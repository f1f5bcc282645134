import type { ServerHttp2Session } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { fixedCredential } from '../credentials/fixed-for-tests.ts';
import type { Condemned } from './campaign-meter.ts';
import type { Held } from './held.ts';
import type { LaneJob, Outcome } from './lane.ts';
import { answer, startPeer } from './peer-for-tests.ts';
import type { TestRequest } from './peer-for-tests.ts';
import { apnsProvider, fcmProvider } from './provider.ts';
import { WireLane } from './wire-lane.ts';

/* What the lane does about sick connections and a provider's weather, over TLS, with the peer's own count. */

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

interface Seen {
  request: TestRequest;
  number: number;
  connection: number;
  device: string;
  atMs: number;
}
interface Setup {
  connections?: number;
  streams?: number;
  answerDeadlineMs?: number;
  provider?: 'apns' | 'fcm';
  on: (seen: Seen) => void;
}

async function setUp({ connections = 4, streams = 25, answerDeadlineMs = 5_000, provider = 'apns', on }: Setup) {
  const order: ServerHttp2Session[] = [];
  const seen: Seen[] = [];
  const peer = await startPeer({
    streams,
    onRequest: (request) => {
      if (!order.includes(request.session)) order.push(request.session);
      const device =
        provider === 'apns'
          ? request.path.slice('/3/device/'.length)
          : (JSON.parse(request.body) as { message: { token: string } }).message.token;
      const one = {
        request,
        number: seen.length,
        connection: order.indexOf(request.session),
        device,
        atMs: performance.now(),
      };
      seen.push(one);
      on(one);
    },
  });
  cleanup.push(() => peer.stop());
  const lane = new WireLane({
    provider: provider === 'fcm' ? fcmProvider('project') : apnsProvider(),
    url: peer.url,
    ca: peer.ca,
    connections,
    credential: fixedCredential(),
    prime: { headers: {}, body: Buffer.from('{"aps":{}}') },
    mayPrime: () => Promise.resolve(true),
    log: pino({ level: 'silent' }),
    answerDeadlineMs,
  });
  cleanup.push(() => lane.close());
  await lane.open(new AbortController().signal);
  const shot = lane.prepare([{ headers: {}, body: Buffer.from('{"aps":{"alert":"hi"}}') }]);
  return { lane, shot, seen, order, peer };
}

function jobOf(count: number, stop: () => Held | null = () => null) {
  const outcomes: (Outcome | null)[] = Array.from({ length: count }, () => null);
  const condemned: Condemned[] = [];
  let twice = 0;
  const job: LaneJob = {
    count,
    stop,
    token: (index) => `device${index}`,
    template: () => 0,
    condemn: (one) => condemned.push(one),
    settle: (index, outcome) => {
      if (outcomes[index] !== null) twice += 1;
      outcomes[index] = outcome;
    },
  };
  const words = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const one of outcomes) {
      const word =
        one === null
          ? 'open'
          : one.state === 'held'
            ? `held ${one.why}`
            : one.state === 'accepted'
              ? one.state
              : `${one.state} ${one.reason}`;
      counts[word] = (counts[word] ?? 0) + 1;
    }
    return counts;
  };
  return { job, outcomes, words, condemned, twice: () => twice };
}

const soon = (request: TestRequest, status = 200, body: object | null = null) =>
  setTimeout(() => answer(request, status, body), 5);
const busy = (request: TestRequest, seconds: number) => {
  request.stream.respond({ ':status': 429, 'retry-after': String(seconds) });
  request.stream.end(JSON.stringify({ reason: 'TooManyRequests' }));
};

test.each([
  [503, 'ServiceUnavailable', 'failed ServiceUnavailable'],
  [429, 'TooManyRequests', null],
  [500, 'InternalServerError', 'failed InternalServerError'],
])('one of four connections that answers %i at once gets no more than it had open', async (status, reason, word) => {
  let fails = 0;
  const { lane, shot } = await setUp({
    on: ({ request, connection, number }) => {
      // Once it has its streams.
      if (connection !== 1 || number < 40) return soon(request);
      fails += 1;
      answer(request, status, { reason });
    },
  });
  const { job, words, twice } = jobOf(2_000);
  await lane.send(shot, job);
  // What it had open, and what came while its last good answers were still on their way.
  expect(fails).toBeLessThanOrEqual(100);
  expect(fails).toBeGreaterThan(0);
  expect(words()).toEqual(word === null ? { accepted: 2_000 } : { accepted: 2_000 - fails, [word]: fails });
  expect([twice(), lane.status().sick, lane.status().weather]).toEqual([0, { connections: 1, reason }, null]);
});

test('one that resets every stream is given up too; what it had is uncertain', async () => {
  let resets = 0;
  const { lane, shot } = await setUp({
    on: ({ request, connection, number }) => {
      if (connection !== 1 || number < 40) return soon(request);
      resets += 1;
      request.stream.close(2);
    },
  });
  const { job, words } = jobOf(2_000);
  await lane.send(shot, job);
  expect(resets).toBeLessThanOrEqual(100);
  expect(words()).toEqual({ accepted: 2_000 - resets, 'uncertain stream reset: INTERNAL_ERROR': resets });
  expect(lane.status().sick?.connections).toBe(1);
});

test("one whose answers are bad far more often than the others' goes, though never in a row", async () => {
  let turn = 0;
  const { lane, shot } = await setUp({
    on: ({ request, connection, number }) => {
      if (connection !== 1 || number < 40) return soon(request);
      turn += 1;
      // Without a body, which would come behind the others' answers.
      soon(request, turn % 3 === 0 ? 503 : 200);
    },
  });
  const { job, words } = jobOf(6_000);
  await lane.send(shot, job);
  expect(words()['uncertain Http503']).toBeLessThan(60);
  expect(lane.status().sick).toEqual({ connections: 1, reason: 'Http503' });
});

test('a storm for everybody with Retry-After: nothing is lost but time, and nobody is asked before it but by single tries', async () => {
  let stormUntilMs = Number.POSITIVE_INFINITY;
  const { lane, shot, seen } = await setUp({
    on: ({ request, number, atMs }) => {
      if (number === 300) stormUntilMs = atMs + 1_500;
      if (number >= 300 && performance.now() < stormUntilMs) busy(request, 1);
      else soon(request);
    },
  });
  const { job, words, twice } = jobOf(3_000);
  const sent = lane.send(shot, job);
  await vi.waitFor(() => expect(lane.status().weather).toMatchObject({ state: 'stopped', reason: 'TooManyRequests' }), {
    interval: 5,
  });
  const weather = lane.status().weather;
  expect(weather?.waiting).toBeGreaterThan(2_000);
  expect(weather?.againInMs).toBeGreaterThan(500);
  await sent;
  expect([words(), twice()]).toEqual([{ accepted: 3_000 }, 0]);
  const inStorm = seen.filter(({ number, atMs }) => number >= 300 && atMs < stormUntilMs);
  // What was open when it broke, what was given out until five in a row had come, and a try after each wait.
  expect(inStorm.length).toBeLessThanOrEqual(150);
  await vi.waitFor(() => expect(lane.status().weather).toBeNull());
});

test('an FCM 503 for everybody may have been delivered: uncertain, never sent again, and the rest waits', async () => {
  let stormUntilMs = Number.POSITIVE_INFINITY;
  const { lane, shot, seen } = await setUp({
    provider: 'fcm',
    on: ({ request, number, atMs }) => {
      if (number === 300) stormUntilMs = atMs + 800;
      if (number < 300 || performance.now() >= stormUntilMs) return soon(request);
      request.stream.respond({ ':status': 503, 'retry-after': '1' });
      request.stream.end('{"error":{"status":"UNAVAILABLE"}}');
    },
  });
  const { job, words } = jobOf(1_500);
  await lane.send(shot, job);
  const uncertain = words()['uncertain UNAVAILABLE'] ?? 0;
  expect(words()).toEqual({ accepted: 1_500 - uncertain, 'uncertain UNAVAILABLE': uncertain });
  expect(uncertain).toBeLessThanOrEqual(150);
  expect(seen).toHaveLength(1_500);
});

test("the page of a front end is nobody's fate: it is sent again when it is gone", async () => {
  let until = Number.POSITIVE_INFINITY;
  const { lane, shot } = await setUp({
    connections: 2,
    on: ({ request, number, atMs }) => {
      if (number === 100) until = atMs + 500;
      if (number < 100 || performance.now() >= until) return soon(request);
      request.stream.respond({ ':status': 302, location: 'https://login.example.com/', 'content-type': 'text/html' });
      request.stream.end('<html>Sign in</html>');
    },
  });
  const { job, words } = jobOf(600);
  await lane.send(shot, job);
  expect(words()).toEqual({ accepted: 600 });
});

test('after a storm the tries go to one after the other: a device that is refused each time does not keep the rest waiting', async () => {
  let until = Number.POSITIVE_INFINITY;
  const tries: string[] = [];
  const { lane, shot } = await setUp({
    connections: 1,
    streams: 20,
    on: ({ request, number, atMs, device }) => {
      if (number === 30) until = atMs + 300;
      if (number < 30) return soon(request);
      if (performance.now() >= until) tries.push(device);
      if (performance.now() < until || device.endsWith('7')) return soon(request, 404);
      soon(request);
    },
  });
  const { job, words } = jobOf(60);
  const sent = lane.send(shot, job);
  await vi.waitFor(() => expect(words()['accepted'] ?? 0).toBeGreaterThan(40), { timeout: 20_000, interval: 20 });
  // Whoever came first in the storm came first after it, and nobody twice before the others had their turn.
  const first = tries.slice(0, 8);
  expect(new Set(first).size).toBe(first.length);
  await lane.close();
  await sent;
});

test('credentials refused on all connections are weather; a single refusal is one device', async () => {
  let until = Number.POSITIVE_INFINITY;
  const { lane, shot } = await setUp({
    connections: 3,
    on: ({ request, number, atMs, device }) => {
      if (number === 150) until = atMs + 400;
      if (device === 'device20' || (number >= 150 && performance.now() < until))
        return soon(request, 403, { reason: 'InvalidProviderToken' });
      soon(request);
    },
  });
  const { job, words } = jobOf(1_000);
  await lane.send(shot, job);
  expect(words()).toEqual({ accepted: 999, 'failed InvalidProviderToken': 1 });
});

test('in weather the lane has no room, but for one batch when it may try', async () => {
  let isStormy = true;
  let stop: Held | null = null;
  const { lane, shot } = await setUp({
    on: ({ request, number }) => {
      if (isStormy && number >= 20) busy(request, 1);
      else soon(request);
    },
  });
  const hasCapacity = (reserved = 0) =>
    Promise.race([lane.capacity(() => reserved).then(() => true), sleep(20, false)]);
  const sent = lane.send(shot, jobOf(400, () => stop).job);
  await vi.waitFor(() => expect(lane.status().weather?.state).toBe('stopped'), { interval: 5 });
  expect(await hasCapacity()).toBe(false);
  isStormy = false;
  stop = 'halted';
  await sent;
  // Nothing is left that could be tried, nor may anything be yet.
  expect(await hasCapacity()).toBe(false);
  await vi.waitFor(() => expect(lane.status().weather).toMatchObject({ state: 'stopped', againInMs: 0 }), {
    interval: 5,
  });
  expect([await hasCapacity(), await hasCapacity(2)]).toEqual([true, false]);
  const { job: next, words } = jobOf(50);
  await lane.send(shot, next);
  expect(words()).toEqual({ accepted: 50 });
});

test('a lane that ends does not leave open what was just refused', async () => {
  const { lane, shot, seen } = await setUp({
    on: ({ request, number }) => (number === 30 ? answer(request, 429, { reason: 'TooManyRequests' }) : soon(request)),
  });
  const { job, words } = jobOf(40);
  const sent = lane.send(shot, job);
  await vi.waitFor(() => expect([seen.length, words()['accepted']]).toEqual([40, 39]), { interval: 5 });
  await lane.close();
  await sent;
  expect(words()).toEqual({ accepted: 39, 'failed TooManyRequests': 1 });
});

test.each(['halted', 'late', 'returned'] as const)(
  'a job that must stop in bad weather is held at once: %s',
  async (why) => {
    let stop: Held | null = null;
    const { lane, shot } = await setUp({
      on: ({ request, number }) => (number < 20 ? soon(request) : busy(request, 60)),
    });
    const { job, words } = jobOf(400, () => stop);
    const sent = lane.send(shot, job);
    await vi.waitFor(() => expect(lane.status().weather?.state).toBe('stopped'), { interval: 5 });
    stop = why;
    await sent;
    expect(words()).toEqual({ accepted: 20, [`held ${why}`]: 380 });
  },
);

test('nor one whose refusal has begun, and does not end before the lane does', async () => {
  const { lane, shot, seen } = await setUp({
    connections: 2,
    on: ({ request, number }) => {
      if (number < 4) return answer(request);
      request.stream.respond({ ':status': 429 });
    },
  });
  const { job, words, twice } = jobOf(6);
  const sent = lane.send(shot, job);
  await vi.waitFor(() => expect(seen).toHaveLength(6));
  // Until the beginnings of both answers are here.
  await sleep(100);
  await lane.close();
  await sent;
  expect([words(), twice()]).toEqual([{ accepted: 4, 'failed Http429': 2 }, 0]);
});

test(
  'a silent connection gets nothing after its first deadline, and is asked for a sign of life at once',
  secondTry(A_WAIT),
  async () => {
    const silent: Seen[] = [];
    const { lane, shot } = await setUp({
      answerDeadlineMs: 300,
      on: (seen) => {
        if (seen.connection === 1 && seen.number >= 40) silent.push(seen);
        else soon(seen.request);
      },
    });
    const { job, words } = jobOf(12_000);
    await lane.send(shot, job);
    const firstMs = silent[0]?.atMs ?? 0;
    // A second time, where good answers of before came late.
    expect(silent.length).toBeLessThanOrEqual(50);
    expect(silent.filter(({ atMs }) => atMs > firstMs + 600)).toEqual([]);
    expect(words()).toEqual({ accepted: 12_000 - silent.length, 'uncertain NoAnswer': silent.length });
    expect(lane.status().sick).toEqual({ connections: 1, reason: 'NoAnswer' });
  },
);

test(
  'few requests that expire say it too, when nothing else was answered: the connection is asked for a sign of life, and goes',
  secondTry(A_WAIT),
  async () => {
    const silent: Seen[] = [];
    let pings = 0;
    const { lane, shot } = await setUp({
      streams: 2,
      answerDeadlineMs: 300,
      on: (seen) => {
        if (seen.connection !== 1 || seen.number < 20) return soon(seen.request);
        if (silent.length === 0)
          seen.request.session.on('ping', () => {
            pings += 1;
          });
        silent.push(seen);
      },
    });
    const { job, words } = jobOf(1_500);
    await lane.send(shot, job);
    expect([silent.length, pings, lane.status().sick]).toEqual([2, 1, { connections: 1, reason: 'NoAnswer' }]);
    expect(words()).toEqual({ accepted: 1_498, 'uncertain NoAnswer': 2 });
  },
);

test('a server that refuses every stream is asked at most eight times a device, further and further apart', async () => {
  const { lane, shot, seen } = await setUp({
    connections: 1,
    streams: 100,
    on: ({ request, number }) => (number === 0 ? soon(request) : request.stream.close(7)),
  });
  const { job, words } = jobOf(30);
  const startedMs = performance.now();
  await lane.send(shot, job);
  expect(words()).toEqual({ accepted: 1, 'failed RefusedStream': 29 });
  expect(seen).toHaveLength(1 + 29 * 8);
  expect(performance.now() - startedMs).toBeGreaterThan(10 * (2 ** 7 - 1));
});

test('content that everybody is refused for is told to the job; a sporadic refusal is not', async () => {
  const { lane, shot } = await setUp({
    on: ({ request, number }) =>
      number % 50 === 3 ? soon(request, 413, { reason: 'PayloadTooLarge' }) : soon(request),
  });
  const some = jobOf(1_000);
  await lane.send(shot, some.job);
  expect([some.condemned, some.words()]).toEqual([[], { accepted: 980, 'failed PayloadTooLarge': 20 }]);
  const { lane: another, shot: other } = await setUp({
    on: ({ request }) => soon(request, 413, { reason: 'PayloadTooLarge' }),
  });
  const all = jobOf(100);
  await another.send(other, all.job);
  expect(all.condemned).toEqual([{ reason: 'PayloadTooLarge', bad: 20, of: 20 }]);
});
