import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { apns } from '../audience/for-tests.ts';
import { startProxy } from '../lanes/h2/proxy-for-tests.ts';
import { answer } from '../lanes/peer-for-tests.ts';
import type { TestRequest } from '../lanes/peer-for-tests.ts';
import { THREAD_LOST } from './job-memory.ts';
import type { ToThread } from './messages.ts';
import { SendingThread } from './sending-threads.ts';
import { cleanup, setUp, tally } from './stage-for-tests.ts';

test('every device of every batch is sent once, over connections of all threads, and its outcome comes back with its reason', async () => {
  const seen: string[] = [];
  const sessions = new Set<unknown>();
  const { lane, shot, batches, jobOf } = await setUp({
    connections: 4,
    onRequest: (request) => {
      seen.push(request.path);
      sessions.add(request.session);
      if (request.path.endsWith('7')) answer(request, 410, { reason: 'Unregistered' });
      else answer(request);
    },
  });
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ provider: 'apns', connections: 4, streams: 4 }));
  expect(lane.status().credentialLeftMs).toBeGreaterThan(3_500_000);
  const jobs = batches.map((batch) => jobOf(batch));
  await Promise.all(jobs.map(({ job }) => lane.send(shot, job)));
  const sevens = Array.from({ length: 1_000 }, (_, at) => apns(at + 1)).filter((token) => token.endsWith('7')).length;
  expect(tally(jobs)).toEqual({ accepted: 1_000 - sevens, failed: sevens });
  expect(
    jobs
      .flatMap(({ outcomes }) => outcomes.flat())
      .filter(({ state }) => state === 'failed')
      .every((outcome) => 'reason' in outcome && outcome.reason === 'Unregistered'),
  ).toBe(true);
  expect([seen.length, new Set(seen).size, sessions.size]).toEqual([1_000, 1_000, 4]);
  expect(jobs.reduce((sum, { written }) => sum + written.times, 0)).toBe(1_000);
});

test('connections of all threads go through the proxy', async () => {
  const proxy = await startProxy();
  cleanup.push(() => Promise.resolve(proxy.stop()));
  const { lane, shot, batches, jobOf, peer } = await setUp({
    connections: 4,
    proxy: `http://127.0.0.1:${proxy.port}`,
    onRequest: (request) => answer(request),
  });
  const jobs = batches.map((batch) => jobOf(batch));
  await Promise.all(jobs.map(({ job }) => lane.send(shot, job)));
  expect(tally(jobs)).toEqual({ accepted: 1_000 });
  expect(proxy.asked.map(({ target }) => target)).toEqual(Array(4).fill(new URL(peer.url).host));
});

test('of a batch that is sent in part, exactly the named devices get it', async () => {
  const seen: string[] = [];
  const { lane, shot, batches, audience, jobOf } = await setUp({
    onRequest: (request) => {
      seen.push(request.path);
      answer(request);
    },
  });
  const [batch = ''] = batches;
  const part = jobOf(batch, { devices: Uint32Array.of(3, 200, 7) });
  await lane.send(shot, part.job);
  expect(tally([part])).toEqual({ accepted: 3 });
  expect(seen.toSorted()).toEqual(
    [3, 200, 7].map((device) => `/3/device/${audience.view(batch).token(device)}`).toSorted(),
  );
});

test('there is room as long as one thread gets answers, for jobs that go to that one; with none there is no room until one comes', async () => {
  const open = new Set<unknown>();
  const hanging = new Map<unknown, TestRequest[]>();
  let silent: unknown = null;
  let allSilent = false;
  const { lane, shot, batches, jobOf } = await setUp({
    streams: 10,
    batchSize: 10,
    devices: 120,
    onRequest: (request) => {
      // The first answer of a connection lets it have more than one stream.
      if (!open.has(request.session) || (request.session !== silent && !allSilent)) {
        open.add(request.session);
        if (open.size === 1) silent = request.session;
        return answer(request);
      }
      hanging.set(request.session, [...(hanging.get(request.session) ?? []), request]);
    },
  });
  const jobs = batches.map((batch) => jobOf(batch));
  const sent: Promise<void>[] = [];
  // Until all streams of the one that gets no answers are taken.
  await vi.waitFor(
    () => {
      const next = jobs[sent.length];
      if (next !== undefined && sent.length < 6) sent.push(lane.send(shot, next.job));
      expect(hanging.get(silent)).toHaveLength(10);
    },
    { interval: 20 },
  );
  await sleep(1_200);
  await lane.capacity();
  const others = jobs.slice(sent.length, sent.length + 4);
  const last = jobs[sent.length + 4];
  await Promise.all(others.map(({ job }) => lane.send(shot, job)));
  expect(tally(others)).toEqual({ accepted: 40 });

  allSilent = true;
  if (last !== undefined) sent.push(lane.send(shot, last.job));
  await vi.waitFor(() => expect(lane.status().inFlight).toBe(20));
  await sleep(1_200);
  let has = false;
  const room = lane.capacity().then(() => {
    has = true;
  });
  await sleep(100);
  expect(has).toBe(false);
  allSilent = false;
  silent = null;
  for (const request of [...hanging.values()].flat()) answer(request);
  await room;
  await Promise.all(sent);
});

