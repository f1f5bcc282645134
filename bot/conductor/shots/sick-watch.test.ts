import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { reportOf, shotForTests } from '../for-tests.ts';
import { workerReports } from '../worker-reports.ts';
import { ShotSight } from './shot-sight.ts';
import { SickWatch } from './sick-watch.ts';

const shot = shotForTests();

/** One bot that looks at a shot; `sees` has workers report how many connections they have given up, each holding so many. */
async function watching(memory: MemoryContext) {
  const launch = await memory.launch();
  const context = memory.bot();
  const [watch, sight] = [new SickWatch(context), new ShotSight(context)];
  const sees = async (sick: Record<string, number>, more: { connections?: number; of?: typeof shot } = {}) => {
    memory.nowMs += 1_000;
    memory.reports = Object.entries(sick).map(([boot, given]) => withSick(reportOf(launch, boot, memory.nowMs), given));
    if (more.connections !== undefined)
      for (const report of memory.reports) for (const lane of report.lanes) lane.connections = more.connections;
    sight.read(launch);
    await workerReports(context, launch);
    await turn();
    watch.look(launch, more.of ?? shot, sight);
    await watch.settle();
  };
  return { sees, watch, launch };
}

function withSick(report: WorkerReport, connections: number): WorkerReport {
  const [apns, ...others] = report.lanes;
  if (apns === undefined) throw new Error('NO_LANE');
  return { ...report, lanes: [{ ...apns, sick: { connections, reason: 'Timeout' } }, ...others] };
}

test('ten connections given up since GO are noted, once for the shot and platform, nine are not', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  await sees({ one: 0 });
  await sees({ one: 9 });
  expect(await memory.notes()).toEqual([]);
  await sees({ one: 10 });
  await sees({ one: 30 });
  expect(await memory.notes()).toEqual([
    expect.stringMatching(
      /^Many connections to APNs fall sick in shot-1 \(us-ios.*\): 10 were given up .* hold 4; .* Timeout/,
    ),
  ]);
});

test('what was given up before the first look, and by a boot that comes later, is counted from where it stood', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  await sees({ one: 500 });
  await sees({ one: 504, two: 5 });
  expect(await memory.notes()).toEqual([]);
  // A count that falls is another lane's beginning: it takes nothing from the others.
  await sees({ one: 0, two: 9 });
  expect(await memory.notes()).toEqual([]);
  await sees({ one: 505, two: 5 });
  expect(await memory.notes()).toEqual([expect.stringContaining(': 10 were given up')]);
});

test('of a great many connections half must have fallen sick', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  await sees({ one: 0, two: 0 }, { connections: 40 });
  await sees({ one: 20, two: 19 }, { connections: 40 });
  expect(await memory.notes()).toEqual([]);
  await sees({ one: 20, two: 20 }, { connections: 40 });
  expect(await memory.notes()).toHaveLength(1);
});

test('a platform that the shot does not send to is not looked at', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  const of = shotForTests({ segments: [{ segment: 'us-android', attempt: 1 }] });
  await sees({ one: 0 }, { of });
  await sees({ one: 100 }, { of });
  expect(await memory.notes()).toEqual([]);
});

test('what the record did not take is noted at the next look', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  await sees({ one: 0 });
  memory.record.isReadable = () => false;
  await sees({ one: 12 });
  memory.record.isReadable = () => true;
  expect(await memory.notes()).toEqual([]);
  await sees({ one: 12 });
  expect(await memory.notes()).toHaveLength(1);
});

test('a shot that is forgotten is counted anew', async () => {
  const memory = await MemoryContext.ready();
  const { sees, watch } = await watching(memory);
  await sees({ one: 0 });
  watch.forget(shot.id);
  await sees({ one: 12 });
  expect(await memory.notes()).toEqual([]);
  await sees({ one: 22 });
  expect(await memory.notes()).toHaveLength(1);
});

test('while no worker reports nothing begins to count', async () => {
  const memory = await MemoryContext.ready();
  const { sees } = await watching(memory);
  await sees({});
  await sees({ one: 50 });
  await sees({ one: 59 });
  expect(await memory.notes()).toEqual([]);
});
