import { tmpdir } from 'node:os';
import {
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import {
  DescribeAutoScalingGroupsCommand,
  ResumeProcessesCommand,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AwsCall } from '../../../runbooks/launch/entries.ts';
import { scaleTo } from '../../local/cloud/for-tests.ts';
import { startLocalCloud } from '../../local/cloud/start.ts';
import type { LocalCloud } from '../../local/cloud/start.ts';
import { createClients } from '../clients.ts';
import type { Clients } from '../clients.ts';
import { hearCalls } from '../hear-calls.ts';
import { asScaleError } from './scale-error.ts';
import { createScaling } from './scaling.ts';
import type { Scaling } from './scaling.ts';

let local: LocalCloud;
let clients: Clients;
let scaling: Scaling;
beforeAll(async () => {
  local = await startLocalCloud({
    dataDir: null,
    groups: [
      { name: 'api', startDelayMs: 150 },
      { name: 'slow', startDelayMs: 60_000 },
      { name: 'busy', startDelayMs: 0, min: 8, desired: 60, max: 120 },
      { name: 'heavy', startDelayMs: 0, desired: 40, weight: 4 },
      { name: 'slow-to-change', startDelayMs: 0, busyMs: 400 },
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
  clients = createClients({ endpoint: local.url, region: 'us-east-1', tablePrefix: 'x', bucket: 'x' });
  scaling = createScaling(clients);
});
afterAll(async () => {
  clients.destroy();
  await local.stop(500);
});

const if_changed = 'tell' as const;
const service = { id: 'w', kind: 'ecs-service', cluster: 'c', service: 'w', if_changed } as const;
const group = (name: string) => ({ id: name, kind: 'auto-scaling-group', group: name, if_changed }) as const;
const table = (name: string) => ({ id: name, kind: 'dynamodb-table', table: name, if_changed }) as const;
const up = (count: number) => ({ count, lowers: false, holds: true });
const down = (count: number) => ({ count, lowers: true, holds: false });
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { interval: 25 });

test('a service keeps what runs, is pinned against its own scaling, and gets back its bounds and what was suspended', async () => {
  const resource = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/c/w',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  const standing = async () =>
    (
      await clients.applicationAutoScaling.send(
        new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: ['service/c/w'] }),
      )
    ).ScalableTargets?.[0];
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({
      ...resource,
      MinCapacity: 1,
      MaxCapacity: 5,
      SuspendedState: { DynamicScalingOutSuspended: true },
    }),
  );
  // Somebody else's, which might lower what is held.
  await clients.applicationAutoScaling.send(
    new PutScheduledActionCommand({
      ...resource,
      ScheduledActionName: 'night',
      Schedule: 'at(2100-01-01T00:00:00)',
      ScalableTargetAction: { MaxCapacity: 1 },
    }),
  );
  await clients.ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'w', desiredCount: 3 }));
  const found = await scaling.find(service);
  expect(found).toMatchObject({
    desired: 3,
    targets: [{ min: 1, max: 5, suspended: { in: false, out: true, scheduled: false } }],
  });
  await scaling.desire(service, up(2), found);
  expect(await standing()).toMatchObject({
    MinCapacity: 2,
    MaxCapacity: 5,
    SuspendedState: {
      DynamicScalingInSuspended: true,
      DynamicScalingOutSuspended: true,
      ScheduledScalingSuspended: true,
    },
  });
  await eventually(async () =>
    expect(await scaling.observe(service)).toEqual({
      desired: 3,
      running: 3,
      pending: 0,
      say: null,
      definition: 'w:1',
    }),
  );
  await scaling.desire(service, up(6), found);
  expect(await standing()).toMatchObject({ MinCapacity: 6, MaxCapacity: 6 });
  expect(await scaling.observe(service)).toMatchObject({ desired: 6 });
  await scaling.desire(service, down(1), found);
  await scaling.desire(service, down(1), found);
  expect(await standing()).toMatchObject({
    MinCapacity: 1,
    MaxCapacity: 5,
    SuspendedState: {
      DynamicScalingInSuspended: false,
      DynamicScalingOutSuspended: true,
      ScheduledScalingSuspended: false,
    },
  });
  expect(await scaling.observe(service)).toMatchObject({ desired: 1 });
});