test('a write that the provider refuses unread is told besides, so that what is unsent can be counted', async () => {
  const refused = new Set<string>();
  const { lane, shot, batches, jobOf } = await setUp({
    onRequest: (request) => {
      if (!/[05]$/.test(request.path) || refused.has(request.path)) return answer(request);
      refused.add(request.path);
      request.stream.close(7);
    },
  });
  const job = jobOf(batches[0] ?? '');
  await lane.send(shot, job.job);
  expect(tally([job])).toEqual({ accepted: 250 });
  expect(refused.size).toBeGreaterThan(10);
  expect(job.written).toMatchObject({ times: 250 + refused.size, again: refused.size });
});

test('a batch that comes to threads which were not told of its audience is given back, and they get no other for a while', async () => {
  const { lane, shot, batches, jobOf, threads, audience } = await setUp({ onRequest: answer });
  threads.attach(null);
  // Each thread gives one back.
  for (const batch of batches.slice(0, 2)) {
    const job = jobOf(batch);
    await lane.send(shot, job.job);
    expect(new Set(job.outcomes.flat().map((outcome) => outcome.state === 'held' && outcome.why))).toEqual(
      new Set(['returned']),
    );
  }
  let has = false;
  const room = lane.capacity().then(() => {
    has = true;
  });
  await sleep(1_000);
  expect(has).toBe(false);
  threads.attach(audience);
  await room;
  const job = jobOf(batches[0] ?? '');
  await lane.send(shot, job.job);
  expect(tally([job])).toEqual({ accepted: 250 });
});

test(
  'a thread that dies in mid-batch: what it wrote is uncertain, what it did not goes to another one, nothing comes twice',
  secondTry('a thread that gets no core answers late'),
  async () => {
    const seen: string[] = [];
    let silent = true;
    const hanging: TestRequest[] = [];
    const opened = new Set<unknown>();
    const { lane, shot, batches, jobOf, threads } = await setUp({
      streams: 20,
      onRequest: (request) => {
        seen.push(request.path);
        // The first answer of a connection lets it have more than one stream; of the others a third is answered, the rest hangs.
        if (!silent || !opened.has(request.session) || seen.length % 3 === 0) answer(request);
        else hanging.push(request);
        opened.add(request.session);
      },
    });
    const jobs = batches.map((batch) => jobOf(batch));
    const sent = jobs.map(({ job }) => lane.send(shot, job));
    await vi.waitFor(() => expect(lane.status().inFlight).toBe(40));
    const dying = threads.all[0];
    const lives = seen.length;
    await dying?.terminate();
    expect(threads.all).not.toContain(dying);
    const lost = jobs
      .flatMap(({ outcomes }) => outcomes.flat())
      .filter((outcome) => outcome.state === 'uncertain' && outcome.reason === THREAD_LOST);
    expect(lost).toHaveLength(20);
    silent = false;
    for (const request of hanging) answer(request);
    await Promise.all(sent);
    const counts = tally(jobs);
    expect((counts['accepted'] ?? 0) + (counts['uncertain'] ?? 0)).toBe(1_000);
    expect(counts['uncertain']).toBe(20);
    expect(seen.length).toBeGreaterThanOrEqual(lives);
    expect(new Set(seen).size).toBe(seen.length);
    expect(counts['accepted']).toBeLessThanOrEqual(seen.length);
    expect(seen.length).toBeLessThanOrEqual((counts['accepted'] ?? 0) + (counts['uncertain'] ?? 0));
  },
);

