import { beforeEach, expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { workerKeyring } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import type { Context } from '../context.ts';
import { reportOf } from '../for-tests.ts';
import { reportWatch } from './report-watch.ts';

let memory: MemoryContext;
let bot: Context;
beforeEach(async () => {
  memory = await MemoryContext.ready();
  bot = memory.bot();
});

const look = async (by = bot) => reportWatch(by, await memory.launch());
const report = async (bootId: string, more: Partial<WorkerReport> = {}) =>
  reportOf(await memory.launch(), bootId, memory.nowMs, { host: `host ${bootId}`, ...more });
/** These are nobody's. */
const forge = (...bootIds: string[]) => {
  memory.reportsBy = ({ bootId }) => (bootIds.includes(bootId) ? null : workerKeyring().signer);
};

test('reports of workers say nothing of themselves', async () => {
  memory.reports = [await report('one'), await report('two')];
  await look();
  expect(await memory.notes()).toEqual([]);
});

test('that somebody else writes reports is told once, whichever bot looks, and however many there are', async () => {
  forge('evil', 'more');
  memory.reports = [await report('one'), await report('evil')];
  await look();
  expect(await memory.notes()).toEqual([
    expect.stringMatching(
      /^Worker reports that no worker of this launch has signed lie in the live table: 1 report so far, the first under the name “evil”: it has no signature\. They count for nothing/,
    ),
  ]);
  memory.reports = [await report('evil'), await report('more')];
  await look();
  await look(memory.bot());
  expect(await memory.notes()).toHaveLength(1);
});

test('that workers cannot be heard is told once, with their names; of many, of three', async () => {
  const boots = ['a', 'b', 'c', 'd', 'e'];
  memory.reports = await Promise.all(boots.map((boot) => report(boot)));
  await look();
  forge(...boots);
  memory.reports = await Promise.all(boots.map((boot) => report(boot, { say: 'forged' })));
  await look();
  await look();
  await look(memory.bot());
  expect(await memory.notes()).toEqual([
    expect.stringContaining('5 reports so far'),
    expect.stringMatching(
      /^Reports of workers were overwritten or deleted by somebody else: 5 workers, host a \(a\), host b \(b\), host c \(c\) and 2 more\. What they said last stands/,
    ),
  ]);
});

test('a report that is gone from one moment to the next is told as hidden, and as no forged one', async () => {
  memory.reports = [await report('one')];
  await look();
  memory.nowMs += 1_000;
  memory.reports = [await report('one')];
  await look();
  memory.reports = [];
  await look();
  expect(await memory.notes()).toEqual([
    expect.stringMatching(/^Reports of workers were overwritten.*: 1 worker, host one/),
  ]);
});