test('what AWS was asked to change is heard with its request id, also when it refuses; looks and what comes after are not', async () => {
  const heard: AwsCall[] = [];
  const found = await scaling.find(service);
  await hearCalls(heard, () => scaling.desire(service, up(7), found));
  const update = new UpdateServiceCommand({ cluster: 'gone', service: 'w', desiredCount: 1 });
  await expect(hearCalls(heard, () => clients.ecs.send(update))).rejects.toThrow();
  await expect(hearCalls(heard, () => scaling.find({ ...service, cluster: 'gone' }))).rejects.toThrow('no ECS cluster');
  await scaling.desire(service, down(1), found);
  expect(heard.map(({ call }) => call)).toEqual(['ApplicationAutoScaling RegisterScalableTarget', 'ECS UpdateService']);
  for (const { requestId } of heard) expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(heard.map(({ requestId }) => requestId)).size).toBe(2);
});

test('a group that runs more than is asked for keeps it and its maximum, and gets back the sizes it had', async () => {
  const sizes = async () =>
    (await clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['busy'] })))
      .AutoScalingGroups?.[0];
  const found = await scaling.find(group('busy'));
  expect(found).toMatchObject({ min: 8, desired: 60, max: 120 });
  await scaling.desire(group('busy'), up(40), found);
  expect(await sizes()).toMatchObject({ MinSize: 40, DesiredCapacity: 60, MaxSize: 120 });
  await scaling.desire(group('busy'), up(200), found);
  expect(await sizes()).toMatchObject({ MinSize: 200, DesiredCapacity: 200, MaxSize: 200 });
  // Lowered, and still above what was found: it is held there.
  await scaling.desire(group('busy'), { count: 100, lowers: true, holds: true }, found);
  expect(await sizes()).toMatchObject({ MinSize: 100, DesiredCapacity: 100, MaxSize: 200 });
  await scaling.desire(group('busy'), down(8), found);
  expect(await sizes()).toMatchObject({ MinSize: 8, DesiredCapacity: 8, MaxSize: 120 });
});

test('instance weights count as capacity', async () => {
  await eventually(async () =>
    expect(await scaling.observe(group('heavy'))).toEqual({
      desired: 40,
      running: 40,
      pending: 0,
      say: null,
      largest: 4,
    }),
  );
  await scaling.desire(group('heavy'), up(42), await scaling.find(group('heavy')));
  // Two units are missing, and an instance brings four.
  await eventually(async () =>
    expect(await scaling.observe(group('heavy'))).toMatchObject({ desired: 42, running: 44 }),
  );
});

test('while a scaling activity is in progress an order is busy, not refused, and goes through afterwards', async () => {
  const found = await scaling.find(group('slow-to-change'));
  await scaling.desire(group('slow-to-change'), up(1), found);
  await expect(scaling.desire(group('slow-to-change'), up(2), found)).rejects.toMatchObject({
    code: 'SCALE_BUSY',
    message: expect.stringContaining('ScalingActivityInProgress') as string,
  });
  await eventually(() => scaling.desire(group('slow-to-change'), up(2), found));
});

test('what is missing is named: cluster, service, group, table', async () => {
  const nobody = { ...service, service: 'nobody' };
  const nowhere = { ...service, cluster: 'nowhere' };
  for (const [target, name] of [
    [nobody, 'ECS service nobody in cluster c'],
    [nowhere, 'ECS cluster nowhere'],
    [group('nobody'), 'Auto Scaling group nobody'],
    [table('nobody'), 'DynamoDB table nobody'],
  ] as const) {
    const found = { desired: 0, min: 0, max: 1, targets: [], indexes: {} };
    for (const call of [
      () => scaling.find(target),
      () => scaling.observe(target),
      () => scaling.desire(target, up(1), found),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'SCALE_TARGET_MISSING',
        message: expect.stringContaining(`there is no ${name} in this account`) as string,
      });
    }
  }
  // As the calls that change something word it.
  const raw = Object.assign(new Error("AutoScalingGroup name not found - AutoScalingGroup 'x' not found"), {
    name: 'ValidationError',
    $fault: 'client',
  });
  expect(asScaleError(group('x'), raw)).toMatchObject({ code: 'SCALE_TARGET_MISSING' });
  expect(
    asScaleError(group('x'), Object.assign(new Error('not authorized'), { name: 'AccessDenied', $fault: 'client' })),
  ).toMatchObject({ code: 'SCALE_REFUSED', message: 'AWS does not let the bot: not authorized' });
});

