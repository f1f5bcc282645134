import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, expect, test, vi } from 'vitest';
import { createCloud } from '../../aws/create-cloud.ts';
import { scaleTo } from './for-tests.ts';
import { startLocalCloud } from './start.ts';
import type { LocalCloud } from './start.ts';

/** Says what it was given, and ends on SIGTERM with a word. */
const POLITE =
  'process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); setInterval(() => {}, 1000); console.log("up", process.env.GOBUTTON_TASK_ID, process.env.AWS_ENDPOINT_URL, process.env.MODE);';
/** Takes no notice of SIGTERM. */
const STUBBORN = 'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log("up");';
const CRASHING = 'console.log("broken"); process.exit(3);';

const clouds: LocalCloud[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop(500)));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function start(
  script: string,
  options: { dataDir?: string; startDelayMs?: number; command?: string[] | null } = {},
) {
  const local = await startLocalCloud({
    dataDir: options.dataDir ?? null,
    groups: [],
    services: [
      {
        cluster: 'c',
        service: 'w',
        command: options.command === undefined ? [process.execPath, '-e', script] : options.command,
        env: { MODE: 'test' },
        cwd: tmpdir(),
        startDelayMs: options.startDelayMs ?? 40,
      },
    ],
  });
  clouds.push(local);
  const config = { endpoint: local.url, region: 'us-east-1', tablePrefix: 'gobutton', bucket: 'gobutton' };
  const { scaling } = createCloud(config);
  const ecs = new ECSClient({
    endpoint: local.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const target = { id: 'w', kind: 'ecs-service', cluster: 'c', service: 'w', if_changed: 'tell' } as const;
  return { local, ecs, scaling, target };
}

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { interval: 20 });
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};
const running = (local: LocalCloud) => local.tasks().filter((task) => task.state === 'RUNNING');

test('a desired count starts as many real processes, after the start delay, and scaling in ends them', async () => {
  const { local, scaling, target } = await start(POLITE, { startDelayMs: 200 });
  await scaleTo(scaling, target, 3);
  expect(await scaling.observe(target)).toEqual({ desired: 3, running: 0, pending: 3, say: null, definition: 'w:1' });
  await eventually(async () => expect(await scaling.observe(target)).toMatchObject({ running: 3, pending: 0 }));
  const pids = running(local).map((task) => task.pid ?? 0);
  expect(new Set(pids).size).toBe(3);
  for (const pid of pids) expect(isAlive(pid)).toBe(true);
  await eventually(() => expect(running(local).every((task) => task.lines.length > 0)).toBe(true));
  for (const task of running(local))
    expect(task.lines[0]).toBe(`up ${task.taskArn.split('/').at(-1)} ${local.url} test`);

  await scaleTo(scaling, target, 1);
  await eventually(() => expect(pids.filter(isAlive)).toHaveLength(1));
  await eventually(() => expect(local.tasks().filter((task) => task.lines.includes('bye'))).toHaveLength(2));
  expect(await scaling.observe(target)).toEqual({ desired: 1, running: 1, pending: 0, say: null, definition: 'w:1' });
});

test('a task that is killed is replaced', async () => {
  const { local, scaling, target } = await start(POLITE);
  await scaleTo(scaling, target, 1);
  const pid = await eventually(() => {
    const [task] = running(local);
    if (task?.pid == null) throw new Error('not yet');
    return task.pid;
  });
  process.kill(pid, 'SIGKILL');
  await eventually(() => expect(running(local).map((task) => task.pid)).not.toContain(pid));
  await eventually(() => expect(running(local)).toHaveLength(1));
  expect(local.tasks().find((task) => task.pid === pid)).toMatchObject({
    state: 'STOPPED',
    stoppedReason: 'Essential container in task exited',
  });
});

test('tasks that crash again and again are started ever more slowly, and the service says so', async () => {
  const { local, scaling, target } = await start(CRASHING, { startDelayMs: 0 });
  await scaleTo(scaling, target, 1);
  await eventually(async () =>
    expect((await scaling.observe(target)).say).toContain('unable to consistently start tasks'),
  );
  // 0, 500, 1500 ms: three starts, where one without a back-off would have made dozens.
  expect(local.tasks().length).toBeLessThan(6);
  expect(local.tasks()[0]?.lines).toEqual(['broken']);
});

test('a command that does not exist is a task that failed to start', async () => {
  const { local, scaling, target } = await start('', { command: ['/no/such/program'], startDelayMs: 0 });
  await scaleTo(scaling, target, 1);
  await eventually(() =>
    expect(local.tasks()[0]).toMatchObject({
      state: 'STOPPED',
      stoppedReason: expect.stringContaining('CannotStartContainerError'),
    }),
  );
});

test('a task that is scaled in before it runs never starts', async () => {
  const { local, scaling, target } = await start(POLITE, { startDelayMs: 300 });
  await scaleTo(scaling, target, 2);
  await scaleTo(scaling, target, 0);
  expect(local.tasks().map((task) => [task.state, task.pid])).toEqual([
    ['STOPPED', null],
    ['STOPPED', null],
  ]);
});

