import { tmpdir } from 'node:os';
import {
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DescribeAutoScalingGroupsCommand, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClients } from '../../../infra/aws/clients.ts';
import type { Clients } from '../../../infra/aws/clients.ts';
import { startRig, until } from '../../../test/conductor-rig.ts';
import type { Rig } from '../../../test/conductor-rig.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import type { Conductor } from '../conductor-port.ts';

let rig: Rig;
let clients: Clients;
beforeEach(async () => {
  rig = await startRig({
    groups: [
      { name: 'api', startDelayMs: 0, min: 8, desired: 60, max: 120 },
      { name: 'heavy', startDelayMs: 0, weight: 4 },
    ],
    services: [
      {
        cluster: 'c',
        service: 'w',
        command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
        env: {},
        cwd: tmpdir(),
        startDelayMs: 10,
      },
    ],
  });
  clients = createClients({
    endpoint: rig.env['AWS_ENDPOINT_URL'] ?? null,
    region: 'us-east-1',
    tablePrefix: 'gobutton',
    bucket: 'gobutton',
  });
});
afterEach(async () => {
  clients.destroy();
  await rig.stop();
});

const TARGETS = [
  { id: 'edge', kind: 'auto-scaling-group', group: 'api', title: 'API servers' },
  { id: 'heavy', kind: 'auto-scaling-group', group: 'heavy' },
  { id: 'workers', kind: 'ecs-service', cluster: 'c', service: 'w' },
  { id: 'watched', kind: 'auto-scaling-group', group: 'api', if_changed: 'tell' },
  { id: 'nowhere', kind: 'ecs-service', cluster: 'elsewhere', service: 'w' },
];
const step = (id: string, at: string, target: string, to: number) => ({
  id,
  title: `${target} to ${to}`,
  at,
  do: { kind: 'scale', target, to, late_after: '1h' },
});

async function create(...steps: ReturnType<typeof step>[]): Promise<void> {
  // The first is due now, the others are run by hand.
  await rig.create({
    runbook: sampleRunbook({ scale_targets: TARGETS, phases: [{ id: 'p', title: 'P', steps }] }),
    targetAtMs: Date.now() + 59_000,
    ready: false,
  });
}
const sizes = async (name = 'api') => {
  const [group] =
    (await clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })))
      .AutoScalingGroups ?? [];
  return [group?.MinSize, group?.DesiredCapacity, group?.MaxSize];
};
const done = (id: string) =>
  until(`step ${id} is done`, async () => (await rig.launch()).steps[id]?.state === 'done', 20_000);

async function run(conductor: Conductor, id: string): Promise<void> {
  await conductor.perform(rig.launchId, await rig.append({ kind: 'run-step', by: 'ana', step: id }));
  await done(id);
}

test('a step up lowers neither what runs nor the maximum, and the step down of another instance puts back what was found', async () => {
  await create(step('up', 'T-1m', 'edge', 40), step('down', 'T+1h', 'edge', 8));
  const first = rig.conductor('first').conductor;
  await first.start();
  await done('up');
  expect(await sizes()).toEqual([40, 60, 120]);
  expect((await rig.launch()).steps['up']?.say).toBe('stands at 60, 40 ordered');
  expect(await rig.entries('ScaleFound')).toMatchObject([{ target: 'edge', found: { min: 8, desired: 60, max: 120 } }]);
  expect((await rig.messages('running 60 of 40')).length).toBe(1);
  await first.stop();
  const second = rig.conductor('second').conductor;
  await second.start();
  await run(second, 'down');
  expect(await sizes()).toEqual([8, 8, 120]);
  // It is over: the next order begins with what it finds.
  expect((await rig.launch()).scaleFound).toEqual({});
});

test('ten instances of weight 4 are 40 of 40', async () => {
  await create(step('up', 'T-1m', 'heavy', 40));
  await rig.conductor('first').conductor.start();
  await done('up');
  await rig.seen('running 40 of 40');
  expect(await rig.entries('ScaleLate')).toEqual([]);
});