test.each([
  ['ecs:UpdateService', service, down(0), 'arn:aws:ecs:us-east-1:000000000000:service/c/w'],
  ['autoscaling:UpdateAutoScalingGroup', group('api'), up(9), 'autoScalingGroupName/api'],
  ['application-autoscaling:RegisterScalableTarget', service, up(9), 'scalable-target/*'],
  ['dynamodb:DescribeTable', table('any'), up(9), 'arn:aws:dynamodb:us-east-1:000000000000:table/any'],
] as const)('the right %s that the bot lacks is named, with what it is for', async (action, target, goal, resource) => {
  local.account.denied.push(action);
  try {
    const found = { desired: 0, min: 0, max: 9, targets: [], indexes: {} };
    await expect(scaling.desire(target, goal, found)).rejects.toMatchObject({
      code: 'SCALE_REFUSED',
      message: expect.stringContaining(`${resource}. Deploy its policy with this runbook, or add it`) as string,
      cause: { message: expect.stringContaining(`not authorized to perform: ${action} on`) as string },
    });
  } finally {
    local.account.denied.length = 0;
  }
});

test('a cloud that is down, or throttles for longer than a call lasts, is busy', async () => {
  local.weather.set('down');
  try {
    await expect(scaling.find(group('api'))).rejects.toMatchObject({ code: 'SCALE_BUSY' });
  } finally {
    local.weather.set('fair');
  }
});

test('instances of a group arrive after a while; asking again changes nothing', async () => {
  await scaleTo(scaling, group('api'), 3);
  await scaleTo(scaling, group('api'), 3);
  expect(await scaling.observe(group('api'))).toEqual({ desired: 3, running: 0, pending: 3, say: null });
  await eventually(async () =>
    expect(await scaling.observe(group('api'))).toEqual({ desired: 3, running: 3, pending: 0, say: null }),
  );
  await scaleTo(scaling, group('api'), 1);
  expect(await scaling.observe(group('api'))).toMatchObject({ desired: 1, running: 1 });
});

test('a group whose Launch is suspended says so, and catches up when it is resumed', async () => {
  await clients.autoScaling.send(
    new SuspendProcessesCommand({ AutoScalingGroupName: 'slow', ScalingProcesses: ['Launch'] }),
  );
  await scaleTo(scaling, group('slow'), 2);
  expect(await scaling.observe(group('slow'))).toEqual({
    desired: 2,
    running: 0,
    pending: 0,
    say: 'the Launch process of the group is suspended',
  });
  await clients.autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName: 'slow' }));
  expect(await scaling.observe(group('slow'))).toMatchObject({ pending: 2, say: null });
});

test('a count outside the bounds of a group is refused', async () => {
  await clients.autoScaling.send(
    new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'slow', MinSize: 1, MaxSize: 3 }),
  );
  await expect(
    clients.autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'slow', DesiredCapacity: 4 })),
  ).rejects.toThrow('must be between the specified min size:1 and max size:3');
  await expect(scaling.observe(group('nobody'))).rejects.toMatchObject({ code: 'SCALE_TARGET_MISSING' });
});

const definition = {
  AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' as const }],
  KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' as const }],
};

const index = (write: number | null) => [
  {
    IndexName: 'by-k',
    KeySchema: definition.KeySchema,
    Projection: { ProjectionType: 'ALL' as const },
    ...(write === null ? {} : { ProvisionedThroughput: { ReadCapacityUnits: 2, WriteCapacityUnits: write } }),
  },
];
const busyIsFine = (work: () => Promise<void>) => vi.waitFor(work, { interval: 50 });

