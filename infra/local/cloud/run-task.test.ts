import { tmpdir } from 'node:os';
import { DescribeTasksCommand, ECSClient, RunTaskCommand } from '@aws-sdk/client-ecs';
import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { afterEach, expect, test, vi } from 'vitest';
import { createAudienceTasks } from '../../aws/audience-task.ts';
import type { AudienceTasks } from '../../aws/audience-task.ts';
import { startLocalCloud } from './start.ts';
import type { LocalCloud } from './start.ts';

/** RunTask as ECS does it, by the adapter that the bot calls it with. */

/** Says what it was given, and ends as it is told: with a code, on SIGTERM, or not before SIGKILL. */
const PROGRAM = `
const [how] = process.argv.slice(1);
console.log('given', process.argv.slice(1).join(' '), process.env.MODE);
if (how === 'ends') process.exit(Number(process.argv[2]));
process.on('SIGTERM', () => { if (how === 'polite') process.exit(143); });
setInterval(() => {}, 1000);
`;
const ROLE = 'arn:aws:iam::000000000000:role/audience';
const PLACE = { cluster: 'c', family: 'audience', subnets: ['subnet-1'], groups: ['sg-1'], publicAddress: true };

const clouds: LocalCloud[] = [];
afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop(200)));
});

async function start(options: { aheadMs?: () => number; stopTimeoutMs?: number; passes?: string } = {}) {
  const { aheadMs = () => 0, stopTimeoutMs = 5_000, passes = ROLE } = options;
  const local = await startLocalCloud({
    dataDir: null,
    groups: [],
    services: [],
    nowMs: () => Date.now() + aheadMs(),
    principals: [
      {
        accessKeyId: 'b0t',
        name: 'bot',
        statements: [
          { Sid: 'Ecs', Effect: 'Allow', Action: ['ecs:RunTask', 'ecs:DescribeTasks'], Resource: ['*'] },
          { Sid: 'Pass', Effect: 'Allow', Action: ['iam:PassRole'], Resource: [passes] },
        ],
      },
    ],
    families: [
      {
        cluster: 'c',
        family: 'audience',
        container: 'audience',
        entryPoint: [process.execPath, '-e', PROGRAM, '--'],
        env: { MODE: 'own' },
        cwd: tmpdir(),
        startDelayMs: 20,
        stopTimeoutMs,
        roles: [ROLE],
      },
    ],
  });
  clouds.push(local);
  const client = (accessKeyId: string) =>
    new ECSClient({
      endpoint: `http://127.0.0.1:${local.port}`,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey: 'local' },
    });
  const tasks = createAudienceTasks(client('local'), PLACE);
  return { local, ecs: client('local'), tasks, asBot: createAudienceTasks(client('b0t'), PLACE) };
}

async function started(tasks: AudienceTasks, token: string, ...command: string[]): Promise<string> {
  const answer = await tasks.start(token, 'gobutton/test', command);
  if (!answer.ok) throw new Error(answer.say);
  return answer.taskArn;
}
const seen = (tasks: AudienceTasks, arn: string, state: string) =>
  vi.waitFor(
    async () => {
      const task = await tasks.look(arn);
      expect(task?.state).toBe(state);
      return task;
    },
    { timeout: 20_000, interval: 20 },
  );

test('a task runs with the words of its call, and tells how it ended', async () => {
  const { local, tasks } = await start();
  const arn = await started(tasks, 'one', 'ends', '3');
  expect(['starting', 'running']).toContain((await tasks.look(arn))?.state);
  expect(await seen(tasks, arn, 'stopped')).toEqual({
    state: 'stopped',
    exitCode: 3,
    reason: 'Essential container in task exited',
  });
  expect(local.standalone()).toMatchObject([{ family: 'audience', taskArn: arn, lines: ['given ends 3 own'] }]);
});

test('the same token starts one task however often it is asked; with other words it is a conflict that nobody waits out', async () => {
  const { local, tasks } = await start();
  const arn = await started(tasks, 'one', 'polite');
  expect(await Promise.all([started(tasks, 'one', 'polite'), started(tasks, 'one', 'polite')])).toEqual([arn, arn]);
  expect(await tasks.start('one', 'gobutton/test', ['stubborn'])).toMatchObject({
    ok: false,
    again: false,
    say: expect.stringMatching(/^ConflictException/) as string,
  });
  expect(local.standalone()).toHaveLength(1);
});

