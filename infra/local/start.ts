import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { targetOf } from '../../runbooks/launch/plan-times.ts';
import { span } from '../../runbooks/launch/words.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { CommandLineError } from '../command-line/command-line.ts';
import { announceStart, reachedFrom } from '../running-start.ts';
import { visibleLines } from '../visible.ts';
import { projectRoot } from './child.ts';
import { changeWeather } from './cloud-weather.ts';
import { emptyDataDir, otherThanAsked, ownDataDir, readPrepared, writePrepared } from './data-folder.ts';
import type { Prepared } from './data-folder.ts';
import { lockDataDir } from './data-lock.ts';
import { checkAudience } from './event/check-audience.ts';
import { fileIn, keepEvent, keptEvent, readEvent } from './event/local-event.ts';
import type { LocalEvent, ReadEvent } from './event/local-event.ts';
import { beforeTargetMs, playTimes } from './event/play-times.ts';
import type { PlayTimes } from './event/play-times.ts';
import { surroundingsOf } from './event/surroundings.ts';
import { whoMay } from './event/who-may.ts';
import { onNpmGone } from './npm-gone.ts';
import { prepareLaunch, sampleEvent, tonguesOf } from './sample-launch.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';
import { readArguments, USAGE } from './start-arguments.ts';
import type { Arguments } from './start-arguments.ts';

/** `npm start`: the whole product on this machine, with a prepared launch, and one address to open. */

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What our own commands need to reach this stack from another terminal. */
async function writeCommandEnv(dataDir: string, env: Record<string, string>): Promise<string> {
  const file = join(dataDir, 'local.env');
  await writeFile(
    file,
    Object.entries(env)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
      .join(''),
    { mode: 0o600 },
  );
  return file;
}

/** Gives what takes it back. A folder that can't be written keeps nobody from their launch. */
async function announce(dataDir: string, envFile: string): Promise<() => Promise<void>> {
  const byHand = `npx node --env-file=${relative(process.cwd(), envFile)} bot/cli.ts`;
  try {
    const takeBack = await announceStart(projectRoot, { dataDir, envFile });
    const reached = await reachedFrom({}, projectRoot);
    say(
      reached.ok
        ? '  Commands from another terminal, as the room names them: npm run go -- launches'
        : `  Commands from another terminal: ${byHand} launches, as another npm start runs in this folder, too: npm run go takes neither.`,
    );
    return takeBack;
  } catch (error) {
    say(`  Commands from another terminal: ${byHand} launches (npm run go does not find it: ${String(error)})`);
    return async () => {};
  }
}

