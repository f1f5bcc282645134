import { afterEach, beforeEach, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const START = { timings: { fleetsMs: 100, fleetReminderMs: 300 } };
const PHASES = [{ id: 'p', title: 'P', steps: [{ id: 'l', title: 'L', at: 'T+1h', do: { kind: 'checklist' } }] }];
const runbook = () =>
  sampleRunbook({
    scale_targets: [
      { id: 'group', kind: 'auto-scaling-group', group: GROUP, title: 'Backends' },
      { id: 'workers', kind: 'auto-scaling-group', group: 'pool' },
    ],
    phases: PHASES,
  });
const scale = (desired: number) => ({
  kind: 'order-scale' as const,
  by: 'ana',
  target: 'group',
  desired,
  step: null,
  reason: 'test',
  lower: true as const,
});
const notes = async () => (await rig.entries('Noted')).map(({ text }) => text);

/** As if the group ran on Fargate, for a price. */
const priced = () => ({
  ...rig.cloud,
  scaling: {
    ...rig.cloud.scaling,
    unit: async () => ({ kind: 'fargate', vcpu: 1, gib: 2, cpu: 'x64', spot: false }) as const,
  },
});

test('what runs and what it costs an hour is on the board', async () => {
  await rig.create({ runbook: runbook() });
  const { conductor } = rig.conductor('first', { ...START, cloud: priced() });
  await conductor.start();
  await conductor.execute(rig.launchId, scale(3));
  const board = await until('the board', async () =>
    (await rig.messages('Backends')).find((one) => JSON.stringify(one.blocks).includes('Backends: 3, $0.15 an hour')),
  );
  expect(JSON.stringify(board.blocks)).toContain('Runs now');
});

test('a closed launch whose fleet is still up is reminded of, ever more seldom; when it is down the record says what it cost', async () => {
  await rig.create({ runbook: runbook() });
  const { conductor } = rig.conductor('first', { ...START, cloud: priced() });
  await conductor.start();
  await conductor.execute(rig.launchId, scale(3));
  await until('it has come', async () => (await rig.entries('ScaleReached'))[0]);
  await conductor.execute(rig.launchId, { kind: 'close-launch', by: 'ana', reason: 'over' });
  const atMs = Date.now();
  await rig.seen('still up');
  expect(Date.now() - atMs).toBeGreaterThan(250);
  expect(await notes()).toEqual([
    'The event is over, and 1 fleet that it raised is still up. Backends: 3 run, 0 ran before the launch ($0.15 an hour). Lower it: /go scale group 0',
  ]);
  // The second one is due after twice as long.
  await until('the second reminder', async () => (await notes()).length === 2);
  expect(Date.now() - atMs).toBeGreaterThan(800);
  await conductor.execute(rig.launchId, scale(0));
  await until('the cost', async () => (await notes()).at(-1)?.startsWith('What the launch cost'));
  expect((await notes()).at(-1)).toMatch(
    /by the price list of us-east-1 of \d{4}-\d\d-\d\d: under \$0\.01\. Backends 0 unit-hours under \$0\.01, 0 notifications with their requests and traffic \$0\.00\.$/,
  );
  await until('nobody looks after it any more', async () =>
    (await rig.cloud.live.launches()).every(({ closed }) => closed),
  );
  expect((await notes()).filter((text) => text.startsWith('What'))).toHaveLength(1);
});
