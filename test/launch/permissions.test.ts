import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import { PERMISSIONS, PROCESSES } from '../../infra/aws/access/permissions.ts';
import type { ProcessName } from '../../infra/aws/access/permissions.ts';
import { sidOf } from '../../infra/aws/access/policy.ts';
import type { ResourceKind } from '../../infra/aws/access/resources.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { startChild } from '../../infra/local/child.ts';
import { scaleTo } from '../../infra/local/cloud/for-tests.ts';
import {
  LOCAL_AUDIENCE_TASK,
  LOCAL_AUTOMATION,
  LOCAL_AUTOMATION_ROLE,
  LOCAL_POOL,
} from '../../infra/local/principals.ts';
import { mustGo, testAll } from '../../infra/local/scripted-commands.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { M, tableOf } from '../../workers/audience/join/for-tests.ts';
import { openWarRoom } from '../faults/war-room.ts';
import type { WarRoom } from '../faults/war-room.ts';

/**
 * What bot, workers, audience and command line ask of AWS, by processes of their own, each with its own policy: through a launch
 * with everything that people do in it. What only a failure makes a process do is asked by its adapters with its access key.
 */

const RUNBOOK = join(import.meta.dirname, '../../runbooks/library/superbowl.yaml');

let room: WarRoom;
const made: Cloud[] = [];

beforeAll(async () => {
  room = await openWarRoom({ markets: { us: 300, de: 16_000, fr: 16_000 }, everything: true });
}, 60_000);
afterAll(async () => {
  for (const cloud of made) cloud.close();
  await room.stop();
});

async function run(process: 'audience' | 'command-line', ...args: string[]): Promise<void> {
  const child = await startChild({
    name: args.join(' '),
    script: process === 'audience' ? 'workers/audience/cli.ts' : 'bot/cli.ts',
    args: [...args],
    env: room.stack.envOf(process),
    logFile: join(room.dataDir, 'logs', `${process}.log`),
  });
  const how = await child.ended;
  if (how !== 0)
    throw new Error(`\`${args.join(' ')}\` ended with ${how}: ${(await readFile(child.logFile, 'utf8')).slice(-500)}`);
}

function as(process: ProcessName): Cloud {
  const cloud = createCloud({ ...room.stack.cloudConfig, endpoint: room.stack.localCloud.urlFor(process) });
  made.push(cloud);
  return cloud;
}

const segments = (name: string): string[] => ['--launch', room.launchId, '--segments', name];
const launch = (): string[] => ['--launch', room.launchId];

/** Every shot that fired this segment has been closed, and there are as many. */
async function closed(segment: string, shots: number): Promise<void> {
  await until(`close ${shots} of ${segment}`, 40_000, async () => {
    const found = Object.values((await room.launch()).shots).filter((shot) => shot.segments[0]?.segment === segment);
    return found.length === shots && found.every((shot) => shot.closed !== null);
  });
}

async function liftByCommands(): Promise<void> {
  await run('command-line', 'lift', 'request', ...launch(), '--reason', 'tried', '--key', room.keys.ana);
  await run('command-line', 'lift', 'approve', ...launch(), '--key', room.keys.mia);
}

async function fireByCommands(segment: string): Promise<void> {
  await run('command-line', 'fire', 'request', ...segments(segment), '--key', room.keys.ana);
  await run('command-line', 'fire', 'approve', ...launch(), '--yes', '--key', room.keys.mia);
}