test('StopTask ends one task, which the scheduler replaces; the calls of the console see both', async () => {
  const { local, ecs, scaling, target } = await start(POLITE);
  await scaleTo(scaling, target, 1);
  await eventually(() => expect(running(local)[0]?.lines).toHaveLength(1));
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: 'c', serviceName: 'w' }));
  expect(taskArns).toHaveLength(1);
  await ecs.send(new StopTaskCommand({ cluster: 'c', task: taskArns?.[0], reason: 'rehearsal' }));
  await eventually(async () => {
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: 'c', tasks: taskArns }));
    expect(tasks?.[0]).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason: 'rehearsal' });
    expect(tasks?.[0]?.containers?.[0]?.exitCode).toBe(0);
  });
  await eventually(() => expect(running(local)).toHaveLength(1));
  expect(running(local)[0]?.taskArn).not.toBe(taskArns?.[0]);
});

test('stopping the cloud ends polite tasks by SIGTERM and stubborn ones by SIGKILL', async () => {
  const { local, scaling, target } = await start(STUBBORN);
  await scaleTo(scaling, target, 2);
  await eventually(() => expect(running(local).filter((task) => task.lines.includes('up'))).toHaveLength(2));
  const pids = running(local).map((task) => task.pid ?? 0);
  // One of them is already being stopped, with the patience of thirty seconds.
  await scaleTo(scaling, target, 1);
  await local.stop(300);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(local.tasks().every((task) => task.lines.includes('no'))).toBe(true);
  clouds.splice(0);
});

test('new environment reaches the tasks that start from then on', async () => {
  const { local, scaling, target } = await start(POLITE);
  local.setServiceEnv('c', 'w', { MODE: 'changed' });
  await scaleTo(scaling, target, 1);
  await eventually(() => expect(running(local)[0]?.lines[0]).toMatch(/ changed$/));
  expect(() => local.setServiceEnv('c', 'nobody', {})).toThrow('NO_SUCH_SERVICE');
});

test('after a restart a service has its count again, and its log goes on', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gobutton-ecs-'));
  folders.push(dataDir);
  const first = await start(POLITE, { dataDir });
  await scaleTo(first.scaling, first.target, 1);
  await eventually(() => expect(running(first.local)[0]?.lines).toHaveLength(1));
  await first.local.stop();
  const second = await start(POLITE, { dataDir });
  await eventually(() => expect(running(second.local)[0]?.lines).toHaveLength(1));
  await eventually(() =>
    expect(readFileSync(join(dataDir, 'logs', 'w.log'), 'utf8').match(/^(up|bye)/gm)).toEqual(['up', 'bye', 'up']),
  );
});

test('what is not there is refused as AWS does', async () => {
  const { ecs, scaling, target } = await start(POLITE);
  await expect(ecs.send(new DescribeServicesCommand({ cluster: 'nope', services: ['w'] }))).rejects.toMatchObject({
    name: 'ClusterNotFoundException',
  });
  await expect(
    ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'nope', desiredCount: 1 })),
  ).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
  await expect(
    ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'w', forceNewDeployment: true })),
  ).rejects.toThrow('UpdateService with forceNewDeployment');
  await expect(scaling.observe({ ...target, service: 'nope' })).rejects.toMatchObject({ code: 'SCALE_TARGET_MISSING' });
});

test('a count far beyond this machine starts 32 tasks and says why there are no more', async () => {
  const { scaling, target } = await start(POLITE, { startDelayMs: 600_000 });
  await scaleTo(scaling, target, 3_000_000);
  expect(await scaling.observe(target)).toEqual({
    desired: 3_000_000,
    running: 0,
    pending: 32,
    say: expect.stringContaining('unable to place a task') as string,
    refused: { say: expect.stringContaining('reached the limit on the number of tasks'), atMs: expect.any(Number) },
    definition: 'w:1',
  });
});

test('tasks of a service without a command are only counted: as many as a fleet has, and no process', async () => {
  const { local, ecs, scaling, target } = await start('', { command: null });
  await scaleTo(scaling, target, 200);
  await eventually(async () =>
    expect(await scaling.observe(target)).toEqual({
      desired: 200,
      running: 200,
      pending: 0,
      say: null,
      definition: 'w:1',
    }),
  );
  expect(running(local).every(({ pid }) => pid === null)).toBe(true);
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster: 'c', serviceName: 'w' }));
  await ecs.send(new StopTaskCommand({ cluster: 'c', task: taskArns[0] ?? '' }));
  // Replaced, as a process would be.
  await eventually(async () => expect(await scaling.observe(target)).toMatchObject({ running: 200 }));
  await ecs.send(new UpdateServiceCommand({ cluster: 'c', service: 'w', desiredCount: 3 }));
  await eventually(() => expect(running(local)).toHaveLength(3));
});
