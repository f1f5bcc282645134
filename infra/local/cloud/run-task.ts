import { createWriteStream, mkdirSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './account.ts';
import { AwsError, refuseOtherFields } from './aws-error.ts';
import { Task } from './task.ts';

/** A task definition that nobody keeps a count of: RunTask starts it, with the words behind its entry point. */
export interface TaskFamily {
  /** The one cluster here that it is for. */
  cluster: string;
  family: string;
  container: string;
  entryPoint: string[];
  env: Record<string, string>;
  /** Whose access key its tasks get. Absent: that of who may do everything. */
  principal?: string;
  cwd: string;
  /** From the order to RUNNING. */
  startDelayMs: number;
  stopTimeoutMs: number;
  /** Its own role, and that of who starts it: whoever runs it must be allowed to hand them on. */
  roles: readonly string[];
  logFile?: string;
  /** That its task definition names; nothing is written into it. */
  logGroup?: string;
}

export interface RunTaskInput {
  cluster?: string;
  taskDefinition?: string;
  count?: number;
  launchType?: string;
  clientToken?: string;
  startedBy?: string;
  networkConfiguration?: { awsvpcConfiguration?: { subnets?: string[] } };
  overrides?: { containerOverrides?: ContainerOverride[] };
}

interface ContainerOverride {
  name?: string;
  command?: string[];
  environment?: { name: string; value: string }[];
}

/** A task without a service, with what it was started with. */
export interface Standalone {
  task: Task;
  family: TaskFamily;
  startedBy: string | undefined;
  overrides: NonNullable<RunTaskInput['overrides']>;
}

/** docs/facts.md#ecs-run-task */
const TASKS_A_CALL = 10;
const OVERRIDE_CHARACTERS = 8_192;
const STARTED_BY = /^[A-Za-z0-9_/-]{1,128}$/;
const CLIENT_TOKEN = /^[!-~]{1,64}$/;
const TOKEN_LIFE_MS = 24 * 3_600_000;
/** A stopped task is told of for so long (docs/facts.md#ecs-stopped-tasks), and its token with it. */
const STOPPED_KEPT_MS = 3_600_000;

export const RUN_TASK_FIELDS = [
  'cluster',
  'taskDefinition',
  'count',
  'launchType',
  'clientToken',
  'startedBy',
  'networkConfiguration',
  'overrides',
];

/** RunTask on Fargate with awsvpc, and the tasks that came of it. */
export class StandaloneTasks {
  readonly #families: readonly TaskFamily[];
  readonly #account: Account;
  readonly #nowMs: () => number;
  readonly #logs = new Map<string, WriteStream>();
  /** By cluster and client token. */
  readonly #tokens = new Map<string, { asked: string; tasks: Standalone[]; atMs: number }>();
  #tasks: Standalone[] = [];

  constructor(options: { families: readonly TaskFamily[]; account: Account; nowMs: () => number }) {
    this.#families = options.families;
    this.#account = options.account;
    this.#nowMs = options.nowMs;
    for (const { logFile } of options.families) {
      if (logFile === undefined) continue;
      mkdirSync(dirname(logFile), { recursive: true });
      this.#logs.set(logFile, createWriteStream(logFile, { flags: 'a' }));
    }
  }

  get clusters(): string[] {
    return this.#families.map(({ cluster }) => cluster);
  }

  /** All that are still told of. */
  get tasks(): readonly Standalone[] {
    const nowMs = this.#nowMs();
    this.#tasks = this.#tasks.filter(({ task }) => !isForgotten(task, nowMs));
    return this.#tasks;
  }

  /** Undefined: of a service, or none. */
  definition(taskDefinition: string): TaskFamily | undefined {
    return this.#find(taskDefinition);
  }

  /** The roles that RunTask hands on; none of a definition that there is not. */
  rolesOf(taskDefinition: string): readonly string[] {
    return this.#find(taskDefinition)?.roles ?? [];
  }

  /** `failures` come with status 200, as on AWS. */
  run(cluster: string, input: RunTaskInput): { started: readonly Standalone[]; failures: object[] } {
    const family = this.#checked(cluster, input);
    const token = `${cluster} ${input.clientToken ?? ''}`;
    const asked = JSON.stringify({ ...input, clientToken: undefined });
    const before = input.clientToken === undefined ? undefined : this.#known(token);
    if (before !== undefined && before.asked !== asked)
      throw new AwsError('ConflictException', 'The clientToken was used by another request.', 400, {
        resourceIds: before.tasks.map(({ task }) => task.arn),
      });
    if (before !== undefined) return { started: before.tasks, failures: [] };
    if (this.#account.noRoom !== null) return { started: [], failures: [{ reason: this.#account.noRoom }] };
    const tasks = Array.from({ length: input.count ?? 1 }, () => this.#start(family, input));
    this.#tasks.push(...tasks);
    if (input.clientToken !== undefined) this.#tokens.set(token, { asked, tasks, atMs: this.#nowMs() });
    return { started: tasks, failures: [] };
  }

  async close(graceMs: number): Promise<void> {
    const open = this.#tasks.filter(({ task }) => task.state !== 'STOPPED');
    for (const { task } of open) task.stop('UserInitiated', 'The cluster is shutting down', graceMs);
    await Promise.all(open.map(({ task }) => task.stopped));
    await Promise.all([...this.#logs.values()].map((log) => new Promise<void>((resolve) => log.end(resolve))));
  }

  #find(taskDefinition: string): TaskFamily | undefined {
    const [name = '', revision = '1'] = (taskDefinition.split('/').at(-1) ?? '').split(':');
    return this.#families.find(({ family }) => family === name && revision === '1');
  }

  #known(token: string) {
    const found = this.#tokens.get(token);
    const isOver =
      found !== undefined &&
      (this.#nowMs() - found.atMs > TOKEN_LIFE_MS || found.tasks.every(({ task }) => isForgotten(task, this.#nowMs())));
    if (isOver) this.#tokens.delete(token);
    return isOver ? undefined : found;
  }

  #checked(cluster: string, input: RunTaskInput): TaskFamily {
    const invalid = (say: string) => new AwsError('InvalidParameterException', say);
    const family = this.#find(input.taskDefinition ?? '');
    if (family === undefined || family.cluster !== cluster)
      throw new AwsError('ClientException', 'TaskDefinition not found.');
    const { count = 1, startedBy, clientToken, overrides = {} } = input;
    if (!Number.isInteger(count) || count < 1 || count > TASKS_A_CALL)
      throw invalid(`Count must be between 1 and ${TASKS_A_CALL}.`);
    if (input.launchType !== 'FARGATE') throw invalid('No Container Instances were found in your cluster.');
    if ((input.networkConfiguration?.awsvpcConfiguration?.subnets ?? []).length === 0)
      throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
    if (startedBy !== undefined && !STARTED_BY.test(startedBy))
      throw invalid('startedBy may have up to 128 letters, numbers, hyphens, forward slashes and underscores.');
    if (clientToken !== undefined && !CLIENT_TOKEN.test(clientToken))
      throw invalid('clientToken may have up to 64 characters in the range of 33-126.');
    refuseOtherFields('ecs', 'RunTask overrides', overrides, ['containerOverrides']);
    for (const one of overrides.containerOverrides ?? []) {
      refuseOtherFields('ecs', 'RunTask containerOverrides', one, ['name', 'command', 'environment']);
      if (one.name !== family.container)
        throw invalid(`Override for container named ${one.name ?? ''} is not a container in the TaskDefinition.`);
    }
    if (JSON.stringify(overrides).length > OVERRIDE_CHARACTERS)
      throw invalid(`Container Overrides length must be at most ${OVERRIDE_CHARACTERS}`);
    return family;
  }

  #start(family: TaskFamily, { overrides = {}, startedBy }: RunTaskInput): Standalone {
    const [own] = overrides.containerOverrides ?? [];
    const changed = Object.fromEntries((own?.environment ?? []).map(({ name, value }) => [name, value]));
    const { cluster, cwd, startDelayMs, entryPoint, env, logFile } = family;
    const task = new Task({
      cluster,
      cwd,
      startDelayMs,
      command: [...entryPoint, ...(own?.command ?? [])],
      env: { ...env, ...changed },
      log: (logFile === undefined ? null : this.#logs.get(logFile)) ?? null,
      onRunning: () => undefined,
      onStopped: () => undefined,
      nowMs: this.#nowMs,
    });
    return { task, family, startedBy, overrides };
  }
}

const isForgotten = (task: Task, nowMs: number): boolean =>
  task.stoppedAtMs !== null && nowMs - task.stoppedAtMs > STOPPED_KEPT_MS;