/** Scales services, groups and tables; something else scales the service too. */
async function scale(): Promise<void> {
  const { stack, ana } = room;
  const client = new ApplicationAutoScalingClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${stack.localCloud.port}`,
    credentials: { accessKeyId: new URL(stack.localCloud.url).username, secretAccessKey: 'local' },
  });
  await client.send(
    new RegisterScalableTargetCommand({
      ServiceNamespace: 'ecs',
      ResourceId: `service/gobutton/${LOCAL_POOL}`,
      ScalableDimension: 'ecs:service:DesiredCount',
      MinCapacity: 1,
      MaxCapacity: 2,
    }),
  );
  client.destroy();
  await mustGo(ana, 'doctor');
  await mustGo(ana, 'scale workers 3');
  await mustGo(ana, 'scale edge 3');
  await mustGo(ana, 'scale claims 5000');
}

/** What a person attaches in the room is copied. */
async function attachFile(): Promise<void> {
  const { stack, ana, launchId } = room;
  await ana.attach('plan.txt', 'doors open at eight');
  await until('the copy', 30_000, async () =>
    (await stack.cloud.record.messagesAfter(launchId, 0)).some(({ file }) => file !== undefined && file.key !== null),
  );
}

/** Audiences from tables: one item a user, and one a device. */
async function joins(): Promise<void> {
  const { url } = room.stack.localCloud;
  const users = join(room.dataDir, 'users.csv');
  await writeFile(users, 'user\na\n');
  const phone = { platform: 'ios', token: `00${'7'.repeat(62)}`, locale: 'en', market: 'us' };
  await tableOf(url, 'devices-by-user', [
    { userId: { S: 'a' }, devices: { L: [M(phone)] } },
    { userId: { S: 'b' }, devices: { L: [M({ ...phone, token: 'none' })] } },
  ]);
  await tableOf(url, 'devices', [{ userId: { S: 'a' }, ...M(phone).M }], { sortKey: 'token' });
  await compileByBot();
  for (const table of ['devices-by-user', 'devices'])
    await run('audience', 'compile', '--users', users, '--device-table', table, '--runbook', RUNBOOK);
}

/** By a task that the bot starts, follows and, being asked to, stops. Half of the rows have no device: it is looked at, and not set. */
async function compileByBot(): Promise<void> {
  const { stack, ana } = room;
  const { audience } = await room.launch();
  await stack.cloud.objects.put('uploads/users.csv', Buffer.from('user\na\nb\n'));
  await mustGo(ana, 'audience compile --users uploads/users.csv --device-table devices-by-user');
  const ended = async () =>
    (await stack.cloud.facts.get(room.launchId, 'compile'))?.includes('"how":"stored"') === true;
  await until('the compile', 60_000, ended);
  expect((await room.launch()).audience).toEqual(audience);
  const bot = createCloud({
    ...room.stack.cloudConfig,
    endpoint: stack.localCloud.urlFor('bot'),
    audienceTask: { ...LOCAL_AUDIENCE_TASK, subnets: ['subnet-local'], groups: [], publicAddress: false },
  });
  made.push(bot);
  for (const { taskArn } of stack.localCloud.standalone()) await bot.audienceTasks?.stop(taskArn, 'tried');
}

/** What a whole launch asks for only when something fails. */
async function failures(): Promise<void> {
  // Nobody's words, so that it takes no key of them.
  const forgot = { messages: 0, files: 0, tokens: 0 };
  const message = { ts: '1', user: 'U', atMs: 1, edits: null, deleted: false, permalink: null, files: [], forgot };
  const account = { states: new Uint8Array(1), reasons: {} };
  for (const process of PROCESSES) {
    const { record, objects } = as(process);
    // Somebody else has the place.
    for (const text of ['mine', 'theirs'])
      await record.appendMessage(`rights-${process}`, { seq: 0, hash: '' }, { ...message, text });
    // A key that is missing is denied like one that is forbidden, and told from it.
    for (const { action, on } of PERMISSIONS[process])
      if (action === 's3:ListBucket')
        for (const kind of on)
          if (kind !== 'room-files' && (kind !== 'staff-devices' || process === 'worker'))
            expect(await objects.get(KEYS[kind] ?? '')).toBeNull();
  }
  // Batches whose worker is lost.
  for (const process of ['bot', 'worker'] as const)
    for (const won of [true, false])
      expect(await as(process).claims.close(`rights/${process}`, account, null)).toMatchObject({ won });
  await as('bot').live.release('rights', 'nobody');
  // Asked for while somebody looks at the live timeline.
  expect(await as('bot').live.resultsOf('rights', ['1/post-entry'])).toEqual(new Map());
  const { automations } = as('bot');
  const parameters = { AutomationAssumeRole: [LOCAL_AUTOMATION_ROLE] };
  const run = { launchId: 'rights', step: 'warm', document: LOCAL_AUTOMATION, version: null, parameters };
  const started = await automations.start(run);
  expect(started).toMatchObject({ ok: true });
  if (started.ok) expect(await automations.look(started.executionId)).toMatchObject({ state: 'running' });
  const { live, queues } = as('worker');
  await live.reports(room.launchId);
  const { batches, segments: orders } = queueNames(LOCAL_POOL);
  for (const queue of Object.values(batches)) await queues.depth(queue);
  // An instance that is not there yet.
  const group = { kind: 'auto-scaling-group', id: 'edge', group: 'lingo-api', if_changed: 'tell' } as const;
  await scaleTo(room.stack.cloud.scaling, group, 5);
  for (const process of ['bot', 'command-line'] as const) await as(process).scaling.observe(group);
  // Steps that are told to AWS in advance, and taken back.
  const service = {
    kind: 'ecs-service',
    id: 'workers',
    cluster: 'gobutton',
    service: LOCAL_POOL,
    if_changed: 'tell',
  } as const;
  const inAnHour = { name: 'gobutton.rights.up', atMs: Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000, count: 1 };
  for (const target of [group, service])
    for (const wanted of [[inAnHour], []])
      expect(await as('bot').scaling.schedule(target, 'gobutton.rights.', wanted)).toBeNull();
  // The receipt is refused, and asked for all the same.
  await queues.handBack(orders, ['none'], 0).catch(() => null);
}

/** A key of each kind that nothing stands under. */
const KEYS: Partial<Record<ResourceKind, string>> = {
  manifests: 'audiences/none/manifest.json',
  shards: 'audiences/none/0.shard',
  'shard-users': 'audiences/none/0.users',
  'skip-lists': 'skip-lists/none.bin',
  'joined-rows': 'joins/none/00000.json',
  'compile-states': 'joins/none/state.json',
  uploads: 'uploads/none',
  'frozen-sets': 'sets/none/none.json',
  'staff-devices': 'launches/none/staff-devices/none',
  'word-keys': 'launches/none/words/none',
};

test('each process may do all that it does, and nothing else', { timeout: 240_000 }, async () => {
  const { stack, ana, ben } = room;
  await scale();
  await attachFile();
  await testAll(ana, () => room.launch());
  const refused = join(room.dataDir, 'refused.txt');
  await writeFile(refused, 'user_id\nus-0\n');
  await run('audience', 'skip', refused, ...launch(), '--as', 'ana');
  await joins();
  await ben.press(await room.ask('fire us-ios'));
  await room.closed('us-ios');

  // Halted by hand in Parameter Store, in the middle of a shot that commands fired; the rest goes out by Slack.
  await room.configure({ latencyMs: 8_000 });
  await fireByCommands('de-ios');
  await stack.cloud.parameters.put(`/gobutton/gobutton/${room.launchId}/halt`, 'true');
  await closed('de-ios', 1);
  await liftByCommands();
  await room.configure({ latencyMs: 10 });
  await ben.press(await room.ask('fire de-ios'));
  await closed('de-ios', 2);
  await run('audience', 'bad-tokens', ...launch(), '--out', join(room.dataDir, 'bad.txt'));

  // With the bot gone commands do it all.
  await stack.parts.bot.stop();
  await Promise.all([
    run('command-line', 'launches'),
    run('command-line', 'status', ...launch()),
    run('command-line', 'gates', ...launch()),
  ]);
  await room.configure({ latencyMs: 8_000 });
  await fireByCommands('fr-ios');
  await run('command-line', 'halt', ...launch());
  await closed('fr-ios', 1);
  await liftByCommands();
  await room.configure({ latencyMs: 10 });
  await fireByCommands('fr-ios');
  await closed('fr-ios', 2);
  await run('command-line', 'forget', ...launch(), '--message', 'm1', '--yes');
  await run('command-line', 'forget', ...launch(), '--yes');
  await failures();

  const { used, denied } = stack.localCloud.access();
  expect(denied).toEqual([]);
  for (const process of PROCESSES) {
    const rights = PERMISSIONS[process].flatMap(({ action, on }) =>
      on.map((kind) => `${sidOf(action === 's3:ListBucket' ? `list-${kind}` : kind)} ${action}`),
    );
    expect({ process, unused: rights.filter((right) => used[process]?.includes(right) !== true) }).toEqual({
      process,
      unused: [],
    });
  }
});
