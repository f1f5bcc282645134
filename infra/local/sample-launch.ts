import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import type { Cloud } from '../aws/cloud.ts';
import { createJournal } from '../aws/journal.ts';
import { commandKeyring } from '../aws/key-config.ts';
import { sha256 } from '../aws/sha256.ts';
import { projectRoot, startChild } from './child.ts';
import type { OwnAudience } from './event/check-audience.ts';
import type { LocalEvent } from './event/local-event.ts';
import { playTimes } from './event/play-times.ts';
import type { PlayTimes } from './event/play-times.ts';
import { WAR_ROOM } from './slack/state/seed.ts';

export interface SampleOptions {
  cloud: Cloud;
  env: Record<string, string>;
  dataDir: string;
  devices: number;
  seed: number;
  nowMs: number;
}

/** The event of the sample launch: the Super Bowl runbook as it lies in the library. */
export async function sampleEvent(): Promise<LocalEvent> {
  const file = join(projectRoot, 'runbooks/library/superbowl.yaml');
  const text = await readFile(file, 'utf8');
  const loaded = loadRunbook(text, file);
  if (!loaded.ok) throw new Error(`RUNBOOK_INVALID\n${loaded.problems.map(describeProblem).join('\n')}`);
  return { runbook: loaded.runbook, hash: sha256(text), text };
}

/** Creates the prepared launch of the local war room: runbook, people, audience. Returns its id. */
export async function createSampleLaunch({ devices, seed, ...options }: SampleOptions): Promise<string> {
  const event = await sampleEvent();
  return prepareLaunch({
    ...options,
    event,
    times: playTimes(event.runbook, null, options.nowMs),
    audience: { devices, seed },
  });
}

interface LaunchOptions extends Omit<SampleOptions, 'devices' | 'seed'> {
  event: LocalEvent;
  times: PlayTimes;
  audience: OwnAudience | MadeUpAudience;
}

/** Without locales or markets: those of the sample launch. */
interface MadeUpAudience {
  devices: number;
  seed: number;
  locales?: readonly string[];
  markets?: readonly string[];
}

/** The launch of an event, in the war room, with its audience. Returns its id. */
export async function prepareLaunch(options: LaunchOptions): Promise<string> {
  const { cloud, nowMs, env, dataDir, times, audience } = options;
  const { runbook, hash } = options.event;
  const launchId = `${runbook.id}-${new Date(nowMs).toISOString().slice(0, 10)}`;
  const by = onCallOf(runbook);
  const journal = createJournal({ record: cloud.record, staff: cloud.staff, keyring: commandKeyring(env).keyring });
  const created = await journal.append(launchId, {
    kind: 'create-launch',
    by,
    launchId,
    name: runbook.title,
    channelId: WAR_ROOM,
    runbook,
    runbookHash: hash,
    ...times,
  });
  if (!created.ok) throw new Error(`SAMPLE_REFUSED ${created.code} ${created.say}`);
  await cloud.live.putLaunch({
    launchId,
    name: runbook.title,
    channelId: WAR_ROOM,
    pool: runbook.pool.name,
    createdAtMs: nowMs,
    closed: false,
    workers: runbook.pool.workers,
  });
  if ('file' in audience) await compileOwn({ env, dataDir, launchId, by, audience });
  else await compileSample({ env, dataDir, launchId, by, ...audience });
  return launchId;
}

/** The schema asks for one. */
const onCallOf = ({ people }: Runbook): string => people.find(({ roles }) => roles.includes('on-call'))?.id ?? '';

/** What a made-up audience of a runbook speaks, and where it lives: in the markets that have a moment of their own, or in the usual ones. */
export function tonguesOf({ campaign, targets = {} }: Runbook): Pick<MadeUpAudience, 'locales' | 'markets'> {
  const markets = Object.keys(targets).map((name) => name.replace(/-(ios|android)$/, ''));
  return {
    locales: Object.keys(campaign.locales),
    markets: [...new Set(markets)].filter((name) => name !== 'ios' && name !== 'android'),
  };
}

interface CompileOptions {
  env: Record<string, string>;
  dataDir: string;
  launchId: string;
  /** Who sets it. */
  by?: string;
}

/** Sample devices, compiled and set as the launch's audience, by the same commands that people use. */
export async function compileSample(options: CompileOptions & MadeUpAudience): Promise<void> {
  const { dataDir, devices, seed, launchId, env, by = 'ana', locales = [], markets = [] } = options;
  const csv = join(dataDir, `sample-${devices}-${seed}.csv`);
  const list = (name: string, of: readonly string[]) => (of.length === 0 ? [] : [`--${name}`, of.join(',')]);
  const sample = ['sample', '--devices', String(devices), '--seed', String(seed), '--out', csv];
  await runAudience([...sample, ...list('locales', locales), ...list('markets', markets)], env, dataDir);
  // Its size is what was asked for, however many the last launch here had.
  await runAudience(['compile', csv, '--launch', launchId, '--as', by, '--accept'], env, dataDir);
}

/** What was checked is set, whatever there is to mind about it. */
export async function compileOwn(options: CompileOptions & { by: string; audience: OwnAudience }): Promise<void> {
  const { audience, launchId, by, env, dataDir } = options;
  const { file, options: how } = audience;
  await runAudience(['compile', file, ...how, '--launch', launchId, '--as', by, '--accept'], env, dataDir);
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
