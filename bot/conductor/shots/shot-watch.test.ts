import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { reportOf } from '../for-tests.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  await rig.create();
});
afterEach(async () => {
  await rig.stop();
});

test('a shot that workers can not close is told to the room, with the reason, once, also under another leader', async () => {
  const timings = { shotMs: 100 };
  const { conductor } = rig.conductor('first', { timings });
  await conductor.start();
  const { shotId } = await rig.appendAs('FireApproved', rig.approval(await rig.request()));
  await rig.cloud.live.putReport(
    reportOf(await rig.launch(), 'one', Date.now(), {
      state: 'sending',
      say: `CANNOT CLOSE ${shotId}: found 299 devices, expected 300`,
    }),
  );
  const told = await rig.seen("can't be closed");
  expect(told.text).toContain('found 299 devices, expected 300. Nobody is sent to twice');
  await conductor.stop();
  let reads = 0;
  const live = {
    ...rig.cloud.live,
    reports: (id: string) => {
      reads += 1;
      return rig.cloud.live.reports(id);
    },
  };
  await rig.conductor('second', { timings, cloud: { ...rig.cloud, live } }).conductor.start();
  await until('it has looked', async () => (reads > 10 ? true : undefined));
  expect((await rig.entries('Noted')).filter(({ text }) => text.includes("can't be closed"))).toHaveLength(1);
});
