import { expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { signerOf } from '../../../infra/aws/keyring.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { testKey, WORKER_KEY } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { countsOf, reportOf, snapshotOf } from '../for-tests.ts';
import { lostWorkers } from './lost-workers.ts';

async function fired() {
  const memory = await MemoryContext.ready();
  const shot = await memory.fires();
  const launch = await memory.launch();
  const goMs = memory.nowMs;
  const sending = (bootId: string, atMs: number, more: Partial<WorkerReport> = {}) => {
    const snapshot = snapshotOf(shot.id, countsOf([]), countsOf([]));
    const report = reportOf(launch, bootId, atMs, {
      host: `host-${bootId}`,
      state: 'sending',
      shots: [snapshot],
      ...more,
    });
    return { ...report, lanes: report.lanes.map((lane) => ({ ...lane, inFlight: 600 })) };
  };
  const look = async (of?: Launch) => lostWorkers(memory.bot(), of ?? (await memory.launch()));
  return { memory, shot, goMs, sending, look };
}

test('a worker that falls silent in mid-shot is noted once, whoever looks, with what it had on its way', async () => {
  const { memory, shot, goMs, sending, look } = await fired();
  memory.nowMs = goMs + 5_900;
  memory.reports = [sending('a', goMs + 900), sending('b', memory.nowMs)];
  await look();
  expect(await memory.notes()).toEqual([]);
  memory.nowMs = goMs + 5_901;
  await look();
  await look();
  expect(await memory.notes()).toEqual([
    expect.stringMatching(
      new RegExp(
        `^Worker host-a \\(a\\) fell silent while ${shot.id} ran \\(.+\\): its last report came 900 ms after GO, with 1,200 pushes`,
      ),
    ),
  ]);
});

test.each([
  [-400, '400 ms before GO'],
  // It begins with the shot as late as a worker under load, and is gone before its next report.
  [3_000, '3 s after GO'],
])(
  'one that falls silent before it has told of the shot is noted, too (%i ms): nobody knows what it had begun',
  async (afterMs, when) => {
    const { memory, goMs, sending, look } = await fired();
    memory.nowMs = goMs + 9_000;
    memory.reports = [sending('a', goMs + afterMs, { shots: [] }), sending('b', memory.nowMs)];
    await look();
    expect(await memory.notes()).toEqual([
      expect.stringContaining(`its last report came ${when}, so it does not say what it had begun.`),
    ]);
  },
);

test('nothing is said of a worker that ended by itself or was silent before the shot, nor while none is heard', async () => {
  const { memory, goMs, sending, look } = await fired();
  memory.nowMs = goMs + 20_000;
  const alive = sending('alive', memory.nowMs);
  memory.reports = [alive, sending('ended', goMs + 900, { state: 'gone' }), sending('before', goMs - 1_501)];
  await look();
  // The store may be what is silent.
  memory.reports = [sending('a', goMs + 900), sending('b', goMs + 800)];
  await look();
  expect(await memory.notes()).toEqual([]);
});

test('of a launch in which nothing is sent no report is read', async () => {
  const memory = await MemoryContext.ready();
  memory.reports = null;
  await lostWorkers(memory.context, await memory.launch());
  expect(await memory.notes()).toEqual([]);
});

test('what somebody has put among the reports is told to nobody, however much of it there is', async () => {
  const { memory, goMs, sending, look } = await fired();
  memory.nowMs = goMs + 20_000;
  const forged = Array.from({ length: 50 }, (_, at) => sending(`forged-${at}`, goMs + 900));
  memory.reports = [sending('alive', memory.nowMs), sending('a', goMs + 900), ...forged];
  memory.reportsBy = ({ bootId }) =>
    !bootId.startsWith('forged') ? signerOf(WORKER_KEY) : bootId.endsWith('7') ? signerOf(testKey(9)) : null;
  // Nor does it make the others more.
  memory.reports.push(sending('forged-alive', memory.nowMs));
  await look();
  const [note, ...more] = await memory.notes();
  expect(note).toMatch(/^Worker host-a \(a\) fell silent.*1 other worker sends/);
  expect(more).toEqual([]);
});

test('one whose report somebody has overwritten is not said to have fallen silent: it cannot be heard', async () => {
  const { memory, goMs, sending } = await fired();
  const bot = memory.bot();
  const look = async () => lostWorkers(bot, await memory.launch());
  memory.nowMs = goMs + 900;
  memory.reports = [sending('a', memory.nowMs), sending('b', memory.nowMs)];
  await look();
  memory.nowMs = goMs + 6_000;
  memory.reports = [sending('a', goMs + 901), sending('b', memory.nowMs)];
  memory.reportsBy = ({ bootId }) => (bootId === 'a' ? null : signerOf(WORKER_KEY));
  await look();
  expect(await memory.notes()).toEqual([]);
  memory.reportsBy = () => signerOf(WORKER_KEY);
  await look();
  expect(await memory.notes()).toHaveLength(1);
});