test('the scalable target of a service is pinned, and put back as it was, never to 0..0', async () => {
  const resource = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/c/w',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({ ...resource, MinCapacity: 1, MaxCapacity: 9 }),
  );
  const bounds = async () => {
    const [found] =
      (await clients.applicationAutoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' })))
        .ScalableTargets ?? [];
    return [found?.MinCapacity, found?.MaxCapacity, found?.SuspendedState?.DynamicScalingInSuspended];
  };
  await create(step('up', 'T-1m', 'workers', 3), step('down', 'T+1h', 'workers', 0));
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await done('up');
  expect(await bounds()).toEqual([3, 9, true]);
  await run(conductor, 'down');
  expect(await bounds()).toEqual([1, 9, false]);
  expect((await rig.launch()).steps['down']?.say).toBe('stands at 1, 0 ordered');
});

test('a count that somebody else lowers is set again three times, and then told', async () => {
  await create(step('up', 'T-1m', 'workers', 2));
  const { conductor } = rig.conductor('first');
  await conductor.start();
  await done('up');
  for (let times = 1; times <= 3; times += 1) {
    await clients.ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'w', desiredCount: 0 }));
    await until(
      `set again ${times}`,
      async () =>
        (await rig.entries('ScaleChanged')).length === times &&
        (await rig.launch()).scale['workers']?.state === 'reached',
      20_000,
    );
  }
  await clients.ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'w', desiredCount: 0 }));
  await rig.seen('was lowered to 0 by somebody else; 2 were ordered. It is left so', 20_000);
  expect((await rig.entries('ScaleChanged')).map(({ again, found }) => [again, found])).toEqual([
    [true, 0],
    [true, 0],
    [true, 0],
    [false, 0],
  ]);
}, 60_000);

test('an order is not there before AWS has heard of it, and one old figure is no change', async () => {
  await create(step('up', 'T-1m', 'edge', 70), step('down', 'T+1h', 'edge', 8));
  let isReachable = true;
  let stale = 0;
  const scaling = {
    ...rig.cloud.scaling,
    desire: async (...args: Parameters<typeof rig.cloud.scaling.desire>) => {
      if (!isReachable) throw new Error('timed out');
      await rig.cloud.scaling.desire(...args);
    },
    observe: async (target: Parameters<typeof rig.cloud.scaling.observe>[0]) => {
      const observed = await rig.cloud.scaling.observe(target);
      stale -= 1;
      return stale === 0 ? { ...observed, desired: 3 } : observed;
    },
  };
  const { conductor } = rig.conductor('first', { cloud: { ...rig.cloud, scaling } });
  await conductor.start();
  await done('up');
  stale = 2;
  await until('several looks', () => stale < -2);
  expect(await rig.entries('ScaleChanged')).toEqual([]);
  isReachable = false;
  await conductor.perform(rig.launchId, await rig.append({ kind: 'run-step', by: 'ana', step: 'down' }));
  await until('the order', async () => (await rig.entries('ScaleOrdered')).length === 2);
  const before = stale;
  await until('several looks', () => stale < before - 3);
  expect(await rig.entries('ScaleReached')).toHaveLength(1);
  isReachable = true;
  await done('down');
  expect(await sizes()).toEqual([8, 8, 120]);
}, 60_000);

test('where the runbook says tell, a lowered count is told once and left so', async () => {
  await create(step('up', 'T-1m', 'watched', 40));
  await rig.conductor('first').conductor.start();
  await done('up');
  await clients.autoScaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'api', MinSize: 5, DesiredCapacity: 5 }),
  );
  await rig.seen('was lowered to 5 by somebody else; 40 were ordered. It is left so');
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await rig.entries('ScaleChanged')).toHaveLength(1);
  expect(await sizes()).toEqual([5, 5, 120]);
});

test('a cluster that is missing is named in the room once, with what to do, and the order goes late like any other', async () => {
  await create({
    ...step('up', 'T-1m', 'nowhere', 3),
    do: { ...step('up', 'T-1m', 'nowhere', 3).do, late_after: '300ms' },
  });
  await rig.conductor('first').conductor.start();
  await rig.seen('there is no ECS cluster elsewhere in this account and Region. Create it, or correct the runbook');
  await until('late', async () => (await rig.entries('ScaleLate')).length === 1);
  await rig.seen('AWS says: there is no ECS cluster elsewhere');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await rig.entries('StepDone')).toMatchObject([{ refused: true }]);
  expect(await rig.entries('Noted')).toEqual([]);
});