test('threads that die again and again while answers pour in: every device has one outcome, and none is sent twice', async () => {
  const seen: string[] = [];
  const { lane, shot, batches, jobOf, threads } = await setUp({
    devices: 12_000,
    batchSize: 200,
    onRequest: (request) => {
      seen.push(request.path);
      answer(request);
    },
  });
  const jobs = batches.map((batch) => jobOf(batch));
  const sending = (async () => {
    for (const { job } of jobs) {
      await lane.capacity();
      void lane.send(shot, job);
    }
  })();
  for (const count of [500, 1_500, 3_000, 4_500]) {
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(count), { interval: 1 });
    await threads.all[count % threads.all.length]?.terminate();
  }
  await sending;
  await vi.waitFor(() => expect(jobs.every(({ outcomes }) => outcomes.every((one) => one.length > 0))).toBe(true), {
    timeout: 20_000,
  });
  const { accepted = 0, uncertain = 0, held = 0, ...others } = tally(jobs);
  expect([accepted + uncertain + held, others]).toEqual([12_000, {}]);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBeGreaterThanOrEqual(accepted);
  expect(seen.length).toBeLessThanOrEqual(accepted + uncertain);
});

test('a thread that has died is replaced, and sends what comes then', async () => {
  const { lane, shot, batches, jobOf, threads } = await setUp({ threads: 1, onRequest: (request) => answer(request) });
  const [before] = threads.all;
  await before?.terminate();
  expect(lane.status()).toMatchObject({ streams: 0, inFlight: 0 });
  // Nobody is there: what comes now waits for the successor, if it may.
  const late = jobOf(batches[0] ?? '', { forMs: 20 });
  const early = jobOf(batches[0] ?? '');
  await Promise.all([lane.send(shot, late.job), lane.send(shot, early.job)]);
  expect(tally([late])).toEqual({ held: 250 });
  expect(late.outcomes[0]).toEqual([{ state: 'held', why: 'late' }]);
  expect(tally([early])).toEqual({ accepted: 250 });
  await lane.capacity();
  expect(threads.all[0]).not.toBe(before);
  const jobs = batches.slice(1).map((batch) => jobOf(batch));
  await Promise.all(jobs.map(({ job }) => lane.send(shot, job)));
  expect(tally(jobs)).toEqual({ accepted: 750 });
});

test('a halt settles what waits for a thread too, and a pause keeps it', async () => {
  const { lane, shot, batches, jobOf, threads, say } = await setUp({
    threads: 1,
    onRequest: (request) => answer(request),
  });
  await threads.all[0]?.terminate();
  const halted = jobOf(batches[0] ?? '');
  const sent = lane.send(shot, halted.job);
  say(true);
  await sent;
  expect(threads.all).toEqual([]);
  expect(tally([halted])).toEqual({ held: 250 });
  expect(halted.outcomes[0]).toEqual([{ state: 'held', why: 'halted' }]);
  say(false, true);
  const paused = jobOf(batches[1] ?? '');
  let done = false;
  const pausedSent = lane.send(shot, paused.job).then(() => {
    done = true;
  });
  await vi.waitFor(() => expect(lane.status().streams).toBeGreaterThan(0));
  expect(done).toBe(false);
  say(false);
  await pausedSent;
  expect(tally([paused])).toEqual({ accepted: 250 });
});

test('a job goes to no thread that has no connection, as long as another one has', async () => {
  const { lane, shot, batches, jobOf, threads, peer } = await setUp({ onRequest: (request) => answer(request) });
  const before = threads.all[1];
  peer.server.removeAllListeners('secureConnection').on('secureConnection', (socket) => socket.destroy());
  await before?.terminate();
  await vi.waitFor(() => expect(threads.all).toHaveLength(2), { interval: 5 });
  expect(threads.all).not.toContain(before);
  const jobs = batches.map((batch) => jobOf(batch, { forMs: 3_000 }));
  await Promise.all(jobs.map(({ job }) => lane.send(shot, job)));
  expect(tally(jobs)).toEqual({ accepted: 1_000 });
});

