import { afterEach, beforeEach, expect, test } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { FACT } from '../facts.ts';

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
const notes = async () => (await rig.entries('Noted')).map(({ text = '' }) => text);

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
    'Reminder 1: the event is over, and 1 fleet that it raised is still up. Backends: 3 run, 0 ran before the launch ($0.15 an hour). Lower it: /go scale group 0',
  ]);
  // The second one is due after twice as long.
  await until('the second reminder', async () => (await notes()).length === 2);
  expect(Date.now() - atMs).toBeGreaterThan(800);
  await conductor.execute(rig.launchId, scale(0));
  await until('the cost', async () => (await notes()).at(-1)?.startsWith('What the launch cost'));
  expect((await notes()).at(-1)).toMatch(
    /by the price list of us-east-1 of \d{4}-\d\d-\d\d: under \$0\.01\. Backends [\d.]+ unit-hours under \$0\.01, 0 notifications with their requests and traffic \$0\.00\.$/,
  );
  await until('nobody looks after it any more', async () =>
    (await rig.cloud.live.launches()).every(({ closed }) => closed),
  );
  expect((await notes()).filter((text) => text.startsWith('What'))).toHaveLength(1);
});

test('a bot that dies between a note and the fact that it was told has neither reminder nor cost told twice', async () => {
  await rig.create({ runbook: runbook() });
  const tried = new Map<string, number>();
  // Of what is kept after a note nothing comes through: as if the bot died there, each time anew.
  const put: Rig['cloud']['facts']['put'] = async (launchId, name, value) => {
    const isAfterNote = name === FACT.costTold || (name === FACT.fleetsReminded && !value.includes('"times":0'));
    if (!isAfterNote) return rig.cloud.facts.put(launchId, name, value);
    tried.set(name, (tried.get(name) ?? 0) + 1);
    throw new Error('KILLED');
  };
  const cloud = { ...priced(), facts: { ...rig.cloud.facts, put } };
  const { conductor } = rig.conductor('first', { ...START, cloud });
  await conductor.start();
  await conductor.execute(rig.launchId, scale(3));
  await until('it has come', async () => (await rig.entries('ScaleReached'))[0]);
  await conductor.execute(rig.launchId, { kind: 'close-launch', by: 'ana', reason: 'over' });
  await until('the reminder is tried again', async () => (tried.get(FACT.fleetsReminded) ?? 0) > 2);
  await conductor.execute(rig.launchId, scale(0));
  await until('the cost is tried again', async () => (tried.get(FACT.costTold) ?? 0) > 2);
  expect((await notes()).map((text) => text.slice(0, 16))).toEqual(['Reminder 1: the ', 'What the launch ']);
});

test('a fleet that is gone with its stack is still in the cost, as what it was', async () => {
  await rig.create({ runbook: runbook() });
  const standing = priced();
  let isGone = false;
  const missing = () => Promise.reject(new CloudError('SCALE_TARGET_MISSING', 'gone with its stack'));
  const cloud: Rig['cloud'] = {
    ...standing,
    scaling: {
      ...standing.scaling,
      observe: (target) => (isGone ? missing() : standing.scaling.observe(target)),
      unit: () => (isGone ? missing() : standing.scaling.unit()),
    },
  };
  const { conductor } = rig.conductor('first', { ...START, cloud });
  await conductor.start();
  await conductor.execute(rig.launchId, scale(3));
  await until('it has come', async () => (await rig.entries('ScaleReached'))[0]);
  await until('it was seen', async () => rig.cloud.facts.get(rig.launchId, FACT.fleetUnit('group')));
  isGone = true;
  await conductor.execute(rig.launchId, { kind: 'close-launch', by: 'ana', reason: 'over' });
  await until('the cost', async () => (await notes()).at(-1)?.startsWith('What the launch cost'));
  expect((await notes()).at(-1)).toMatch(/under \$0\.01\. Backends [\d.]+ unit-hours under \$0\.01, 0 notifications/);
});

test('where there are no prices the last line says so, and of what', async () => {
  await rig.create({ runbook: runbook() });
  const { conductor } = rig.conductor('first', { ...START, cloud: { ...priced(), region: 'eu-west-1', prices: null } });
  await conductor.start();
  await conductor.execute(rig.launchId, scale(3));
  await until('it has come', async () => (await rig.entries('ScaleReached'))[0]);
  await conductor.execute(rig.launchId, scale(0));
  await conductor.execute(rig.launchId, { kind: 'close-launch', by: 'ana', reason: 'over' });
  await until('the last line', async () => (await notes()).at(-1)?.startsWith('What the launch cost'));
  expect((await notes()).at(-1)).toMatch(
    /^What the launch cost on top of what ran anyway is not priced: this version has no price list of eu-west-1\. Paid for are Backends [\d.]+ unit-hours, 0 notifications with their requests and traffic\.$/,
  );
});