test('a task is asked to stop, and killed when it does not', async () => {
  const { local, tasks } = await start({ stopTimeoutMs: 300 });
  const [polite, stubborn] = [await started(tasks, 'a', 'polite'), await started(tasks, 'b', 'stubborn')];
  await Promise.all([seen(tasks, polite, 'running'), seen(tasks, stubborn, 'running')]);
  // They hear of a signal once they have said something.
  await vi.waitFor(() => expect(local.standalone().every(({ lines }) => lines.length > 0)).toBe(true), 20_000);
  await Promise.all([polite, stubborn].map((arn) => tasks.stop(arn, 'Cancelled by Ana')));
  expect(await seen(tasks, polite, 'stopped')).toEqual({ state: 'stopped', exitCode: 143, reason: 'Cancelled by Ana' });
  expect(await seen(tasks, stubborn, 'stopped')).toMatchObject({ exitCode: 137 });
});

test('what has no room is a failure with status 200, which may be otherwise later', async () => {
  const { local, tasks } = await start();
  local.account.noRoom = 'RESOURCE:ENI';
  expect(await tasks.start('one', 'x', ['polite'])).toEqual({ ok: false, again: true, say: 'RESOURCE:ENI' });
  local.account.noRoom = null;
  expect(await tasks.start('one', 'x', ['polite'])).toMatchObject({ ok: true });
});

test('a stopped task is told of for an hour, then nobody knows it; one that is stopped again stays so', async () => {
  let aheadMs = 0;
  const { tasks } = await start({ aheadMs: () => aheadMs });
  const arn = await started(tasks, 'one', 'ends', '0');
  await seen(tasks, arn, 'stopped');
  aheadMs = 3_599_000;
  expect(await tasks.look(arn)).toMatchObject({ state: 'stopped', exitCode: 0 });
  aheadMs = 3_700_000;
  expect(await tasks.look(arn)).toBeNull();
  await tasks.stop(arn, 'too late');
  // The token has gone with it: the same call is a new one.
  expect(await started(tasks, 'one', 'ends', '0')).not.toBe(arn);
});

test('a role that the caller may not hand on is refused, and nothing starts', async () => {
  const { local, asBot } = await start({ passes: 'arn:aws:iam::000000000000:role/other' });
  expect(await asBot.start('one', 'x', ['polite'])).toMatchObject({
    ok: false,
    again: false,
    say: expect.stringMatching(/^AccessDeniedException: .* iam:PassRole on resource: .*role\/audience/) as string,
  });
  expect(local.standalone()).toEqual([]);
});

test('what ECS would not take is refused here too', async () => {
  const { ecs } = await start();
  const run = async (more: Partial<RunTaskCommandInput>) =>
    ecs
      .send(
        new RunTaskCommand({
          cluster: 'c',
          taskDefinition: 'audience',
          launchType: 'FARGATE',
          networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
          ...more,
        }),
      )
      .then(
        () => 'taken',
        ({ name, message }: Error) => `${name}: ${message}`,
      );
  const override = (name: string, command: string[]) => ({ overrides: { containerOverrides: [{ name, command }] } });
  expect(
    await Promise.all([
      run({ cluster: 'd' }),
      run({ taskDefinition: 'other' }),
      run({ taskDefinition: 'audience:2' }),
      run({ count: 11 }),
      run({ networkConfiguration: {} }),
      run({ startedBy: 'a b' }),
      run({ startedBy: 'a'.repeat(129) }),
      run({ clientToken: 'ä' }),
      run({ clientToken: 'a'.repeat(65) }),
      run(override('bot', ['x'])),
      run(override('audience', ['x'.repeat(8_192)])),
      run({ group: 'g' }),
    ]),
  ).toEqual([
    expect.stringMatching(/^ClusterNotFoundException/),
    expect.stringMatching(/^ClientException: TaskDefinition not found/),
    expect.stringMatching(/^ClientException: TaskDefinition not found/),
    expect.stringMatching(/^InvalidParameterException: Count/),
    expect.stringMatching(/^InvalidParameterException: Network Configuration/),
    expect.stringMatching(/^InvalidParameterException: startedBy/),
    expect.stringMatching(/^InvalidParameterException: startedBy/),
    expect.stringMatching(/^InvalidParameterException: clientToken/),
    expect.stringMatching(/^InvalidParameterException: clientToken/),
    expect.stringMatching(/^InvalidParameterException: Override for container named bot/),
    expect.stringMatching(/^InvalidParameterException: Container Overrides length/),
    expect.stringMatching(/^UnsupportedOperation/),
  ]);
  const missing = await ecs.send(new DescribeTasksCommand({ cluster: 'c', tasks: ['gone'] }));
  expect(missing.failures).toEqual([{ arn: 'gone', reason: 'MISSING' }]);
});
