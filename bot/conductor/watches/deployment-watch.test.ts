import { expect, test } from 'vitest';
import { CloudError } from '../../../infra/aws/cloud-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { workerKeyring } from '../../../test/keys.ts';
import { MemoryContext } from '../../../test/memory-context.ts';
import { sampleRunbook } from '../../../test/properties/scene.ts';
import { reportOf } from '../for-tests.ts';
import { DeploymentWatch } from './deployment-watch.ts';

async function scene(own: string | null) {
  const memory = await MemoryContext.ready(
    sampleRunbook({
      pool: { name: 'gobutton-workers', scale_target: 'workers', workers: 2 },
      scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'c', service: 'gobutton-workers' }],
    }),
  );
  const service: { definition: string | CloudError } = { definition: 'gobutton-workers:7' };
  const scaling = {
    observe: async () => {
      if (service.definition instanceof CloudError) throw service.definition;
      return { desired: 0, running: 0, pending: 0, say: null, definition: service.definition };
    },
  };
  const context = {
    ...memory.context,
    cloud: { ...memory.context.cloud, scaling } as unknown as Cloud,
    version: own,
    overQuotas: null as string | null,
    ownDefinition: async (): Promise<string | null> => null,
  };
  let watch = new DeploymentWatch(context);
  return {
    memory,
    service,
    context,
    /** Another bot leads now. */
    lead: (version: string | null) => {
      watch = new DeploymentWatch({ ...context, version });
    },
    see: async (...versions: (string | null)[]) => {
      const launch = await memory.launch();
      memory.reports = versions.map((version, nth) =>
        reportOf(launch, `boot-${nth}`, memory.nowMs, version === null ? {} : { version }),
      );
      await watch.look(launch);
    },
  };
}

test('a version that comes is told once, with who runs which, by any bot that leads', async () => {
  const { memory, see, lead } = await scene('aaaa');
  await see('aaaa', 'aaaa');
  expect(await memory.notes()).toEqual([]);
  await see('aaaa', 'bbbb');
  await see('aaaa', 'bbbb');
  lead('aaaa');
  await see('aaaa', 'aaaa', 'bbbb');
  const notes = await memory.notes();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^Another version of gobutton has come: bbbb\. bbbb on 1 worker \(host\/boot-1\); aaaa on /);
  expect(notes[0]).toContain('60 min before the target');
});

test('a pool that was replaced whole between two looks is told of too, and so is an older version', async () => {
  const { memory, see } = await scene(null);
  await see('aaaa', 'aaaa');
  await see('cccc', 'cccc');
  await see(null, null);
  expect((await memory.notes()).map((note) => note.split('. ')[0])).toEqual([
    'Another version of gobutton has come: cccc',
    'Another version of gobutton has come: an older one without a name',
  ]);
});

test('a version that nobody of the deployment has signed is told to nobody, and is never the first one', async () => {
  const { memory, see } = await scene('aaaa');
  const forged = new Set(['boot-0', 'boot-1', 'boot-2']);
  memory.reportsBy = ({ bootId }) => (forged.has(bootId) ? null : workerKeyring().signer);
  await see('evil', 'evil', 'evil', 'aaaa', 'aaaa');
  await see('worse', 'aaaa', 'evil', 'aaaa', 'aaaa');
  expect(await memory.notes()).toEqual([]);
  await see('evil', 'aaaa', 'aaaa', 'aaaa', 'bbbb');
  const [note, ...more] = await memory.notes();
  expect(note).toContain('has come: bbbb. bbbb on 1 worker (host/boot-4); aaaa on 1 worker (host/boot-3) and a bot');
  expect(more).toEqual([]);
});

test('a bot that comes alone with a version of its own is told of', async () => {
  const { memory, see, lead } = await scene('aaaa');
  await see('aaaa', 'aaaa');
  lead('dddd');
  await see('aaaa', 'aaaa');
  expect((await memory.notes())[0]).toContain('has come: dddd. dddd on a bot; aaaa on 2 workers');
});

test('nothing is said as long as nobody knows what it is', async () => {
  const { memory, see } = await scene(null);
  await see();
  await see(null, null);
  await see(null);
  expect(await memory.notes()).toEqual([]);
});

test('a deployment that keeps the version is seen by the workers’ task definition, also by a bot that came after it', async () => {
  const { memory, see, lead, service } = await scene('aaaa');
  await see('aaaa');
  expect(await memory.notes()).toEqual([]);
  // Its service can't be looked at for a while.
  service.definition = new CloudError('SCALE_TARGET_MISSING', 'no such service');
  await see('aaaa');
  lead('aaaa');
  service.definition = 'gobutton-workers:8';
  await see('aaaa');
  await see('aaaa');
  const notes = await memory.notes();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(
    /^The workers have another task definition: gobutton-workers:8\. It was gobutton-workers:7 when this launch began, and it is 60 min before the target\./,
  );
  // Rolled back: nothing new.
  service.definition = 'gobutton-workers:7';
  await see('aaaa');
  expect(await memory.notes()).toHaveLength(1);
});

test('a deployment over quotas that are short is told once, and another one anew', async () => {
  const { memory, see, lead, context } = await scene('aaaa');
  context.overQuotas = 'Fargate vCPUs (found 6 vCPUs, needed 80 vCPUs)';
  lead('aaaa');
  await see('aaaa');
  await see('aaaa');
  context.overQuotas = 'Tasks of a service (found 5 tasks, needed 40 tasks)';
  lead('aaaa');
  await see('aaaa');
  const notes = await memory.notes();
  expect(notes).toHaveLength(2);
  expect(notes[0]).toMatch(
    /^Deployed over what the account's quotas give: Fargate vCPUs \(found 6 vCPUs, needed 80 vCPUs\)\. .*before GO\.$/,
  );
  expect(notes[1]).toContain('Tasks of a service');
});

test('a deployment of bots alone is seen by the task definition of the one that leads, without a call to ECS', async () => {
  const { memory, see, lead, context, service } = await scene('aaaa');
  // What the workers' service says is not asked for here.
  service.definition = new CloudError('SCALE_TARGET_MISSING', 'no such service');
  const leads = async (definition: string | null) => {
    context.ownDefinition = async () => definition;
    lead('aaaa');
    await see('aaaa');
  };
  await leads(null);
  await leads('superbowl-bot:3');
  expect(await memory.notes()).toEqual([]);
  await leads('superbowl-bot:4');
  await leads('superbowl-bot:3');
  await leads('superbowl-bot:4');
  const notes = await memory.notes();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(
    /^The bots have another task definition: superbowl-bot:4\. It was superbowl-bot:3 when this launch began, and it is 60 min before the target\./,
  );
});
