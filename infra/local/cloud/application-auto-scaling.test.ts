import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApplicationAutoScalingClient,
  DescribeScheduledActionsCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { afterEach, expect, test, vi } from 'vitest';
import { createCloud } from '../../aws/create-cloud.ts';
import { startLocalCloud } from './start.ts';
import type { LocalCloud } from './start.ts';

let local: LocalCloud | null = null;
afterEach(async () => {
  await local?.stop(500);
});

const resource = {
  ServiceNamespace: 'ecs',
  ResourceId: 'service/c/w',
  ScalableDimension: 'ecs:service:DesiredCount',
} as const;

test('bounds pull the count to them, and a scheduled action moves the bounds at its time', async () => {
  local = await startLocalCloud({
    dataDir: null,
    groups: [],
    services: [
      {
        cluster: 'c',
        service: 'w',
        command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
        env: {},
        cwd: tmpdir(),
        startDelayMs: 0,
      },
    ],
  });
  const { scaling } = createCloud({ endpoint: local.url, region: 'us-east-1', tablePrefix: 'x', bucket: 'x' });
  const client = new ApplicationAutoScalingClient({
    endpoint: local.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const target = { id: 'w', kind: 'ecs-service', cluster: 'c', service: 'w', if_changed: 'tell' } as const;

  await expect(
    client.send(
      new PutScheduledActionCommand({
        ...resource,
        ScheduledActionName: 'up',
        Schedule: 'at(2026-01-01T00:00:00)',
        ScalableTargetAction: { MinCapacity: 2 },
      }),
    ),
  ).rejects.toMatchObject({ name: 'ObjectNotFoundException' });
  await client.send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 1, MaxCapacity: 3 }));
  expect(await scaling.observe(target)).toMatchObject({ desired: 1 });

  const put = (ScheduledActionName: string, Schedule: string, to: object) =>
    client.send(
      new PutScheduledActionCommand({ ...resource, ScheduledActionName, Schedule, ScalableTargetAction: to }),
    );
  await expect(put('up', 'at(2026-01-01T00:00:00)', { MinCapacity: 2 })).rejects.toThrow(
    'at(2026-01-01T00:00:00) is in the past',
  );
  await expect(put('up', 'at(2100-01-01T00:00:00)', {})).rejects.toThrow('At least one of');
  await expect(put('up', 'at(2100-01-01T00:00:00)', { MinCapacity: 2, MaxCapacity: 1 })).rejects.toThrow('less than');
  await expect(put('a/b', 'at(2100-01-01T00:00:00)', { MinCapacity: 2 })).rejects.toThrow('name is not valid: a/b');

  const inASecond = new Date(Date.now() + 1_500).toISOString().slice(0, 19);
  await client.send(
    new PutScheduledActionCommand({
      ...resource,
      ScheduledActionName: 'up',
      Schedule: `at(${inASecond})`,
      ScalableTargetAction: { MinCapacity: 2 },
    }),
  );
  expect(
    (await client.send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))).ScheduledActions,
  ).toHaveLength(1);
  await vi.waitFor(async () => expect(await scaling.observe(target)).toMatchObject({ desired: 2 }), {
    interval: 50,
  });
  expect(
    (await client.send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))).ScheduledActions,
  ).toHaveLength(0);

  await expect(
    client.send(new PutScheduledActionCommand({ ...resource, ScheduledActionName: 'c', Schedule: 'rate(1 minute)' })),
  ).rejects.toThrow('rate(1 minute)');
  for (let at = 0; at < 200; at += 1) await put(`s${at}`, 'at(2100-01-01T00:00:00)', { MinCapacity: 2 });
  await expect(put('one-more', 'at(2100-01-01T00:00:00)', { MinCapacity: 2 })).rejects.toMatchObject({
    name: 'LimitExceededException',
  });
  await expect(
    client.send(
      new RegisterScalableTargetCommand({
        ServiceNamespace: 'dynamodb',
        ResourceId: 'table/none',
        ScalableDimension: 'dynamodb:table:WriteCapacityUnits',
        MinCapacity: 1,
        MaxCapacity: 2,
      }),
    ),
  ).rejects.toThrow('DynamoDB table does not exist: table/none');
  await expect(
    client.send(
      new RegisterScalableTargetCommand({
        ServiceNamespace: 'rds',
        ResourceId: 'cluster:x',
        ScalableDimension: 'rds:cluster:ReadReplicaCount',
        MinCapacity: 1,
        MaxCapacity: 2,
      }),
    ),
  ).rejects.toThrow('namespace rds');
});

test('a scheduled action whose service is gone by then does nothing, and ends nothing', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-scaling-'));
  const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
  const service = { cluster: 'c', service: 'w', command, env: {}, cwd: tmpdir(), startDelayMs: 0 };
  const send = (cloud: LocalCloud) => {
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    return new ApplicationAutoScalingClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  };
  local = await startLocalCloud({ dataDir, groups: [], services: [service] });
  await send(local).send(new RegisterScalableTargetCommand({ ...resource, MinCapacity: 0, MaxCapacity: 3 }));
  const at = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_000).toISOString().slice(0, 19);
  const action = {
    ...resource,
    ScheduledActionName: 'up',
    Schedule: `at(${at})`,
    ScalableTargetAction: { MinCapacity: 2 },
  };
  await send(local).send(new PutScheduledActionCommand(action));
  await local.stop(500);
  const again = (local = await startLocalCloud({ dataDir, groups: [], services: [] }));
  // What a promise rejects with nobody waiting fails this file.
  await vi.waitFor(async () =>
    expect(
      (await send(again).send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))).ScheduledActions,
    ).toEqual([]),
  );
  await again.stop(500);
  local = null;
  await rm(dataDir, { recursive: true });
});
