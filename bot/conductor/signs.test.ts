import { afterEach, beforeEach, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../test/conductor-rig.ts';
import type { Rig } from '../../test/conductor-rig.ts';
import { sampleRunbook } from '../../test/properties/scene.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

test('the leader tells alarms of workers that had come and are silent; another bot tells that it does not lead', async () => {
  await rig.create({
    runbook: sampleRunbook({
      pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 2 },
      scale_targets: [{ id: 'workers', kind: 'auto-scaling-group', group: GROUP }],
      phases: [{ id: 'p', title: 'P', steps: [{ id: 'l', title: 'L', at: 'T+1h', do: { kind: 'checklist' } }] }],
    }),
    ready: false,
  });
  const timings = { signsMs: 100 };
  const { conductor: first } = rig.conductor('first', { timings });
  await first.start();
  const { conductor: second } = rig.conductor('second', { timings });
  await second.start();
  expect(first.signs()).toEqual({ Leading: 1, WorkersMissing: 0, HaltUnconfirmed: 0 });
  await first.execute(rig.launchId, {
    kind: 'order-scale',
    by: 'ana',
    target: 'workers',
    desired: 2,
    step: null,
    reason: 'test',
  });
  await until('it is seen', () => first.signs().WorkersMissing === 2);
  expect(second.signs()).toEqual({ Leading: 0 });
  await rig.cloud.live.assignPool('gobutton-workers', 'another-launch');
  await until('the pool is not ours any more', () => first.signs().WorkersMissing === 0);
});
