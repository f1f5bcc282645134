import { afterEach, beforeEach, expect, test } from 'vitest';
import { GROUP, startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(async () => {
  await rig.stop();
});

const scaleStep = (more: object) => [
  {
    id: 'p',
    title: 'P',
    steps: [{ id: 'up', title: 'Backends up', at: 'T-1m', do: { kind: 'scale', target: 'group', to: 3, ...more } }],
  },
];
const groups = [
  { id: 'group', kind: 'auto-scaling-group', group: GROUP, title: 'Backends' },
  { id: 'workers', kind: 'auto-scaling-group', group: 'pool' },
];

test('a scale step is ordered, shown in one message that is updated in place, and recorded when it has arrived', async () => {
  await rig.create({
    runbook: sampleRunbook({ scale_targets: groups, phases: scaleStep({}) }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const reached = await until('ScaleReached', async () => (await rig.entries('ScaleReached'))[0]);
  expect(reached.aws).toEqual([
    { call: 'AutoScaling UpdateAutoScalingGroup', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  ]);
  await until('the step is done', async () => (await rig.launch()).steps['up']?.state === 'done');
  const [ordered, ...more] = await rig.entries('ScaleOrdered');
  expect(more).toEqual([]);
  expect(ordered).toMatchObject({ target: 'group', desired: 3, step: 'up' });
  const message = await until('the final state', async () =>
    (await rig.messages('Backends')).find((one) => one.text.includes('running 3 of 3')),
  );
  expect(JSON.stringify(message.blocks)).toContain('white_check_mark');
  expect((await rig.messages('running')).length).toBe(1);
});

test('a target that falls behind is recorded as late once, with the backup plan in the channel', async () => {
  const target = [{ id: 'group', kind: 'auto-scaling-group', group: GROUP, title: 'Backends' }];
  const phases = scaleStep({ to: 500, late_after: '200ms', backup: 'call the platform team' });
  await rig.create({
    runbook: sampleRunbook({ scale_targets: [...target, groups[1]], phases }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
  // Its instances never start: whatever it is asked for, it has none.
  const scaling = {
    ...rig.cloud.scaling,
    observe: async () => ({ desired: 500, running: 7, pending: 493, say: 'Insufficient capacity' }),
  };
  const { conductor } = rig.conductor('first', { cloud: { ...rig.cloud, scaling } });
  await conductor.start();
  await rig.seen('call the platform team');
  await until('the message says it', async () =>
    (await rig.messages('running 7 of 500')).find((one) =>
      JSON.stringify(one.blocks).includes('Insufficient capacity'),
    ),
  );
  expect(await rig.entries('ScaleLate')).toMatchObject([
    { desired: 500, running: 7, backup: 'call the platform team' },
  ]);
});

test('a scale-up that AWS denies is red in the room and in its message, and goes by itself once the right is there', async () => {
  const phases = scaleStep({ late_after: '10m' });
  rig.localCloud.account.denied.push('autoscaling:UpdateAutoScalingGroup');
  await rig.create({
    runbook: sampleRunbook({ scale_targets: groups, phases }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const lacks = 'the bot lacks the right autoscaling:UpdateAutoScalingGroup on ';
  await rig.seen(`Backends up was refused: ${lacks}`);
  await until('the order says it', async () =>
    (await rig.messages('running 0 of 3')).find((one) => JSON.stringify(one.blocks).includes(`AWS says: ${lacks}`)),
  );
  expect((await rig.launch()).steps['up']).toMatchObject({ state: 'done', refused: true });
  rig.localCloud.account.denied.length = 0;
  await until('the step is done', async () => (await rig.launch()).steps['up']?.refused === undefined);
  expect((await rig.entries('StepDone')).map(({ refused }) => refused)).toEqual([true, undefined]);
});

test('tasks that ECS has no place for turn the step red in its own words, and it is done once they have come', async () => {
  await rig.stop();
  const tasks = { command: null, env: {}, cwd: '.', startDelayMs: 0 };
  rig = await startRig({ services: [{ cluster: 'c', service: 'w', ...tasks }] });
  rig.localCloud.weather.set('full');
  const service = { id: 'group', kind: 'ecs-service', cluster: 'c', service: 'w', title: 'Backends' };
  await rig.create({
    runbook: sampleRunbook({ scale_targets: [service, groups[1]], phases: scaleStep({ late_after: '10m' }) }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
  const { conductor } = rig.conductor('first');
  await conductor.start();
  const says = '(service w) was unable to place a task. Reason: Capacity is unavailable at this time.';
  await rig.seen(`Backends up was refused: AWS starts no more of it: ${says}`);
  expect((await rig.launch()).steps['up']).toMatchObject({ state: 'done', refused: true });
  rig.localCloud.weather.set('fair');
  await until('the step is done', async () => (await rig.launch()).steps['up']?.refused === undefined);
  expect((await rig.entries('StepDone')).map(({ refused }) => refused)).toEqual([true, undefined]);
});

test('what ECS said before the order turns nothing red', async () => {
  await rig.create({
    runbook: sampleRunbook({ scale_targets: groups, phases: scaleStep({ to: 500, late_after: '10m' }) }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
  const refused = { say: 'was unable to place a task', atMs: Date.now() - 60_000 };
  const scaling = {
    ...rig.cloud.scaling,
    observe: async () => ({ desired: 500, running: 7, pending: 493, say: refused.say, refused }),
  };
  const { conductor } = rig.conductor('first', { cloud: { ...rig.cloud, scaling } });
  await conductor.start();
  await rig.seen('running 7 of 500');
  expect(await rig.entries('StepDone')).toEqual([]);
});

test('the pool is given to the launch before its workers start, and has arrived when they are ready, not when they run', async () => {
  await rig.create({
    runbook: sampleRunbook({
      scale_targets: [{ id: 'workers', kind: 'auto-scaling-group', group: GROUP }],
      phases: [{ id: 'p', title: 'P', steps: [{ id: 'l', title: 'L', at: 'T+1h', do: { kind: 'checklist' } }] }],
    }),
  });
  const pools: (string | null)[] = [];
  const scaling = {
    ...rig.cloud.scaling,
    desire: async (...args: Parameters<typeof rig.cloud.scaling.desire>) => {
      pools.push(await rig.cloud.live.poolLaunch('gobutton-workers'));
      await rig.cloud.scaling.desire(...args);
    },
  };
  const { conductor, journal } = rig.conductor('first', { cloud: { ...rig.cloud, scaling } });
  await conductor.start();
  const submitted = await journal.append(rig.launchId, {
    kind: 'order-scale',
    by: 'ana',
    target: 'workers',
    desired: 2,
    step: null,
    reason: 'early',
  });
  if (!submitted.ok) throw new Error(submitted.say);
  await conductor.perform(rig.launchId, submitted.entry);
  expect(pools[0]).toBe(rig.launchId);
  await rig.seen('running 2 of 2 · ready 0');
  expect(await rig.entries('ScaleReached')).toEqual([]);
  const launch = await rig.launch();
  await rig.reports(reportOf(launch, 'one', Date.now()));
  await rig.reports(reportOf(launch, 'two', Date.now()));
  await until('ScaleReached', async () => (await rig.entries('ScaleReached'))[0]);
});