test('a provisioned table is pinned, raised with its index, keeps its read capacity, and everything is put back', async () => {
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'prov',
      ...definition,
      GlobalSecondaryIndexes: index(50),
      ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 100 },
    }),
  );
  await eventually(async () => expect(await scaling.observe(table('prov'))).toMatchObject({ running: 50 }));
  const own = {
    ServiceNamespace: 'dynamodb',
    ResourceId: 'table/prov',
    ScalableDimension: 'dynamodb:table:WriteCapacityUnits',
  } as const;
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({ ...own, MinCapacity: 100, MaxCapacity: 1_000 }),
  );
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({
      ...own,
      ResourceId: 'table/prov/index/by-k',
      ScalableDimension: 'dynamodb:index:WriteCapacityUnits',
      MinCapacity: 50,
      MaxCapacity: 800,
    }),
  );
  const bounds = async () =>
    (
      await clients.applicationAutoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb' }))
    ).ScalableTargets?.map(({ MinCapacity: min, MaxCapacity: max }) => [min, max]);
  const units = async () => {
    const { Table: found } = await clients.dynamo.send(new DescribeTableCommand({ TableName: 'prov' }));
    const of = (
      part: { ReadCapacityUnits?: number | undefined; WriteCapacityUnits?: number | undefined } | undefined,
    ) => [part?.ReadCapacityUnits, part?.WriteCapacityUnits];
    return [of(found?.ProvisionedThroughput), of(found?.GlobalSecondaryIndexes?.[0]?.ProvisionedThroughput)];
  };
  const found = await scaling.find(table('prov'));
  expect(found).toMatchObject({
    desired: 100,
    indexes: { 'by-k': 50 },
    targets: [
      { min: 100, max: 1_000 },
      { min: 50, max: 800 },
    ],
  });

  await busyIsFine(() => scaling.desire(table('prov'), up(5_000), found));
  await eventually(async () =>
    expect(await scaling.observe(table('prov'))).toEqual({ desired: 5_000, running: 5_000, pending: 0, say: null }),
  );
  expect(await units()).toEqual([
    [7, 5_000],
    [2, 5_000],
  ]);
  expect(await bounds()).toEqual([
    [5_000, 5_000],
    [5_000, 5_000],
  ]);
  // Asked for less, it keeps what it has.
  await busyIsFine(() => scaling.desire(table('prov'), up(200), found));
  expect(await units()).toEqual([
    [7, 5_000],
    [2, 5_000],
  ]);

  // Its own scaling gets it back when it is there, not before: it would move what is under way.
  await expect(scaling.desire(table('prov'), down(100), found)).rejects.toMatchObject({
    code: 'SCALE_BUSY',
    message: expect.stringContaining('is being updated') as string,
  });
  expect(await bounds()).toEqual([
    [200, 5_000],
    [200, 5_000],
  ]);
  await busyIsFine(() => scaling.desire(table('prov'), down(100), found));
  await eventually(async () =>
    expect(await units()).toEqual([
      [7, 100],
      [2, 50],
    ]),
  );
  expect(await bounds()).toEqual([
    [100, 1_000],
    [50, 800],
  ]);
});

test('decreases are rationed by AWS: one too many is a quota, and not busy', async () => {
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'often',
      ...definition,
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 50 },
    }),
  );
  await eventually(async () => expect(await scaling.observe(table('often'))).toMatchObject({ running: 50 }));
  const found = await scaling.find(table('often'));
  const lower = (count: number) => scaling.desire(table('often'), { count, lowers: true, holds: true }, found);
  for (const count of [40, 30, 20, 10]) await busyIsFine(() => lower(count));
  await eventually(async () => expect(await scaling.observe(table('often'))).toMatchObject({ running: 10 }));
  await expect(lower(5)).rejects.toMatchObject({
    code: 'SCALE_REFUSED',
    message: expect.stringContaining('a quota of the account is used up') as string,
  });
});

test('an on-demand table is warmed with its index, and never cooled', async () => {
  await clients.dynamo.send(
    new CreateTableCommand({
      TableName: 'demand',
      ...definition,
      GlobalSecondaryIndexes: index(null),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  const found = await scaling.find(table('demand'));
  await scaling.desire(table('demand'), up(30_000), found);
  await scaling.desire(table('demand'), up(30_000), found).catch(() => undefined);
  await eventually(async () =>
    expect(await scaling.observe(table('demand'))).toEqual({ desired: 30_000, running: 30_000, pending: 0, say: null }),
  );
  await scaling.desire(table('demand'), down(10), found);
  expect(await scaling.observe(table('demand'))).toMatchObject({ running: 30_000 });
});

const AT_MS = Date.UTC(2100, 1, 1);
const OWNER = 'gobutton.launch.';
const step = (name: string, count: number, atMs = AT_MS) => ({ name: `${OWNER}${name}`, count, atMs });

test('AWS raises a service by itself: it is told once, moved, taken back, and not suspended by a hold while nobody else schedules it', async () => {
  const resource = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/c/w',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  const told = async () =>
    (
      await clients.applicationAutoScaling.send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))
    ).ScheduledActions?.map(({ ScheduledActionName: name, Schedule: at, ScalableTargetAction: to }) => [name, at, to]);
  // With what is no longer registered its schedule goes.
  await clients.applicationAutoScaling.send(new DeregisterScalableTargetCommand(resource));
  expect(await told()).toEqual([]);
  expect(await scaling.schedule(service, OWNER, [step('up', 2)])).toBe(
    'the service w is not registered with Application Auto Scaling',
  );
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({ ...resource, MinCapacity: 0, MaxCapacity: 5 }),
  );
  for (const _ of ['told', 'told already'])
    expect(await scaling.schedule(service, OWNER, [step('up', 2), step('more', 9)])).toBeNull();
  expect(await told()).toEqual([
    [`${OWNER}up`, 'at(2100-02-01T00:00:00)', { MinCapacity: 2 }],
    [`${OWNER}more`, 'at(2100-02-01T00:00:00)', { MinCapacity: 9, MaxCapacity: 9 }],
  ]);
  const found = await scaling.find(service);
  await scaling.desire(service, up(1), found);
  expect(await scaling.schedule(service, OWNER, [step('up', 2, AT_MS + 60_000)])).toBeNull();
  expect(await told()).toEqual([[`${OWNER}up`, 'at(2100-02-01T00:01:00)', { MinCapacity: 2 }]]);
  // Another launch's stay.
  expect(await scaling.schedule(service, 'gobutton.launch-2.', [])).toBeNull();
  expect(await told()).toHaveLength(1);
  expect(await scaling.schedule(service, OWNER, [])).toBeNull();
  expect(await told()).toEqual([]);
  const suspended = { ScheduledScalingSuspended: true };
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({ ...resource, SuspendedState: suspended }),
  );
  expect(await scaling.schedule(service, OWNER, [step('up', 2)])).toBe('scheduled scaling of service/c/w is suspended');
  await scaling.schedule(service, OWNER, []);
  await scaling.desire(service, down(0), found);
});

