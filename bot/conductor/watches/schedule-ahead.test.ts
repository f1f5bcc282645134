import {
  DeleteScheduledActionCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeScheduledActionsCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createClients } from '../../../infra/aws/clients.ts';
import type { Clients } from '../../../infra/aws/clients.ts';
import { createScaling } from '../../../infra/aws/scaling/scaling.ts';
import { startLocalCloud } from '../../../infra/local/cloud/start.ts';
import type { LocalCloud } from '../../../infra/local/cloud/start.ts';
import { effectsOf } from '../../../runbooks/launch/effects.ts';
import { planOf } from '../../../runbooks/launch/plan-changes.ts';
import type { Plan } from '../../../runbooks/playbook/schema.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { LAUNCH_ID, sampleRunbook, T0_MS } from '../../../test/properties/scene.ts';
import { scale } from '../effects/perform-scale.ts';
import { foundBeforeAws, ScheduleAhead, stepsAhead } from './schedule-ahead.ts';

let local: LocalCloud;
let clients: Clients;
let memory: MemoryContext;
let ahead: ScheduleAhead;
beforeAll(async () => {
  local = await startLocalCloud({ dataDir: null, groups: [{ name: 'api', startDelayMs: 0 }], services: [] });
  clients = createClients({ endpoint: local.url, region: 'us-east-1', tablePrefix: 'x', bucket: 'x' });
});
afterAll(async () => {
  clients.destroy();
  await local.stop(500);
});
beforeEach(async () => {
  await size({ MinSize: 2, DesiredCapacity: 3, MaxSize: 8 });
  memory = await MemoryContext.ready(
    sampleRunbook({
      scale_targets: [
        { id: 'api', kind: 'auto-scaling-group', group: 'api', title: 'API servers' },
        { id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' },
      ],
      phases: [
        {
          id: 'p',
          title: 'P',
          steps: [
            { id: 'some', title: 'Some', at: 'T-30m', do: { kind: 'scale', target: 'api', to: 5 } },
            { id: 'all', title: 'All', at: 'T-20m', do: { kind: 'scale', target: 'api', to: 9 } },
          ],
        },
      ],
    }),
  );
  Object.assign(memory.context.cloud, { scaling: createScaling(clients) });
  ahead = new ScheduleAhead(memory.context);
});

const size = (sizes: object) =>
  clients.autoScaling.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: 'api', ...sizes }));
const sizes = async () =>
  (await clients.autoScaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: ['api'] })))
    .AutoScalingGroups?.[0];
/** Name and time of what AWS has. */
async function told(): Promise<unknown[]> {
  const { ScheduledUpdateGroupActions: found = [] } = await clients.autoScaling.send(
    new DescribeScheduledActionsCommand({ AutoScalingGroupName: 'api' }),
  );
  return found.map(({ ScheduledActionName: name, StartTime: at, MinSize: count }) => [name, at?.getTime(), count]);
}
const look = async (isElsewhere = false) => ahead.look(await memory.launch(), isElsewhere);
const name = (step: string) => `gobutton.${LAUNCH_ID}.${step}`;
const minutes = (count: number) => T0_MS + count * 60_000;

test('AWS has the steps up to come, moves them with the target, and has none once the launch was called off', async () => {
  await look();
  expect(await told()).toEqual([
    [name('some'), minutes(-28), 5],
    [name('all'), minutes(-18), 9],
  ]);
  expect(await stepsAhead(memory.context, await memory.launch())).toMatchObject([
    { step: 'some', atMs: minutes(-28), says: null },
    { step: 'all', says: null },
  ]);
  await memory.does({ kind: 'move-target', by: 'ana', targetAtMs: minutes(15), reason: 'overtime' });
  await look();
  expect(await told()).toEqual([
    [name('some'), minutes(-13), 5],
    [name('all'), minutes(-3), 9],
  ]);
  expect(ahead.isSettled).toBe(false);
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  await look();
  expect(await told()).toEqual([]);
  expect(ahead.isSettled).toBe(true);
});

