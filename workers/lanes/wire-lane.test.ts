import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { fixedCredential } from '../credentials/fixed-for-tests.ts';
import type { Held } from './held.ts';
import type { LaneJob, Outcome } from './lane.ts';
import { answer, startPeer } from './peer-for-tests.ts';
import type { TestRequest } from './peer-for-tests.ts';
import { apnsProvider, fcmProvider } from './provider.ts';
import { lookAhead, WireLane } from './wire-lane.ts';

/*
 * The whole lane over TLS to a bare HTTP/2 peer. One file over 300 lines, because every test has the same set-up and asks
 * the same: each device is settled once, whatever the peer, the pace, the switches and the credential do meanwhile.
 */

const said: { msg: string; why?: string; backOffMs?: number }[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line) as (typeof said)[number]) });
const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of cleanup.splice(0).toReversed()) await stop();
});

interface Setup {
  streams?: number;
  connections?: number;
  answerDeadlineMs?: number;
  provider?: 'apns' | 'fcm';
  onRequest: (request: TestRequest) => void;
  mayPrime?: () => boolean;
}

async function setUp(setup: Setup) {
  const peer = await startPeer({
    ...(setup.streams === undefined ? {} : { streams: setup.streams }),
    onRequest: setup.onRequest,
  });
  cleanup.push(() => peer.stop());
  const credential = fixedCredential();
  const lane = new WireLane({
    provider: setup.provider === 'fcm' ? fcmProvider('project') : apnsProvider(),
    url: peer.url,
    ca: peer.ca,
    connections: setup.connections ?? 1,
    credential,
    prime: { headers: { 'apns-push-type': 'background' }, body: Buffer.from('{"aps":{}}') },
    mayPrime: () => Promise.resolve(setup.mayPrime?.() ?? true),
    log,
    answerDeadlineMs: setup.answerDeadlineMs ?? 5_000,
    renewEveryMs: 2,
  });
  cleanup.push(() => lane.close());
  await lane.open(new AbortController().signal);
  const shot = lane.prepare([
    { headers: { 'apns-topic': 'com.example' }, body: Buffer.from('{"aps":{"alert":"hi"}}') },
  ]);
  return { peer, lane, shot, credential };
}

function jobOf(count: number, stop: () => Held | null = () => null) {
  const outcomes: Outcome[][] = Array.from({ length: count }, () => []);
  let written = 0;
  let again = 0;
  const job: LaneJob = {
    count,
    stop,
    token: (index) => `device${index}`,
    template: () => 0,
    settle: (index, outcome) => outcomes[index]?.push(outcome),
    wrote: () => {
      written += 1;
    },
    again: () => {
      again += 1;
    },
  };
  const states = () => outcomes.map((list) => list.map((one) => one.state).join('+'));
  return {
    job,
    outcomes,
    states,
    written: () => written,
    again: () => again,
    tally: () => Object.groupBy(states(), (state) => state),
  };
}

/** A tenth of a second at each look, until it is so. */
async function letTimePass(isSo: () => void): Promise<void> {
  const own = performance.now.bind(performance);
  let aheadMs = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => own() + aheadMs);
  cleanup.push(() => Promise.resolve(clock.mockRestore()));
  await vi.waitFor(
    () => {
      aheadMs += 100;
      isSo();
    },
    { interval: 5 },
  );
}