test('a halt is seen by the threads themselves, though the main thread is busy', secondTry(A_WAIT), async () => {
  let seen = 0;
  const { lane, shot, batches, jobOf, say } = await setUp({
    onRequest: (request) => {
      seen += 1;
      answer(request);
    },
  });
  lane.pace(500);
  const jobs = batches.map((batch) => jobOf(batch));
  const sent = jobs.map(({ job }) => lane.send(shot, job));
  await vi.waitFor(() => expect(seen).toBeGreaterThan(50), { interval: 5 });
  say(true);
  const haltedAtMs = Date.now();
  // Not even an answer is read here meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  await Promise.all(sent);
  const counts = tally(jobs);
  expect(counts['held']).toBeGreaterThan(500);
  expect(Math.max(...jobs.map(({ written }) => written.lastMs)) - haltedAtMs).toBeLessThan(100);
  expect(
    jobs
      .flatMap(({ outcomes }) => outcomes.flat())
      .filter(({ state }) => state === 'held')
      .every((outcome) => 'why' in outcome && outcome.why === 'halted'),
  ).toBe(true);
});

test('an answer that every push would get stops all threads at the next write; a claim that ends makes the rest late', async () => {
  let reason: string | null = null;
  const { lane, shot, batches, jobOf } = await setUp({
    onRequest: (request) => (reason === null ? answer(request) : answer(request, 400, { reason })),
  });
  lane.pace(500);
  const late = jobOf(batches[0] ?? '', { forMs: 200 });
  await lane.send(shot, late.job);
  expect(
    late.outcomes.flat().filter((outcome) => outcome.state === 'held' && outcome.why === 'late').length,
  ).toBeGreaterThan(100);
  reason = 'TopicDisallowed';
  const jobs = batches.slice(1).map((batch) => jobOf(batch));
  await Promise.all(jobs.map(({ job }) => lane.send(shot, job)));
  const counts = tally(jobs);
  expect(counts['failed']).toBeLessThan(100);
  expect(counts['held']).toBe(750 - (counts['failed'] ?? 0));
});

test('a pace is one for all threads, however the batches lie', secondTry(A_WAIT), async () => {
  let seen = 0;
  const { lane, shot, batches, jobOf } = await setUp({
    devices: 3_000,
    batchSize: 1_500,
    connections: 4,
    onRequest: (request) => {
      seen += 1;
      answer(request);
    },
  });
  lane.pace(1_000);
  const jobs = batches.map((batch) => jobOf(batch));
  const startMs = performance.now();
  const sent = jobs.map(({ job }) => lane.send(shot, job));
  await vi.waitFor(() => expect(seen).toBeGreaterThan(1_000), { interval: 2 });
  expect(seen).toBeLessThan((performance.now() - startMs) * 1.02 + 60);
  lane.pace(0);
  await Promise.all(sent);
  expect(tally(jobs)).toEqual({ accepted: 3_000 });
  expect(performance.now() - startMs).toBeLessThan(2_500);
});

test('priming asks the main thread before each push, and every thread moves its connections to a new credential, one after the other', async () => {
  const primes: string[] = [];
  const asked: string[] = [];
  const { lane, credential } = await setUp({
    connections: 4,
    mayPrime: (token) => asked.push(token) > 0,
    onRequest: (request) => {
      primes.push(String(request.headers['authorization']));
      answer(request);
    },
  });
  const staff = [{ token: 'aa' }, { token: 'bb' }];
  await lane.prime(staff, new AbortController().signal);
  expect(lane.status()).toMatchObject({ connections: 4, primed: 4, streams: 400 });
  expect([primes.length, asked.length, new Set(asked).size]).toEqual([4, 4, 2]);
  lane.freezeCredential(true);
  credential.next();
  await new Promise((resolve) => {
    setTimeout(resolve, 1_200);
  });
  expect(primes).toHaveLength(4);
  lane.freezeCredential(false);
  await vi.waitFor(() => expect(primes.slice(4)).toEqual(Array.from({ length: 4 }, () => 'bearer token-2')));
  expect(lane.status()).toMatchObject({ connections: 4, primed: 4 });
});