test('a step that has run, or a launch that another region has, is taken back; what somebody deleted is set again', async () => {
  await look();
  await memory.does({ kind: 'skip-step', by: 'ana', step: 'some', reason: '' });
  await look();
  expect(await told()).toEqual([[name('all'), minutes(-18), 9]]);
  await clients.autoScaling.send(
    new DeleteScheduledActionCommand({
      AutoScalingGroupName: 'api',
      ScheduledActionName: name('all'),
    }),
  );
  await look();
  expect(await told()).toHaveLength(1);
  await look(true);
  expect(await told()).toEqual([]);
});

/** The changed plan, asked for and approved. */
async function change(turn: (plan: Plan) => Plan): Promise<void> {
  const launch = await memory.launch();
  const plan = turn(planOf(launch.runbook));
  const asked = await memory.does({
    kind: 'change-runbook',
    by: 'ana',
    plan,
    runbookHash: 'f'.repeat(64),
    lines: [],
    reason: 'another group',
  });
  if (asked.kind !== 'RunbookChangeRequested') throw new Error(asked.kind);
  await memory.does({ kind: 'approve-runbook-change', by: 'mia', changeId: asked.changeId });
}
const elsewhere = (plan: Plan): Plan => ({
  ...plan,
  scale_targets: plan.scale_targets.map((one) =>
    one.kind === 'auto-scaling-group' ? { ...one, group: 'api-2' } : one,
  ),
});

test('a target that a changed plan has no more, or that is another group now, has nothing of ours left in AWS', async () => {
  await look();
  expect(await told()).toHaveLength(2);
  await change(elsewhere);
  // By the next leader, who has seen nothing of it.
  ahead = new ScheduleAhead(memory.context);
  await look();
  expect(await told()).toEqual([]);
  await change((plan) => ({
    ...plan,
    scale_targets: plan.scale_targets.filter(({ id }) => id !== 'api'),
    phases: plan.phases.map((phase) => ({ ...phase, steps: [] })),
  }));
  await look();
  expect(ahead.isSettled).toBe(true);
});

test('what stood there before AWS raised it is what is put back, also by a bot that comes only then', async () => {
  await look();
  // No bot lives at the time, and AWS does it.
  await size({ MinSize: 5 });
  memory.nowMs = minutes(-25);
  await look();
  const entry = await memory
    .does({ kind: 'start-step', step: 'some' })
    .then(() => memory.does({ kind: 'order-scale', by: null, target: 'api', desired: 5, step: 'some', reason: '' }));
  const effect = effectsOf(entry, await memory.launch()).find(({ kind }) => kind === 'scale');
  if (effect?.kind !== 'scale') throw new Error('NO_EFFECT');
  await scale(memory.context, await memory.launch(), effect);
  expect((await memory.launch()).scaleFound['api']).toMatchObject({ desired: 3, min: 2, max: 8 });
  // The next step is AWS's still.
  expect(await told()).toEqual([[name('all'), minutes(-18), 9]]);
  expect(await sizes()).toMatchObject({ MinSize: 5, DesiredCapacity: 5 });
});

test('a step that was taken back before its time leaves what is found to the order', async () => {
  await look();
  for (const step of ['some', 'all']) await memory.does({ kind: 'skip-step', by: 'ana', step, reason: '' });
  await look();
  await size({ MinSize: 4, DesiredCapacity: 4 });
  memory.nowMs = minutes(-15);
  const entry = await memory.does({
    kind: 'order-scale',
    by: 'ana',
    target: 'api',
    desired: 6,
    step: null,
    reason: '',
  });
  const effect = effectsOf(entry, await memory.launch()).find(({ kind }) => kind === 'scale');
  if (effect?.kind !== 'scale') throw new Error('NO_EFFECT');
  await scale(memory.context, await memory.launch(), effect);
  expect((await memory.launch()).scaleFound['api']).toMatchObject({ desired: 4, min: 4 });
});

test('an answer that AWS did not give does not make what it raises then the count that stood before', async () => {
  await look();
  local.account.denied.push('autoscaling:DescribeScheduledActions');
  try {
    await look();
  } finally {
    local.account.denied.length = 0;
  }
  await size({ MinSize: 5, DesiredCapacity: 5 });
  memory.nowMs = minutes(-25);
  expect(await foundBeforeAws(memory.context, LAUNCH_ID, 'api')).toMatchObject({ desired: 3, min: 2 });
});

