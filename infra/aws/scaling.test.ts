import { DescribeScalableTargetsCommand, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { ResumeProcessesCommand, SetDesiredCapacityCommand, SuspendProcessesCommand, UpdateAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../local/cloud/start.ts';
import { type Clients, createClients } from './clients.ts';
import { createScaling, type Scaling } from './scaling.ts';

let local: LocalCloud;
let clients: Clients;
let scaling: Scaling;
beforeAll(async () => {
  local = await startLocalCloud({
    dataDir: null, groups: [{ name: 'api', startDelayMs: 150 }, { name: 'slow', startDelayMs: 60_000 }],
    services: [{ cluster: 'c', service: 'w', command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], env: {}, cwd: tmpdir(), startDelayMs: 10 }],
  });
  clients = createClients({ endpoint: local.url, region: 'us-east-1', tablePrefix: 'x', bucket: 'x' });
  scaling = createScaling(clients);
});
afterAll(async () => {
  clients.destroy();
  await local.stop(500);
});

const service = { id: 'w', kind: 'ecs-service', cluster: 'c', service: 'w' } as const;
const group = (name: string) => ({ id: name, kind: 'auto-scaling-group', group: name }) as const;
const table = (name: string) => ({ id: name, kind: 'dynamodb-table', table: name }) as const;
const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 5_000, interval: 25 });

test('a service with a scalable target is pinned to the count, so that Auto Scaling leaves it there', async () => {
  const resource = { ServiceNamespace: 'ecs', ResourceId: 'service/c/w', ScalableDimension: 'ecs:service:DesiredCount' } as const;
  await clients.applicationAutoScaling.send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 0, MaxCapacity: 1 }));
  await scaling.desire(service, 2);
  const { ScalableTargets: targets } = await clients.applicationAutoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: ['service/c/w'] }));
  expect(targets?.[0]).toMatchObject({ MinCapacity: 2, MaxCapacity: 2 });
  await eventually(async () => expect(await scaling.observe(service)).toEqual({ desired: 2, running: 2, pending: 0, say: null }));
  await scaling.desire(service, 0);
  expect(await scaling.observe(service)).toMatchObject({ desired: 0 });
});

test('instances of a group arrive after a while; asking again changes nothing', async () => {
  await scaling.desire(group('api'), 3);
  await scaling.desire(group('api'), 3);
  expect(await scaling.observe(group('api'))).toEqual({ desired: 3, running: 0, pending: 3, say: null });
  await eventually(async () => expect(await scaling.observe(group('api'))).toEqual({ desired: 3, running: 3, pending: 0, say: null }));
  await scaling.desire(group('api'), 1);
  expect(await scaling.observe(group('api'))).toMatchObject({ desired: 1, running: 1 });
});

test('a group whose Launch is suspended says so, and catches up when it is resumed', async () => {
  await clients.autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName: 'slow', ScalingProcesses: ['Launch'] }));
  await scaling.desire(group('slow'), 2);
  expect(await scaling.observe(group('slow'))).toEqual({ desired: 2, running: 0, pending: 0, say: 'the Launch process of the group is suspended' });
  await clients.autoScaling.send(new ResumeProcessesCommand({ AutoScalingGroupName: 'slow' }));
  expect(await scaling.observe(group('slow'))).toMatchObject({ pending: 2, say: null });
});

test('a count outside the bounds of a group is refused', async () => {
  await clients.autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'slow', MinSize: 1, MaxSize: 3 }));
  await expect(clients.autoScaling.send(new SetDesiredCapacityCommand({ AutoScalingGroupName: 'slow', DesiredCapacity: 4 }))).rejects.toThrow('must be between the specified min size:1 and max size:3');
  await expect(scaling.observe(group('nobody'))).rejects.toMatchObject({ code: 'SCALE_TARGET_MISSING' });
});

const definition = { AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' as const }], KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' as const }] };

test('a provisioned table gets its write capacity, keeps its read capacity, and shows the way there', async () => {
  await clients.dynamo.send(new CreateTableCommand({ TableName: 'prov', ...definition, ProvisionedThroughput: { ReadCapacityUnits: 7, WriteCapacityUnits: 5 } }));
  await eventually(async () => expect(await scaling.observe(table('prov'))).toMatchObject({ running: 5 }));
  await scaling.desire(table('prov'), 500);
  expect(await scaling.observe(table('prov'))).toEqual({ desired: 500, running: 5, pending: 495, say: null });
  await eventually(async () => expect(await scaling.observe(table('prov'))).toEqual({ desired: 500, running: 500, pending: 0, say: null }));
  await scaling.desire(table('prov'), 500);
});

test('an on-demand table is warmed, and never cooled', async () => {
  await clients.dynamo.send(new CreateTableCommand({ TableName: 'demand', ...definition, BillingMode: 'PAY_PER_REQUEST' }));
  await scaling.desire(table('demand'), 30_000);
  expect(await scaling.observe(table('demand'))).toEqual({ desired: 30_000, running: 30_000, pending: 0, say: null });
  await scaling.desire(table('demand'), 10);
  expect(await scaling.observe(table('demand'))).toMatchObject({ running: 30_000 });
  await expect(scaling.observe(table('nobody'))).rejects.toMatchObject({ code: 'SCALE_TARGET_MISSING' });
});
