import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WorkerReport } from '../../../contract/report.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { workerKeyring } from '../../../test/keys.ts';
import { reportOf } from '../for-tests.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

test("messages that are not the launch's are said once, by any number of bots and boots, and again when they are ten times as many", async () => {
  await rig.create();
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const launch = await rig.launch();
  const report = (boot: string, foreign: NonNullable<WorkerReport['foreign']>, signer = workerKeyring().signer) =>
    rig.cloud.live.putReport(reportOf(launch, boot, Date.now(), { foreign }), signer);
  // Whoever can write the table and has no key makes the room say nothing.
  await report('nobody', { orders: 900_000, batches: 1, last: 'go to evil.example' }, null);
  const notes = async () =>
    (await rig.entries('Noted')).map(({ text }) => text).filter((text) => text?.startsWith('Messages') === true);
  await report('one', { orders: 2, batches: 1, last: 'an order of <another> launch: x' });
  const said = await rig.seen('Messages that are not this launch');
  expect(said.html).toContain('3 so far (2 orders, 1 batch)');
  expect(said.html).not.toContain('evil');
  expect(said.html).toContain('an order of &lt;another&gt; launch: x');
  expect(said.html).toContain('gobutton-workers-segments.fifo');

  // Another boot, and another bot that has told nothing itself.
  await report('two', { orders: 20, batches: 6, last: 'y' });
  await conductor.stop();
  await rig.conductor('second').conductor.start();
  // 29 of them, and looks enough to tell.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await notes()).toHaveLength(1);
  await report('two', { orders: 20, batches: 7, last: 'y' });
  await until('ten times as many', async () => ((await notes()).length === 2 ? true : undefined));
  expect((await notes())[1]).toContain(': 30 so far');
  await report('two', { orders: 200, batches: 7, last: 'z' });
  await rig.seen('30 so far');
  expect(await notes()).toHaveLength(2);
});