test('nor does a bot that dies before AWS has answered it', async () => {
  const scaling = createScaling(clients);
  const schedule: typeof scaling.schedule = async (...asked) => {
    await scaling.schedule(...asked);
    throw new Error('gone');
  };
  Object.assign(memory.context.cloud, { scaling: { ...scaling, schedule } });
  await expect(look()).rejects.toThrow('gone');
  await size({ MinSize: 5, DesiredCapacity: 5 });
  memory.nowMs = minutes(-25);
  expect(await foundBeforeAws(memory.context, LAUNCH_ID, 'api')).toMatchObject({ desired: 3, min: 2 });
  // And the next one takes back what that one told.
  Object.assign(memory.context.cloud, { scaling });
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  await look();
  expect(await told()).toEqual([]);
});

test('what AWS has raised and nobody will order is said once, as it costs until somebody lowers it', async () => {
  await look();
  // No bot lives at the time, and AWS does it; then the launch is called off.
  await size({ MinSize: 5, DesiredCapacity: 5 });
  memory.nowMs = minutes(-19);
  await look();
  expect(await memory.notes()).toEqual([]);
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  await look();
  await look();
  expect(await memory.notes()).toEqual([
    'API servers (api) is up, and no order of this launch stands: AWS has raised it at 23:02:00 UTC, as it was told in advance. ' +
      'It costs until somebody lowers it. It stood at 3: `/go scale api 3`.',
  ]);
  expect(ahead.isSettled).toBe(true);
});

test('of a group that the plan points at no more it is said too, and what stood there is not taken for the other one', async () => {
  await look();
  await size({ MinSize: 5, DesiredCapacity: 5 });
  memory.nowMs = minutes(-25);
  await change(elsewhere);
  await look();
  expect((await memory.notes())[0]).toMatch(/It stood at 3: the plan has it no more, so lower it in AWS\.$/);
  expect(await foundBeforeAws(memory.context, LAUNCH_ID, 'api')).toBeNull();
});

test('what AWS has not raised, because as many stood there, is nothing to be said', async () => {
  await size({ MinSize: 2, DesiredCapacity: 6 });
  await look();
  await size({ MinSize: 5 });
  memory.nowMs = minutes(-19);
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  await look();
  expect(await memory.notes()).toEqual([]);
});

test('what AWS does not let be taken back is said once in the room, and tried until it is', async () => {
  await look();
  await memory.does({ kind: 'stand-down', by: 'ana', reason: 'no ad' });
  local.account.denied.push('autoscaling:DeleteScheduledAction');
  try {
    await look();
    await look();
  } finally {
    local.account.denied.length = 0;
  }
  expect(await memory.notes()).toEqual([
    expect.stringContaining(
      "AWS may still raise API servers (api), as it was told in advance, and that can't be taken back: the bot lacks",
    ),
  ]);
  expect(ahead.isSettled).toBe(false);
  await look();
  expect(await told()).toEqual([]);
  expect(ahead.isSettled).toBe(true);
});

test('what AWS refuses is said once in the room and stands in the plan', async () => {
  local.account.denied.push('autoscaling:PutScheduledUpdateGroupAction');
  try {
    await look();
    await look();
  } finally {
    local.account.denied.length = 0;
  }
  const lacks = 'the bot lacks the right autoscaling:PutScheduledUpdateGroupAction on ';
  expect(await memory.notes()).toEqual([
    expect.stringContaining(`API servers (api) is not scaled by AWS if no bot lives then: ${lacks}`),
  ]);
  expect(await stepsAhead(memory.context, await memory.launch())).toMatchObject([
    { says: expect.stringContaining(lacks) },
    { says: expect.stringContaining(lacks) },
  ]);
});

test('a fleet that is not there yet stands in the plan, and the room hears of it when it is needed', async () => {
  const { scaling } = memory.context.cloud;
  const missing = (group: string) => ({ kind: 'auto-scaling-group', id: 'api', group, if_changed: 'tell' }) as const;
  const cloud = {
    ...scaling,
    schedule: (_: unknown, owner: string) => scaling.schedule(missing('none'), owner, []),
    find: () => scaling.find(missing('none')),
  };
  Object.assign(memory.context.cloud, { scaling: cloud });
  await look();
  expect(await memory.notes()).toEqual([]);
  expect((await stepsAhead(memory.context, await memory.launch()))[0]?.says).toContain(
    'there is no Auto Scaling group none',
  );
});
