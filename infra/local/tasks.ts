import { join } from 'node:path';
import { exitWithParent, projectRoot } from './child.ts';
import type { TaskFamily } from './cloud/run-task.ts';
import type { ServiceDefinition } from './cloud/service-definition.ts';
import { LOCAL_AUDIENCE_TASK } from './principals.ts';

/** What the local ECS runs: the same programs that the stacks run, each as a process of this machine that ends with its parent. */

const program = (script: string, ...flags: string[]): string[] => [
  process.execPath,
  ...flags,
  '--disable-warning=ExperimentalWarning',
  '--import',
  exitWithParent,
  join(projectRoot, script),
];

export const localWorkers = (
  place: { cluster: string; service: string },
  env: Record<string, string>,
  startDelayMs: number,
): ServiceDefinition => ({
  ...place,
  principal: 'worker',
  cwd: projectRoot,
  startDelayMs,
  env,
  // A nursery of 12 MiB, as its threads have: what a worker makes anew lives shortly, and 60 MB of memory are saved.
  command: program('workers/main.ts', '--max-semi-space-size=4'),
});

/** A service that a runbook scales and that is not ours: nothing runs, its tasks are counted. */
export const countedService = (
  place: { cluster: string; service: string },
  startDelayMs: number,
): ServiceDefinition => ({
  cluster: place.cluster,
  service: place.service,
  command: null,
  cwd: projectRoot,
  startDelayMs,
  env: {},
});

/** Without a key: what it compiles is set by the bot. */
export const localAudienceTask = (
  env: Record<string, string>,
  { startDelayMs, logFile }: { startDelayMs: number; logFile: string },
): TaskFamily => ({
  ...LOCAL_AUDIENCE_TASK,
  container: 'audience',
  principal: 'audience',
  cwd: projectRoot,
  startDelayMs,
  stopTimeoutMs: 30_000,
  env: { ...env, GOBUTTON_PARENT_PID: String(process.pid) },
  entryPoint: program('workers/audience/cli.ts'),
  logFile,
});
