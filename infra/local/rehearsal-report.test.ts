import { expect, test } from 'vitest';
import { CpuWatch, kindOf, machineTime, processSeconds } from './rehearsal-cpu.ts';
import type { CpuUse } from './rehearsal-cpu.ts';
import { boundLines, streamUse } from './rehearsal-report.ts';

const NO_STREAMS = { ios: null, android: null };
const cpu = (change: Partial<CpuUse> = {}): CpuUse => ({
  cores: 2,
  seconds: 9.05,
  parts: { workers: 7.2, providers: 5.1, cloud: 2.8, bot: 0.4 },
  workerThreads: null,
  machineBusy: 0.88,
  ...change,
});

test('a machine that the parts fill is the bound, and the line says who used it', () => {
  expect(boundLines({ cpu: cpu(), streams: NO_STREAMS })).toEqual([
    '  cpu        workers 7.2 s, providers 5.1 s, cloud 2.8 s, bot 0.4 s of 18.1 core-seconds (86 % busy): CPU-bound',
  ]);
});

test('time that other processes took is told apart from ours', () => {
  const [line] = boundLines({ cpu: cpu({ seconds: 15.5, machineBusy: 0.99 }), streams: NO_STREAMS });
  expect(line).toContain(
    'of 31.0 core-seconds (50 % busy, 99 % with other processes): the machine was full, so the rate says little',
  );
});

test('where no figure shows a bound none is named', () => {
  const streams = { ios: streamUse([40_000, 40_000], 20, [[[0, 50_000]]]), android: null };
  const lines = boundLines({ cpu: cpu({ seconds: 20, machineBusy: 0.4 }), streams });
  expect(lines).toEqual([expect.stringMatching(/\(39 % busy\)$/)]);
  expect(boundLines({ cpu: null, streams: NO_STREAMS })).toEqual([]);
});

test('open streams divided by the latency of an answer is what a provider can get', () => {
  // Two workers, 200 streams together, 100 ms: 2,000 a second. 1,800 devices in the second from slot 5 to slot 14.
  const android = streamUse([100, 100], 100, [
    [
      [5, 500],
      [14, 400],
    ],
    [[6, 900]],
  ]);
  expect(android).toEqual({ streams: 200, latencyMs: 100, most: 2_000, got: 1_800 });
  expect(boundLines({ cpu: null, streams: { ios: null, android } })).toEqual([
    '  streams    Android: 200 open ÷ 100 ms = 2,000/s at most, got 1,800/s: bound by streams',
  ]);
  expect(streamUse([100], 0, [[[5, 500]]])).toBeNull();
  expect(streamUse([100], 20, [[]])).toBeNull();
});

test('/proc is read as the kernel writes it, whatever a process is called', () => {
  expect(
    processSeconds('7 (a) b (c) S 1 7 7 0 -1 4194304 10 0 0 0 250 150 9 9 20 0 11 0 100 1000 10 18446744073709551615'),
  ).toBe(4);
  expect(machineTime('cpu  100 20 30 800 50 1 2 3 40 0\ncpu0 50 10 15 400 25 0 1 1 20 0\n')).toEqual({
    busy: 1.56,
    total: 10.06,
  });
});

test("a worker's threads are told apart by what Node calls them", () => {
  expect([
    kindOf(7, 7, '7 (MainThread) S 1'),
    kindOf(7, 9, '9 (WorkerThread) S 1'),
    kindOf(7, 8, '8 (V8Worker) S 1'),
  ]).toEqual(['main', 'sending', 'helpers']);
});

test.runIf(process.platform === 'linux')(
  'the time of a span is what was used in it, and a part that has ended keeps its own',
  async () => {
    const pids = { workers: [process.pid], providers: [], cloud: [], bot: [] as number[] };
    const watch = new CpuWatch(() => pids);
    const secondsSince = (start: NodeJS.CpuUsage) => {
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1e6;
    };
    // Between a look and the measure beside it other threads of this process may have worked: what was used lies between the two measures.
    const outer = process.cpuUsage();
    watch.look();
    const inner = process.cpuUsage();
    const until = Date.now() + 300;
    while (Date.now() < until);
    const usedSeconds = secondsSince(inner);
    watch.look();
    const atMost = secondsSince(outer);
    pids.workers = [];
    watch.look();
    const use = watch.useUntil(Date.now() + 1_000);
    expect(use?.parts.workers).toBeGreaterThan(usedSeconds - 0.05);
    expect(use?.parts.workers).toBeLessThan(atMost + 0.05);
    expect(use?.machineBusy).toBeGreaterThan(0);
    // This test runs in a thread or in a process of its own; wherever that is, the time is there and not in the helpers.
    expect((use?.workerThreads?.main ?? 0) + (use?.workerThreads?.sending ?? 0)).toBeGreaterThan(
      usedSeconds * 0.8 - 0.05,
    );
    expect(watch.useUntil(0)).toBeNull();
  },
);