test('AWS raises a group by itself, more than a page of steps, and a suspended process is named', async () => {
  const wanted = Array.from({ length: 60 }, (_, at) => step(`s${at}`, at + 1, AT_MS + at * 1_000));
  for (const _ of ['told', 'told already']) expect(await scaling.schedule(group('api'), OWNER, wanted)).toBeNull();
  expect(await scaling.schedule(group('api'), OWNER, wanted.slice(0, 2))).toBeNull();
  const processes = { AutoScalingGroupName: 'api', ScalingProcesses: ['ScheduledActions'] };
  await clients.autoScaling.send(new SuspendProcessesCommand(processes));
  expect(await scaling.schedule(group('api'), OWNER, [])).toBe(
    'the ScheduledActions process of the group api is suspended',
  );
  await clients.autoScaling.send(new ResumeProcessesCommand(processes));
  await expect(scaling.schedule(group('none'), OWNER, wanted)).rejects.toMatchObject({ code: 'SCALE_TARGET_MISSING' });
});

test('AWS raises a provisioned table by itself with the indexes that are registered; an on-demand one it does not', async () => {
  const units = { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } };
  await clients.dynamo.send(new CreateTableCommand({ TableName: 'ahead', ...definition, ...units }));
  await clients.dynamo.send(
    new CreateTableCommand({ TableName: 'ahead-od', ...definition, BillingMode: 'PAY_PER_REQUEST' }),
  );
  expect(await scaling.schedule(table('ahead-od'), OWNER, [step('up', 50)])).toBe(
    'AWS has no schedule for the warm throughput of an on-demand table (ahead-od)',
  );
  expect(await scaling.schedule(table('ahead'), OWNER, [step('up', 50)])).toBe(
    'the table ahead is not registered with Application Auto Scaling',
  );
  await clients.applicationAutoScaling.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'dynamodb',
      ResourceId: 'table/ahead',
      ScalableDimension: 'dynamodb:table:WriteCapacityUnits',
      MinCapacity: 5,
      MaxCapacity: 10,
    }),
  );
  const inASecond = Math.ceil(Date.now() / 1_000) * 1_000 + 1_000;
  expect(await scaling.schedule(table('ahead'), OWNER, [step('up', 50, inASecond)])).toBeNull();
  await eventually(async () => expect(await scaling.observe(table('ahead'))).toMatchObject({ desired: 50 }));
});

test('what ECS refuses is told while tasks are missing, with its time, and not after it was steady again', async () => {
  const found = await scaling.find(service);
  const now = (await scaling.observe(service)).desired;
  local.weather.set('full');
  const beforeMs = Date.now();
  await scaling.desire(service, up(now + 2), found);
  const { refused, say } = await scaling.observe(service);
  expect(refused?.say).toBe(
    '(service w) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
  );
  expect(refused?.atMs).toBeGreaterThanOrEqual(beforeMs);
  expect(say).toBe(refused?.say);
  local.weather.set('fair');
  await eventually(async () => expect(await scaling.observe(service)).toMatchObject({ running: now + 2, say: null }));
  // Missing for another reason: what was said before it was steady is over.
  await scaling.desire(service, { count: now + 3, lowers: false, holds: true }, found);
  expect((await scaling.observe(service)).refused).toBeUndefined();
});