describe('lane', () => {
  test('every device is settled once, by what the provider answered', async () => {
    const { lane, shot } = await setUp({
      onRequest: (request) =>
        request.path.endsWith('7') ? answer(request, 410, { reason: 'Unregistered' }) : answer(request),
    });
    const { job, outcomes, written } = jobOf(200);
    await lane.send(shot, job);
    expect(outcomes.every((list) => list.length === 1)).toBe(true);
    expect(outcomes.filter(([one]) => one?.state === 'accepted').length).toBe(180);
    expect(outcomes[7]).toEqual([{ state: 'failed', reason: 'Unregistered' }]);
    expect(written()).toBe(200);
  });

  const TIME = 1_802_649_600_123;
  test.each<[string, 'apns' | 'fcm', number, object | string, object]>([
    ['of a 410', 'apns', 410, { reason: 'Unregistered', timestamp: TIME }, { goneAtMs: TIME }],
    [
      'of a 410 as somebody else writes JSON',
      'apns',
      410,
      `{ "timestamp" : ${TIME} , "reason" : "ExpiredToken" }`,
      { goneAtMs: TIME },
    ],
    ['that is none', 'apns', 410, { reason: 'Unregistered' }, {}],
    ['in seconds', 'apns', 410, { reason: 'Unregistered', timestamp: 1_802_649_600 }, {}],
    ['in microseconds', 'apns', 410, { reason: 'Unregistered', timestamp: TIME * 1_000 }, {}],
    ['of a far future', 'apns', 410, { reason: 'Unregistered', timestamp: 4_000_000_000_000 }, {}],
    ['below zero', 'apns', 410, { reason: 'Unregistered', timestamp: -TIME }, {}],
    ['that is no number', 'apns', 410, { reason: 'Unregistered', timestamp: String(TIME) }, {}],
    ['with a fraction', 'apns', 410, `{"reason":"Unregistered","timestamp":${TIME}.5}`, {}],
    ['of another status', 'apns', 400, { reason: 'BadDeviceToken', timestamp: TIME }, {}],
    ['of another answer than of a bad token', 'apns', 410, { reason: 'Unheard', timestamp: TIME }, {}],
    ['of FCM', 'fcm', 410, { error: { details: [{ errorCode: 'UNREGISTERED' }] }, timestamp: TIME }, {}],
  ])(
    'since when a token is gone is told as APNs says it, and never guessed: a timestamp %s',
    async (_, provider, status, body, expected) => {
      const { lane, shot } = await setUp({
        provider,
        onRequest: ({ stream }) => {
          stream.respond({ ':status': status });
          stream.end(typeof body === 'string' ? body : JSON.stringify(body));
        },
      });
      const { job, outcomes } = jobOf(1);
      await lane.send(shot, job);
      expect(outcomes[0]).toEqual([{ state: 'failed', reason: expect.any(String) as string, ...expected }]);
    },
  );

  test('any 2xx is a success, and opens the connection up', async () => {
    const { lane, shot } = await setUp({
      onRequest: (request) => answer(request, request.path.endsWith('0') ? 201 : 202, {}),
    });
    const { job, tally } = jobOf(50);
    await lane.send(shot, job);
    expect(tally().accepted).toHaveLength(50);
    expect(lane.status()).toMatchObject({ primed: 1, streams: 100 });
  });

  test('an unprimed connection has one stream open until an answer shows that it is authenticated', async () => {
    const open: TestRequest[] = [];
    let most = 0;
    let opened = false;
    const { lane, shot } = await setUp({
      onRequest: (request) => {
        open.push(request);
        if (!opened) most = Math.max(most, open.length);
        setTimeout(() => {
          open.splice(open.indexOf(request), 1);
          // A rejected token proves nothing; the third device is a good one.
          if (request.path.endsWith('device0') || request.path.endsWith('device1'))
            return answer(request, 400, { reason: 'BadDeviceToken' });
          opened = true;
          answer(request);
        }, 5);
      },
    });
    const { job, states } = jobOf(300);
    expect(lane.status().primed).toBe(0);
    await lane.send(shot, job);
    expect(most).toBe(1);
    expect(states().filter((state) => state === 'accepted').length).toBe(298);
    await vi.waitFor(() =>
      expect(lane.status()).toMatchObject({ primed: 1, connections: 1, streams: 100, inFlight: 0 }),
    );
  });

  test('the stream limit of the peer is kept when it is lowered while sending', async () => {
    let open = 0;
    let seen = 0;
    let mostAfter = 0;
    const { lane, shot } = await setUp({
      streams: 50,
      onRequest: (request) => {
        open += 1;
        seen += 1;
        if (seen === 60) request.session.settings({ maxConcurrentStreams: 3 });
        // The new limit holds once the client has it and what was open before has ended.
        if (seen > 160) mostAfter = Math.max(mostAfter, open);
        setTimeout(() => {
          open -= 1;
          answer(request);
        }, 3);
      },
    });
    const { job, states } = jobOf(300);
    await lane.send(shot, job);
    expect(new Set(states())).toEqual(new Set(['accepted']));
    expect(mostAfter).toBeLessThanOrEqual(3);
    expect(mostAfter).toBeGreaterThan(0);
  });

  test('a refused stream is sent again, and nothing is lost or settled twice', async () => {
    const refused = new Set<string>();
    const { lane, shot } = await setUp({
      onRequest: (request) => {
        if (/[05]$/.test(request.path) && !refused.has(request.path)) {
          refused.add(request.path);
          request.stream.close(7);
        } else answer(request);
      },
    });
    const { job, states, written, again } = jobOf(100);
    await lane.send(shot, job);
    expect(states()).toEqual(Array.from({ length: 100 }, () => 'accepted'));
    expect([written(), again()]).toEqual([100 + refused.size, refused.size]);
    expect(refused.size).toBe(20);
  });

  test('a refused stream is not sent again once the job must stop', async () => {
    let halted = false;
    let requests = 0;
    const { lane, shot } = await setUp({
      onRequest: (request) => {
        requests += 1;
        if (request.path.endsWith('device0')) return answer(request);
        halted = true;
        request.stream.close(7);
      },
    });
    const { job, outcomes } = jobOf(2, () => (halted ? 'halted' : null));
    await lane.send(shot, job);
    expect(outcomes[1]).toEqual([{ state: 'held', why: 'halted' }]);
    expect(requests).toBe(2);
  });

  test('a lane whose streams are all taken, without an answer for a second, has no room for another batch until one comes', async () => {
    const hanging: TestRequest[] = [];
    let seen = 0;
    const { lane, shot } = await setUp({
      streams: 5,
      answerDeadlineMs: 600_000,
      onRequest: (request) => {
        seen += 1;
        if (seen === 1) answer(request);
        else hanging.push(request);
      },
    });
    await lane.send(shot, jobOf(1).job);
    const sent = lane.send(shot, jobOf(5).job);
    await vi.waitFor(() => expect(hanging).toHaveLength(5));
    await lane.capacity();
    await letTimePass(() => expect(lane.isStalled).toBe(true));
    let has = false;
    const room = lane.capacity().then(() => {
      has = true;
    });
    // Longer than it takes to look round for those who wait.
    await sleep(120);
    expect(has).toBe(false);
    const [first, ...others] = hanging;
    if (first !== undefined) answer(first);
    await room;
    for (const request of others) answer(request);
    await sent;
    // Nothing to wait for is no stall.
    await sleep(120);
    expect(lane.isStalled).toBe(false);
  });

  test('streams above the last id of a GOAWAY are sent again on another connection; those below are not', async () => {
    const seen: string[] = [];
    let first: unknown = null;
    const { lane, shot } = await setUp({
      onRequest: (request) => {
        first ??= request.session;
        seen.push(request.path);
        if (request.path.endsWith('device0') || request.session !== first) return answer(request);
        // device1 is stream 3: processed up to there. What comes after was not looked at.
        if (request.path.endsWith('device1')) request.session.goaway(0, 3);
        if (request.path.endsWith('device1')) setTimeout(() => answer(request), 20);
      },
    });
    const { job, states } = jobOf(40);
    await lane.send(shot, job);
    expect(states()).toEqual(Array.from({ length: 40 }, () => 'accepted'));
    expect(seen.filter((path) => path.endsWith('device1')).length).toBe(1);
  });

  test('what was written to a connection that is lost without an answer is uncertain, and the rest goes on', async () => {
    let broken = false;
    const { lane, shot } = await setUp({
      connections: 2,
      onRequest: (request) => {
        if (request.path.endsWith('device50') && !broken) {
          broken = true;
          request.session.destroy();
        } else if (!request.session.destroyed) setTimeout(() => answer(request), 5);
      },
    });
    const { job, outcomes, states } = jobOf(400);
    await lane.send(shot, job);
    expect(outcomes.every((list) => list.length === 1)).toBe(true);
    expect(outcomes[50]?.[0]?.state).toBe('uncertain');
    expect(states().filter((state) => state === 'accepted').length).toBeGreaterThan(250);
    await vi.waitFor(() => expect(lane.status().streams).toBeGreaterThan(1));
  });

  test('a stream that stays silent becomes uncertain at the deadline and does not hold up others', async () => {
    const { lane, shot } = await setUp({
      answerDeadlineMs: 300,
      onRequest: (request) => {
        if (!request.path.endsWith('device3')) answer(request);
      },
    });
    const { job, outcomes, states } = jobOf(30);
    await lane.send(shot, job);
    expect(outcomes[3]).toEqual([{ state: 'uncertain', reason: 'NoAnswer' }]);
    expect(states().filter((state) => state === 'accepted').length).toBe(29);
  });

  test('after a halt nothing more is written, inside the job and in those that wait', async () => {
    let received = 0;
    let halted = false;
    const { lane, shot } = await setUp({
      streams: 10,
      onRequest: (request) => {
        received += 1;
        setTimeout(() => answer(request), 5);
      },
    });
    const first = jobOf(500, () => (halted ? 'halted' : null));
    const second = jobOf(500, () => (halted ? 'halted' : null));
    const both = Promise.all([lane.send(shot, first.job), lane.send(shot, second.job)]);
    await vi.waitFor(() => expect(received).toBeGreaterThan(50));
    halted = true;
    const writtenAtHalt = first.written() + second.written();
    await both;
    expect(first.written() + second.written()).toBe(writtenAtHalt);
    expect(received).toBe(writtenAtHalt);
    expect(second.states()).toEqual(Array.from({ length: 500 }, () => 'held'));
  });

  test('a job that must stop is settled though no connection is there', async () => {
    const { lane, shot, peer } = await setUp({ onRequest: (request) => answer(request) });
    await peer.stop();
    cleanup.shift();
    await vi.waitFor(() => expect(lane.status().streams).toBe(0));
    let late = false;
    const { job, states } = jobOf(5, () => (late ? 'late' : null));
    const sent = lane.send(shot, job);
    let room = false;
    void lane.capacity().then(() => {
      room = true;
    });
    late = true;
    await sent;
    expect(states()).toEqual(['held', 'held', 'held', 'held', 'held']);
    expect(room).toBe(false);
  });

  test('a paused job waits, lets another one pass, and goes on', async () => {
    const { lane, shot } = await setUp({ onRequest: (request) => answer(request) });
    let paused = true;
    const waiting = jobOf(20, () => (paused ? 'paused' : null));
    const done = lane.send(shot, waiting.job);
    const other = jobOf(20);
    await lane.send(shot, other.job);
    expect(waiting.written()).toBe(0);
    paused = false;
    await done;
    expect(new Set(waiting.states())).toEqual(new Set(['accepted']));
  });

  test('the pace is kept and can be changed while sending', secondTry(A_WAIT), async () => {
    const { lane, shot } = await setUp({ onRequest: (request) => answer(request) });
    lane.pace(200);
    const { job, written } = jobOf(1_000);
    const startMs = performance.now();
    const sent = lane.send(shot, job);
    await vi.waitFor(() => expect(written()).toBeGreaterThan(40));
    expect(written()).toBeLessThan(((performance.now() - startMs) * 200) / 1_000 + 20);
    lane.pace(0);
    await sent;
    expect(performance.now() - startMs).toBeLessThan(3_000);
  });

  test('a pace is spread over all connections', async () => {
    const received = new Map<unknown, number>();
    const { lane, shot } = await setUp({
      connections: 4,
      onRequest: (request) => {
        received.set(request.session, (received.get(request.session) ?? 0) + 1);
        answer(request);
      },
    });
    await lane.prime([{ token: 'staff' }], new AbortController().signal);
    lane.pace(4_000);
    const { job } = jobOf(1_200);
    await lane.send(shot, job);
    expect(received.size).toBe(4);
    for (const count of received.values()) expect(count).toBeGreaterThan(150);
  });

  test('answers that trickle in are followed by a few writes, not by one each', async () => {
    const { lane, shot } = await setUp({
      streams: 100,
      onRequest: (request) => {
        // Primed at once; then one answer after the other, spread over 30 ms.
        if (request.path.endsWith('staff')) answer(request);
        else setTimeout(() => answer(request), 10 + Math.random() * 30);
      },
    });
    await lane.prime([{ token: 'staff' }], new AbortController().signal);
    await vi.waitFor(() => expect(lane.status().streams).toBe(100));
    const writes = vi.spyOn(TLSSocket.prototype, 'write');
    try {
      const { job, states } = jobOf(1_000);
      await lane.send(shot, job);
      expect(new Set(states())).toEqual(new Set(['accepted']));
      expect(writes.mock.calls.length).toBeLessThan(200);
    } finally {
      writes.mockRestore();
    }
  });

  test('priming opens each connection with one push and asks for a ration before each', async () => {
    const paths: string[] = [];
    let rations = 2;
    const { lane } = await setUp({
      connections: 3,
      mayPrime: () => rations-- > 0,
      onRequest: (request) => {
        paths.push(request.path);
        answer(request);
      },
    });
    await lane.prime([{ token: 'staff' }], new AbortController().signal);
    expect(paths).toEqual(['/3/device/staff', '/3/device/staff']);
    expect(lane.status()).toMatchObject({ primed: 2, connections: 3 });
    rations = 5;
    await lane.prime([{ token: 'staff' }], new AbortController().signal);
    expect([lane.status().primed, rations]).toEqual([3, 4]);
  });

  test('closing holds what is unsent and leaves what is unanswered uncertain', async () => {
    let received = 0;
    const { lane, shot } = await setUp({
      streams: 5,
      onRequest: (request) => {
        received += 1;
        if (received === 1) answer(request);
      },
    });
    const { job, tally } = jobOf(20);
    const sent = lane.send(shot, job);
    await vi.waitFor(() => expect(received).toBe(6));
    await lane.close();
    await sent;
    const { accepted, uncertain, held } = tally();
    expect([accepted?.length, uncertain?.length, held?.length]).toEqual([1, 5, 14]);
  });

  test('an FCM request carries its token inside the message and the reason is read from the error detail', async () => {
    const bodies: unknown[] = [];
    const { lane } = await setUp({
      provider: 'fcm',
      onRequest: (request) => {
        bodies.push({ path: request.path, body: JSON.parse(request.body), type: request.headers['content-type'] });
        answer(request, 404, {
          error: {
            code: 404,
            status: 'NOT_FOUND',
            details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: 'UNREGISTERED' }],
          },
        });
      },
    });
    const shot = lane.prepare([{ headers: {}, body: Buffer.from(JSON.stringify({ notification: { title: 'ü' } })) }]);
    const { job, outcomes } = jobOf(1);
    await lane.send(shot, job);
    expect(bodies).toEqual([
      {
        path: '/v1/projects/project/messages:send',
        type: 'application/json',
        body: { message: { token: 'device0', notification: { title: 'ü' } } },
      },
    ]);
    expect(outcomes[0]).toEqual([{ state: 'failed', reason: 'UNREGISTERED' }]);
  });

  test('a peer that goes away comes back into use by itself', async () => {
    const { lane, shot, peer } = await setUp({ onRequest: (request) => answer(request) });
    const [gone] = peer.sessions;
    gone?.destroy();
    await vi.waitFor(() => expect([peer.sessions.size, lane.status().streams]).toEqual([0, 0]), { interval: 1 });
    const { job, states } = jobOf(10);
    await lane.send(shot, job);
    expect(new Set(states())).toEqual(new Set(['accepted']));
  });

  test.each<['apns' | 'fcm', number, object | null, string]>([
    ['apns', 421, null, 'Http421'],
    ['apns', 429, { reason: 'TooManyRequests' }, 'TooManyRequests'],
    ['apns', 503, { reason: 'ServiceUnavailable' }, 'ServiceUnavailable'],
    ['fcm', 421, null, 'Http421'],
    [
      'fcm',
      429,
      { error: { status: 'RESOURCE_EXHAUSTED', details: [{ errorCode: 'QUOTA_EXCEEDED' }] } },
      'QUOTA_EXCEEDED',
    ],
    ['fcm', 503, { error: { status: 'UNAVAILABLE' } }, 'UNAVAILABLE'],
  ])(
    '%s: a device that alone gets %i with Retry-After is tried three times where that was unread, ends alone, and nothing else is sent again',
    async (provider, status, body, reason) => {
      const seen: string[] = [];
      const { lane, peer } = await setUp({
        provider,
        onRequest: (request) => {
          const at =
            provider === 'apns'
              ? request.path
              : (JSON.parse(request.body) as { message: { token: string } }).message.token;
          seen.push(at);
          if (!at.endsWith('device3')) return answer(request);
          request.stream.respond({ ':status': status, 'retry-after': '1' });
          request.stream.end(body === null ? '' : JSON.stringify(body));
        },
      });
      const shot = lane.prepare([{ headers: {}, body: Buffer.from('{"notification":{"title":"hi"}}') }]);
      const [before] = peer.sessions;
      const { job, outcomes, states } = jobOf(20);
      await lane.send(shot, job);
      // An FCM 503 may have been delivered.
      expect(outcomes[3]).toEqual([{ state: reason === 'UNAVAILABLE' ? 'uncertain' : 'failed', reason }]);
      expect(states().filter((state) => state === 'accepted')).toHaveLength(19);
      expect([seen.length, new Set(seen).size, [...peer.sessions]]).toEqual([status === 503 ? 20 : 22, 20, [before]]);
    },
  );

  test.each([
    ['ExpiredProviderToken', 403],
    ['Shutdown', 503],
    ['IdleTimeout', 400],
  ])(
    'an answer that says %s ends its connection: what is open there is still answered, the rest goes over another one',
    async (reason, status) => {
      const sessions: unknown[] = [];
      const { lane, shot } = await setUp({
        streams: 10,
        onRequest: (request) => {
          if (!sessions.includes(request.session)) sessions.push(request.session);
          if (request.path.endsWith('device5')) return answer(request, status, { reason });
          setTimeout(() => answer(request), 5);
        },
      });
      const { job, outcomes, states } = jobOf(60);
      await lane.send(shot, job);
      expect(outcomes[5]).toEqual([{ state: 'failed', reason }]);
      expect(states().filter((state) => state === 'accepted')).toHaveLength(59);
      expect(sessions).toHaveLength(2);
    },
  );

  test.each<['apns' | 'fcm', number, number, object | null]>([
    ['apns', 200, 1, null],
    ['apns', 410, 1, { reason: 'Unregistered' }],
    ['apns', 410, 0, null],
    ['apns', 400, 0, { reason: 'BadDeviceToken' }],
    ['apns', 403, 0, null],
    ['apns', 429, 0, null],
    ['apns', 503, 0, null],
    ['fcm', 200, 1, null],
    ['fcm', 400, 1, { error: { status: 'INVALID_ARGUMENT' } }],
    ['fcm', 404, 1, { error: { status: 'NOT_FOUND' } }],
    ['fcm', 401, 0, null],
    ['fcm', 429, 0, null],
    ['fcm', 503, 0, null],
    // The pages of a front end.
    ['fcm', 400, 0, null],
    ['fcm', 404, 0, null],
  ])(
    '%s: after a first answer of %i, %i connection counts as authenticated (%j)',
    async (provider, status, primed, body) => {
      let answers = 0;
      const { lane } = await setUp({
        provider,
        onRequest: (request) => {
          answers += 1;
          answer(request, status, body);
        },
      });
      void lane.send(
        lane.prepare([{ headers: {}, body: Buffer.from('{"notification":{"title":"hi"}}') }]),
        jobOf(1).job,
      );
      // Refused unread it is sent again, soon.
      await vi.waitFor(() => expect(answers).toBeGreaterThan(0));
      await sleep(20);
      await vi.waitFor(() => expect(lane.status()).toMatchObject({ primed, streams: primed === 1 ? 100 : 1 }));
    },
  );

  test('room is for twice the open streams, a quarter second of pace and 6,000 devices, with what is reserved', async () => {
    const open: TestRequest[] = [];
    const { lane, shot } = await setUp({
      streams: 10,
      onRequest: (request) => {
        if (request.path.endsWith('first')) answer(request);
        else open.push(request);
      },
    });
    await lane.send(shot, { ...jobOf(1).job, token: () => 'first' });
    const hasCapacity = async (reserved = 0) =>
      Promise.race([
        lane.capacity(() => reserved).then(() => true),
        new Promise((resolve) => {
          setImmediate(() => resolve(false));
        }),
      ]);
    const { job } = jobOf(15);
    const sent = lane.send(shot, job);
    await vi.waitFor(() => expect(open).toHaveLength(10));
    // Five are unsent, and there are ten streams.
    expect([await hasCapacity(), await hasCapacity(14), await hasCapacity(15)]).toEqual([true, true, false]);
    lane.pace(21);
    expect(await hasCapacity()).toBe(true);
    lane.pace(20);
    expect(await hasCapacity()).toBe(false);
    let reserved = 15;
    const room = lane.capacity(() => reserved);
    lane.pace(0);
    reserved = 14;
    await room;
    expect([lookAhead(100_000, 0), lookAhead(100_000, 0, 2), lookAhead(1, 1)]).toEqual([6_000, 12_000, 1]);
    for (const request of open) answer(request);
    await vi.waitFor(() => expect(open).toHaveLength(15));
    for (const request of open) answer(request);
    await sent;
  });

  test('a bad token narrows its own connection alone', async () => {
    const open = new Map<unknown, number>();
    let narrowed: unknown = null;
    let after = 0;
    const most = { there: 0, elsewhere: 0 };
    const { lane, shot } = await setUp({
      connections: 2,
      streams: 20,
      onRequest: (request) => {
        const { session } = request;
        open.set(session, (open.get(session) ?? 0) + 1);
        if (narrowed !== null) after += 1;
        // What was open before has been answered by then.
        if (after > 60)
          most[session === narrowed ? 'there' : 'elsewhere'] = Math.max(
            most[session === narrowed ? 'there' : 'elsewhere'],
            open.get(session) ?? 0,
          );
        setTimeout(() => {
          open.set(session, (open.get(session) ?? 0) - 1);
          if (!request.path.endsWith('device100')) return answer(request);
          narrowed = session;
          session.settings({ maxConcurrentStreams: 1 });
          answer(request, 400, { reason: 'BadDeviceToken' });
        }, 3);
      },
    });
    const { job, outcomes, states } = jobOf(800);
    await lane.send(shot, job);
    expect(outcomes[100]).toEqual([{ state: 'failed', reason: 'BadDeviceToken' }]);
    expect(states().filter((state) => state === 'accepted')).toHaveLength(799);
    expect(most.there).toBe(1);
    expect(most.elsewhere).toBeGreaterThan(10);
  });

  test('a connection that was good is replaced at once, another one after a pause', async () => {
    const { lane, shot, peer } = await setUp({ onRequest: (request) => answer(request) });
    const endOne = async () => {
      const [session] = peer.sessions;
      said.length = 0;
      session?.close();
      await vi.waitFor(() => expect(said).toMatchObject([{ msg: 'connection lost' }]));
      await vi.waitFor(() => expect([lane.status().streams, peer.sessions.has(session as never)]).toEqual([1, false]));
      return said[0]?.backOffMs;
    };
    await lane.send(shot, jobOf(100).job);
    expect(await endOne()).toBe(0);
    expect(await endOne()).toBeGreaterThanOrEqual(50);
  });

  test('over many connections whose answers take a while reads are gathered, and everything is sent and settled once', async () => {
    const { lane, shot } = await setUp({
      connections: 12,
      streams: 10,
      onRequest: (request) => {
        setTimeout(() => answer(request), 20 + Math.random() * 20);
      },
    });
    const resumed = vi.spyOn(TLSSocket.prototype, 'resume');
    cleanup.push(() => Promise.resolve(resumed.mockRestore()));
    const { job, states } = jobOf(3_000);
    await lane.send(shot, job);
    expect(states().every((state) => state === 'accepted')).toBe(true);
    expect(resumed.mock.calls.length).toBeGreaterThan(30);
    // With nothing to send nobody is held.
    resumed.mockClear();
    await sleep(100);
    expect(resumed).not.toHaveBeenCalled();
  });
});
