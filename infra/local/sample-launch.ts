import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { Cloud } from '../aws/cloud.ts';
import { createJournal } from '../aws/journal.ts';
import { commandKeyring } from '../aws/key-config.ts';
import { sha256 } from '../aws/sha256.ts';
import { projectRoot, startChild } from './child.ts';

/** The sample's day is over in a minute: eight hours before the target become 60 seconds. */
const SAMPLE_COMPRESS = 480;
const UNTIL_TARGET_MS = 75_000;
const ROOM = 'C0WARROOM';

export interface SampleOptions {
  cloud: Cloud;
  env: Record<string, string>;
  dataDir: string;
  devices: number;
  seed: number;
  nowMs: number;
}

/** Creates the prepared launch of the local war room: runbook, people, audience. Returns its id. */
export async function createSampleLaunch(options: SampleOptions): Promise<string> {
  const { cloud, nowMs } = options;
  const file = join(projectRoot, 'runbooks/library/superbowl.yaml');
  const text = await readFile(file, 'utf8');
  const loaded = loadRunbook(text, file);
  if (!loaded.ok) throw new Error(`RUNBOOK_INVALID\n${loaded.problems.map(describeProblem).join('\n')}`);

  const launchId = `superbowl-${new Date(nowMs).toISOString().slice(0, 10)}`;
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    keyring: commandKeyring(options.env).keyring,
  });
  const created = await journal.append(launchId, {
    kind: 'create-launch',
    by: 'ana',
    launchId,
    name: 'Super Bowl push',
    channelId: ROOM,
    runbook: loaded.runbook,
    runbookHash: sha256(text),
    targetAtMs: nowMs + UNTIL_TARGET_MS,
    compress: SAMPLE_COMPRESS,
  });
  if (!created.ok) throw new Error(`SAMPLE_REFUSED ${created.code} ${created.say}`);
  await cloud.live.putLaunch({
    launchId,
    name: 'Super Bowl push',
    channelId: ROOM,
    pool: loaded.runbook.pool.name,
    createdAtMs: nowMs,
    closed: false,
    workers: loaded.runbook.pool.workers,
  });
  await compileSample({ ...options, launchId });
  return launchId;
}

/** Sample devices, compiled and set as the launch's audience, by the same commands that people use. */
export async function compileSample(
  options: Omit<SampleOptions, 'nowMs' | 'cloud'> & { launchId: string },
): Promise<void> {
  const { dataDir, devices, seed, launchId, env } = options;
  const csv = join(dataDir, `sample-${devices}-${seed}.csv`);
  await runAudience(['sample', '--devices', String(devices), '--seed', String(seed), '--out', csv], env, dataDir);
  // Its size is what was asked for, however many the last launch here had.
  await runAudience(['compile', csv, '--launch', launchId, '--as', 'ana', '--accept'], env, dataDir);
}

async function runAudience(args: string[], env: Record<string, string>, dataDir: string): Promise<void> {
  const child = await startChild({
    name: `audience ${args[0] ?? ''}`,
    script: 'workers/audience/cli.ts',
    args,
    env,
    logFile: join(dataDir, 'logs', 'audience.log'),
  });
  const how = await child.ended;
  if (how !== 0)
    throw new Error(
      `AUDIENCE_FAILED \`npm run audience -- ${args.join(' ')}\` ended with ${how}; see ${child.logFile}`,
    );
}