test('a credential that the provider refuses in a thread is named with its reason, and the connections keep the one before', async () => {
  const real: string[] = [];
  const { lane, credential, shot, batches, jobOf } = await setUp({
    connections: 4,
    timing: { renewEveryMs: 5 },
    onRequest: (request) => {
      const authorization = String(request.headers['authorization']);
      if (!request.path.endsWith('/aa')) real.push(authorization);
      if (authorization === 'bearer token-2') answer(request, 403, { reason: 'BadEnvironmentKeyIdInToken' });
      else answer(request);
    },
  });
  await lane.prime([{ token: 'aa' }], new AbortController().signal);
  expect(lane.status()).toMatchObject({ primed: 4, refusal: null });
  credential.next();
  await vi.waitFor(() => expect(lane.status()).toMatchObject({ primed: 4, refusal: 'BadEnvironmentKeyIdInToken' }));
  const job = jobOf(batches[0] ?? '');
  await lane.send(shot, job.job);
  expect(tally([job])).toEqual({ accepted: 250 });
  expect(new Set(real)).toEqual(new Set(['bearer token-1']));
});

/** What is sent to threads from now on is lost unless it `passes`. */
function handOverOnly(passes: (message: ToThread) => boolean): void {
  const real = SendingThread.prototype;
  const { value: post } = Object.getOwnPropertyDescriptor(real, 'post') as { value: SendingThread['post'] };
  const posted = vi.spyOn(real, 'post').mockImplementation(function (this: SendingThread, message) {
    if (passes(message)) post.call(this, message);
  });
  cleanup.push(async () => {
    posted.mockRestore();
    await Promise.resolve();
  });
}

test('a thread that is given no credential says so in time, keeps nobody waiting, and opens when it has been given one', async () => {
  const said: { problem?: string }[] = [];
  let swallows = true;
  const { lane, shot, batches, jobOf, threads } = await setUp({
    threads: 1,
    timing: { handedWithinMs: 50 },
    log: pino({ level: 'error' }, { write: (line: string) => said.push(JSON.parse(line) as { problem?: string }) }),
    beforeOpen: () => handOverOnly((message) => message.kind !== 'credential' || !swallows),
    onRequest: (request) => answer(request),
  });
  // `open` has come back though nothing is open.
  expect(said).toContainEqual(
    expect.objectContaining({
      problem:
        'CREDENTIAL_NOT_HANDED_OVER: the main thread gave this thread no credential to open connections with within 50 ms',
    }),
  );
  expect(lane.status().streams).toBe(0);
  // One that has died is asked no more; its successor is.
  await threads.all[0]?.terminate();
  await vi.waitFor(() =>
    expect(said.filter(({ problem }) => problem?.startsWith('CREDENTIAL_NOT') === true).length).toBeGreaterThanOrEqual(
      3,
    ),
  );
  expect(said.filter(({ problem }) => problem === 'THREAD_ENDED')).toEqual([]);
  swallows = false;
  await vi.waitFor(() => expect(lane.status().streams).toBe(2));
  const job = jobOf(batches[0] ?? '');
  await lane.send(shot, job.job);
  expect(tally([job])).toEqual({ accepted: 250 });
});

test('a lane that is closed asks none of its threads again', async () => {
  const said: string[] = [];
  const { lane } = await setUp({
    threads: 1,
    timing: { handedWithinMs: 50 },
    log: pino({ level: 'error' }, { write: (line: string) => said.push(line) }),
    onRequest: (request) => answer(request),
    beforeOpen: () => handOverOnly((message) => message.kind !== 'credential'),
  });
  expect(said).toHaveLength(1);
  await lane.close();
  await new Promise((resolve) => {
    setTimeout(resolve, 1_300);
  });
  expect(said).toHaveLength(1);
});

test('a thread that never says that it has closed is waited for 2 s', async () => {
  const { lane } = await setUp({ threads: 1, onRequest: (request) => answer(request) });
  handOverOnly((message) => message.kind !== 'close');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let isClosed = false;
    void lane.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isClosed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('closing holds what is unsent and leaves what is unanswered uncertain', async () => {
  let received = 0;
  const { lane, shot, batches, jobOf } = await setUp({
    threads: 1,
    connections: 1,
    streams: 5,
    onRequest: (request) => {
      received += 1;
      if (received === 1) answer(request);
    },
  });
  const one = jobOf(batches[0] ?? '');
  const sent = lane.send(shot, one.job);
  await vi.waitFor(() => expect(received).toBe(6));
  await lane.close();
  await sent;
  expect(tally([one])).toEqual({ accepted: 1, uncertain: 5, held: 244 });
});
