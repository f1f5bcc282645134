import {
  DescribeAutoScalingGroupsCommand,
  DescribeScalingActivitiesCommand,
  PutScheduledUpdateGroupActionCommand,
} from '@aws-sdk/client-auto-scaling';
import type { PutScheduledUpdateGroupActionCommandInput } from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClients } from '../../aws/clients.ts';
import type { Clients } from '../../aws/clients.ts';
import { startLocalCloud } from './start.ts';
import type { LocalCloud } from './start.ts';

let local: LocalCloud;
let clients: Clients;
beforeAll(async () => {
  local = await startLocalCloud({
    dataDir: null,
    groups: [
      { name: 'g', startDelayMs: 0, desired: 3, max: 5 },
      { name: 'full', startDelayMs: 0 },
      { name: 'small', startDelayMs: 0, max: 2 },
    ],
    services: [],
  });
  clients = createClients({ endpoint: local.url, region: 'us-east-1', tablePrefix: 'x', bucket: 'x' });
});
afterAll(async () => {
  clients.destroy();
  await local.stop(500);
});

const put = (group: string, name: string, at: Date, to: Partial<PutScheduledUpdateGroupActionCommandInput>) =>
  clients.autoScaling.send(
    new PutScheduledUpdateGroupActionCommand({
      AutoScalingGroupName: group,
      ScheduledActionName: name,
      StartTime: at,
      ...to,
    }),
  );
const LATER = new Date('2100-01-01T00:00:00Z');
const inASecond = () => new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 1_000);

test('what AWS refuses of a scheduled action is refused here', async () => {
  await expect(put('g', 'past', new Date(Date.now() - 1_000), { MinSize: 1 })).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Given start time is in the past',
  });
  await expect(put('g', 'none', LATER, {})).rejects.toThrow('At least one of MinSize');
  await expect(put('g', 'odd', LATER, { MinSize: 3, MaxSize: 2 })).rejects.toThrow('Max bound, 2');
  await expect(put('g', 'daily', LATER, { MinSize: 1, Recurrence: '0 8 * * *' })).rejects.toThrow('Recurrence');
  await expect(put('g', 'there', LATER, { MinSize: 1, TimeZone: 'Europe/Berlin' })).rejects.toThrow('TimeZone');
  await put('g', 'one', LATER, { MinSize: 1 });
  await expect(put('g', 'two', LATER, { MinSize: 2 })).rejects.toMatchObject({ name: 'AlreadyExistsFault' });
  // The same name is the same action, and may keep its time.
  await put('g', 'one', LATER, { MinSize: 2 });
  for (let at = 0; at < 125; at += 1)
    await put('full', `s${at}`, new Date(LATER.getTime() + at * 1_000), { MinSize: 1 });
  await expect(put('full', 'more', inASecond(), { MinSize: 1 })).rejects.toMatchObject({ name: 'LimitExceededFault' });
});

test('at its time a minimum raises the count, and one that does not fit any more is a failed activity', async () => {
  await put('g', 'up', inASecond(), { MinSize: 4 });
  await put('small', 'up', inASecond(), { MinSize: 4 });
  await vi.waitFor(
    async () => {
      const { AutoScalingGroups: found = [] } = await clients.autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['g', 'small'] }),
      );
      const activity = await clients.autoScaling.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName: 'small' }),
      );
      expect(found.map(({ MinSize, DesiredCapacity, MaxSize }) => [MinSize, DesiredCapacity, MaxSize])).toEqual([
        [4, 4, 5],
        [0, 0, 2],
      ]);
      expect(activity.Activities).toMatchObject([
        { StatusCode: 'Failed', StatusMessage: 'Max bound, 2, must be greater than or equal to min bound, 4' },
      ]);
    },
    { interval: 50 },
  );
});
