import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { answer } from '../lanes/peer-for-tests.ts';
import type { TestRequest } from '../lanes/peer-for-tests.ts';
import { THREAD_LOST } from './job-memory.ts';
import type { SendingThread } from './sending-threads.ts';
import type { Sickness } from './sick-thread-for-tests.ts';
import { setUp, tally } from './stage-for-tests.ts';

/* Threads that fail by themselves: their code throws, or their event loop stands still. */

const SICK = new URL('./sick-thread-for-tests.ts', import.meta.url);
afterEach(() => {
  vi.restoreAllMocks();
});

const afflict = (thread: SendingThread | undefined, sickness: Sickness): void =>
  (thread as unknown as { post(message: Sickness): void }).post(sickness);

/** Two threads with 20 streams each that are all taken, and 1,000 devices of which each is answered once it is asked for. */
async function busy() {
  const seen: string[] = [];
  const said: { msg: string; err?: { message: string }; thread?: number }[] = [];
  const hanging: TestRequest[] = [];
  const opened = new Set<unknown>();
  let hangs = true;
  const stage = await setUp({
    entry: SICK,
    streams: 20,
    log: pino({ level: 'error' }, { write: (line: string) => said.push(JSON.parse(line) as (typeof said)[0]) }),
    onRequest: (request) => {
      seen.push(request.path);
      // The first answer of a connection lets it have more than one stream.
      if (hangs && opened.has(request.session)) hanging.push(request);
      else answer(request);
      opened.add(request.session);
    },
  });
  const jobs = stage.batches.map((batch) => stage.jobOf(batch));
  const sent = Promise.all(jobs.map(({ job }) => stage.lane.send(stage.shot, job)));
  await vi.waitFor(() => expect(stage.lane.status().inFlight).toBe(40));
  const answerAll = () => {
    hangs = false;
    for (const request of hanging) answer(request);
  };
  return { ...stage, seen, said, jobs, sent, answerAll };
}

test('a thread whose code throws leaves by itself: what it wrote is uncertain, what it did not goes to others, and one line says what was thrown', async () => {
  const terminate = vi.spyOn(Worker.prototype, 'terminate');
  const { threads, jobs, sent, seen, said, answerAll } = await busy();
  const failing = threads.all[0];
  afflict(failing, { kind: 'throw' });
  await failing?.ended;
  answerAll();
  await sent;
  const { accepted = 0, uncertain = 0, ...others } = tally(jobs);
  expect([accepted, uncertain, others]).toEqual([980, 20, {}]);
  expect(
    jobs
      .flatMap(({ outcomes }) => outcomes.flat())
      .filter(({ state }) => state === 'uncertain')
      .every((outcome) => 'reason' in outcome && outcome.reason === THREAD_LOST),
  ).toBe(true);
  expect(new Set(seen).size).toBe(seen.length);
  expect(said.filter(({ msg }) => msg.startsWith('a sending thread has failed'))).toEqual([
    expect.objectContaining({ thread: 0, err: expect.objectContaining({ message: 'OUT_OF_ORDER' }) as unknown }),
  ]);
  expect(terminate).not.toHaveBeenCalled();
});

test('a thread whose event loop stands still gets no batch and is replaced, and what it had not sent is sent by others, once', async () => {
  const { threads, jobs, sent, seen, said, answerAll, lane, shot, batches, jobOf } = await busy();
  const hanging = threads.all[0];
  afflict(hanging, { kind: 'hang', forMs: 60_000 });
  answerAll();
  await vi.waitFor(() => expect(hanging?.isSilent).toBe(true));
  expect(hanging?.isEnded).toBe(false);
  // It has the least to do, were it alive.
  const next = jobOf(batches[0] ?? '');
  await lane.capacity();
  await lane.send(shot, next.job);
  expect(tally([next])).toEqual({ accepted: 250 });
  expect(hanging?.isEnded).toBe(false);
  await sent;
  const { accepted = 0, uncertain = 0, ...others } = tally(jobs);
  expect([accepted + uncertain, others]).toEqual([1_000, {}]);
  expect(uncertain).toBeLessThanOrEqual(20);
  expect(hanging?.isEnded).toBe(true);
  expect(new Set(seen).size).toBe(seen.length - 250);
  expect(said.filter(({ msg }) => msg.startsWith('a sending thread hangs'))).toHaveLength(1);
});

test('a thread that stands still for a moment keeps what it has', async () => {
  const { threads, jobs, sent, said, answerAll } = await busy();
  const slow = threads.all[0];
  afflict(slow, { kind: 'hang', forMs: 2_600 });
  await vi.waitFor(() => expect(slow?.isSilent).toBe(true));
  await vi.waitFor(() => expect(slow?.isSilent).toBe(false));
  answerAll();
  await sent;
  expect(tally(jobs)).toEqual({ accepted: 1_000 });
  expect(threads.all).toContain(slow);
  expect(said).toEqual([]);
});

test('a successor begins when the one before has ended and a pause is over, never beside it', async () => {
  const { threads, sent, answerAll } = await busy();
  const first = threads.all[0];
  afflict(first, { kind: 'throw' });
  await first?.ended;
  const endedAtMs = performance.now();
  answerAll();
  await vi.waitFor(() => expect(threads.all).toHaveLength(2), { interval: 5 });
  const successor = threads.all.find(({ number }) => number === 0);
  expect(successor).not.toBe(first);
  expect((successor?.startedAtMs ?? 0) - endedAtMs).toBeGreaterThan(90);
  await sent;
});

test('a lane that is closed over a thread that does not hear ends it all the same', secondTry(A_WAIT), async () => {
  const { threads, lane, jobs, sent } = await busy();
  afflict(threads.all[0], { kind: 'hang', forMs: 60_000 });
  const startMs = performance.now();
  await lane.close();
  await sent;
  expect(performance.now() - startMs).toBeLessThan(6_000);
  const { accepted = 0, uncertain = 0, held = 0, ...others } = tally(jobs);
  expect([accepted + uncertain + held, others]).toEqual([1_000, {}]);
});