async function main(): Promise<void> {
  const startedAtMs = Date.now();
  // What we and our children write holds tokens, user ids and keys.
  process.umask(0o077);
  const args = readArguments(process.argv.slice(2));
  if (args === null) return say(USAGE);
  const own = args.runbook === null ? null : await readEvent(args.runbook, args.workers);
  // Refused before anything is begun, where it can't be.
  if (own !== null) playTimes(own.runbook, args.compress, Date.now());
  await ownDataDir(args.dataDir);
  const unlock = await lockDataDir(args.dataDir);
  try {
    await run(args, own, startedAtMs, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** What there is to play, checked, in a folder that is ready for it. `before` null: it is to be made. */
interface Play {
  before: Prepared | null;
  event: LocalEvent;
  /** The folder of one's own runbook; null: it is the sample. */
  folder: string | null;
}

async function whatToPlay(args: Arguments, own: ReadEvent | null): Promise<Play> {
  const { dataDir, audience, devices, compress } = args;
  const standing = await readPrepared(dataDir);
  const before = args.fresh ? null : standing;
  if (before !== null) {
    const asked = { devices, compress, audience: audience?.file ?? null, runbook: own };
    const problem = otherThanAsked(before, asked, dataDir);
    if (problem !== null) throw new Error(problem);
    if (before.runbook === undefined) return { before, event: await sampleEvent(), folder: null };
    const kept = await keptEvent(dataDir);
    return { before, event: kept, folder: kept.folder };
  }
  if (own !== null) {
    say(`gobutton: ${own.runbook.title}, from ${relative(process.cwd(), own.file)}`);
    for (const note of own.notes) say(`  ${note}`);
  }
  // Nothing finished there yet: what an interrupted first start left behind goes, too. A launch that stands goes only once all is right.
  if (standing === null) await beginAnew(dataDir);
  const event = own ?? (await sampleEvent());
  if (audience !== null) await checkAudience(event, audience, dataDir);
  if (standing !== null) await beginAnew(dataDir);
  return { before: null, event, folder: own === null ? null : await keepEvent(own, dataDir) };
}

async function beginAnew(dataDir: string): Promise<void> {
  await emptyDataDir(dataDir);
  await writePrepared(dataDir, null);
}

async function run(
  args: Arguments,
  own: ReadEvent | null,
  startedAtMs: number,
  unlock: () => Promise<void>,
): Promise<void> {
  const { before, event, folder } = await whatToPlay(args, own);
  say('gobutton: starting the local cloud, push providers, Slack workspace and bot …');
  let stack: Stack | null = null;
  let stopping = false;
  let announced = async (): Promise<void> => {};
  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    say('\nStopping; the launch stays as it is in the data folder.');
    const done = stack === null ? unlock() : stack.stop();
    Promise.all([announced(), done]).then(
      () => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  onNpmGone(() => stop(1));

  const runbooksDir = process.env['GOBUTTON_RUNBOOKS'] ?? '';
  stack = await startStack({
    dataDir: args.dataDir,
    unlock,
    ...(folder !== null ? { runbooksDir: folder, surroundings: surroundingsOf(event.runbook) } : {}),
    ...(folder === null && runbooksDir !== '' ? { runbooksDir: resolve(runbooksDir) } : {}),
    ports: 'usual',
    slackMode: args.slackMode,
    latencyMs: args.latencyMs,
    latencySpreadMs: args.latencyMs,
    connections: 40,
    ...(args.awsWeather === 'odd' ? { awsWeather: 'odd' } : {}),
    taskStartDelayMs: 1_500,
  });
  if (stopping) {
    await stack.stop();
    return;
  }
  const times = before === null ? await prepare(stack, args, own, event) : null;
  say(`\n  The war room is open: ${stack.pageUrl}\n`);
  for (const line of times === null ? goingOn(before) : own === null ? SAMPLE_DAY : ownDay(event.runbook, times))
    say(`  ${line}`);
  if (folder !== null)
    say(`  /go runbook reads ${relative(process.cwd(), fileIn(folder, event))}: change the plan there while it runs.`);
  const envFile = await writeCommandEnv(args.dataDir, stack.env);
  const commandEnv = relative(process.cwd(), envFile);
  announced = await announce(args.dataDir, envFile);
  say(`  Is all in place? npx node --env-file=${commandEnv} infra/doctor/cli.ts`);
  say(`  What each shot waited for, once it is closed: ${stack.traces.url}`);
  say(
    `  Logs: ${join(args.dataDir, 'logs')}. Ready after ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s. Ctrl-C stops everything.`,
  );

  if (args.awsWeather !== null) changeWeather(stack.localCloud.weather, args.awsWeather, say);
  const how = await stack.botEnded;
  if (!stopping) {
    process.stderr.write(`The bot ended (${how}); see ${join(args.dataDir, 'logs', 'bot.log')}.\n`);
    stop(1);
  }
}

/** The launch with its audience; gives when its plan is played. */
async function prepare(stack: Stack, args: Arguments, own: ReadEvent | null, event: LocalEvent): Promise<PlayTimes> {
  const { dataDir, audience } = args;
  const devices = args.devices ?? 200_000;
  say(
    audience === null
      ? `Making a sample audience of ${devices.toLocaleString('en-US')} devices and a launch …`
      : `Making a launch with the audience of ${relative(process.cwd(), audience.file)} …`,
  );
  const nowMs = Date.now();
  const times = playTimes(event.runbook, args.compress, nowMs);
  const launchId = await prepareLaunch({
    cloud: stack.cloud,
    env: stack.envOf('audience'),
    dataDir,
    event,
    times,
    audience: audience ?? { devices, seed: 7, ...(own === null ? {} : tonguesOf(event.runbook)) },
    nowMs,
  });
  await writePrepared(dataDir, {
    launchId,
    devices: audience === null ? devices : null,
    ...(own === null ? {} : { runbook: { file: own.file, source: own.source } }),
    ...(audience === null ? {} : { audience: audience.file }),
  });
  return times;
}

const SAMPLE_DAY = [
  'The day of the game takes about a minute here: servers and workers scale up by themselves.',
  'Then: send yourselves a /go test all, tick the gates in /go ready, ask with /go fire all,',
  'switch to another person and press GO.',
];

const goingOn = (before: Prepared | null): string[] => [
  `Going on with the launch ${before?.devices == null ? (before?.launchId ?? '') : `of ${before.devices.toLocaleString('en-US')} devices`}; --fresh begins anew.`,
];

/** Further away than this its date is said, too. */
const TODAY_MS = 43_200_000;

/** When it is played, and what to do. */
function ownDay(runbook: Runbook, { targetAtMs, compress }: PlayTimes): string[] {
  const beforeMs = beforeTargetMs(runbook);
  const isToday = targetAtMs - Date.now() < TODAY_MS;
  return [
    `T is ${isToday ? 'at ' : ''}${clockOf(targetAtMs)}. ${
      beforeMs === 0 ? 'Nothing of the plan is before it' : `The plan begins ${span(beforeMs)} before T`
    }, and it is played ${compress === 1 ? 'in real time' : `${compress.toLocaleString('en-US')} times faster than it is written (--compress)`}.`,
    ...(isToday ? [] : ['What a step would do at its time, /go scale and /go test do now.']),
    ...marketMoments(runbook, { targetAtMs, compress }),
    'Then: send yourselves a /go test all, tick the gates in /go ready, ask with /go fire all,',
    `switch to another person and press GO. ${whoMay(runbook)}`,
  ];
}

/** Where markets have a T of their own. */
function marketMoments(runbook: Runbook, times: PlayTimes): string[] {
  const moments = Object.keys(runbook.targets ?? {})
    .map((name) => ({ name, atMs: targetOf({ ...times, runbook }, name) }))
    .toSorted((a, b) => a.atMs - b.atMs);
  if (moments.length === 0) return [];
  const said = moments.map(({ name, atMs }) => `${name} ${clockOf(atMs)}`);
  return [`Moments of their own: ${said.join(', ')}. Each is an order of its own: /go fire ${moments[0]?.name ?? ''}.`];
}

/** Of today the time, of another day the date with it. */
const clockOf = (atMs: number): string =>
  atMs - Date.now() < TODAY_MS
    ? new Date(atMs).toLocaleTimeString('en-GB')
    : `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(
      `${visibleLines(error instanceof Error ? error.message : String(error))}\nnpm start -- --help lists the options.\n`,
    );
    process.exit(error instanceof CommandLineError ? 2 : 1);
  });
}
