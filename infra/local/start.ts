import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { visibleLines } from '../visible.ts';
import { whole } from './arguments.ts';
import { projectRoot } from './child.ts';
import { changeWeather, cloudWeather } from './cloud-weather.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import { LOCK_FILE, lockDataDir } from './data-lock.ts';
import { onNpmGone } from './npm-gone.ts';
import { createSampleLaunch } from './sample-launch.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';

/** `npm start`: the whole product on this machine, with a prepared launch, and one address to open. */

const USAGE = `npm start -- [--devices N] [--fresh] [--data DIR] [--slack socket|http] [--latency-ms L] [--aws-weather W]
  --devices N       size of the sample audience, 1,000 to 10,000,000 (default 200000)
  --fresh           begin anew; without it the launch in the data folder goes on where it was
  --data DIR        data folder (default .gobutton)
  --slack MODE      how the bot talks to the local Slack: socket (default) or http
  --latency-ms L    answer latency of the local push providers (default 20)
  --aws-weather W   the local cloud once the war room is open: throttled, slow or down (default fair); typing another one
                    and Enter changes it`;

interface Arguments {
  devices: number | null;
  fresh: boolean;
  dataDir: string;
  slackMode: 'socket' | 'http';
  latencyMs: number;
  awsWeather: CloudWeatherName | null;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readArguments(argv: string[]): Arguments {
  const { values } = parseArgs({
    args: argv,
    options: {
      devices: { type: 'string' },
      fresh: { type: 'boolean', default: false },
      data: { type: 'string', default: '.gobutton' },
      slack: { type: 'string', default: 'socket' },
      'latency-ms': { type: 'string', default: '20' },
      'aws-weather': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(USAGE);
    process.exit(0);
  }
  const devices = values.devices === undefined ? null : whole('--devices', values.devices, 1_000, 10_000_000);
  if (values.slack !== 'socket' && values.slack !== 'http')
    throw new Error(`--slack: found "${values.slack}", expected socket or http`);
  return {
    devices,
    fresh: values.fresh,
    dataDir: resolve(projectRoot, values.data),
    slackMode: values.slack,
    latencyMs: whole('--latency-ms', values['latency-ms'], 0, 10_000),
    awsWeather: values['aws-weather'] === undefined ? null : cloudWeather('--aws-weather', values['aws-weather']),
  };
}

/** What the data folder holds; written last, so that a half-made sample is made again. */
interface Sample {
  launchId: string;
  devices: number;
}

const markOf = (dataDir: string): string => join(dataDir, 'gobutton.json');

async function readSample(dataDir: string): Promise<Sample | null> {
  const text = await readFile(markOf(dataDir), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as { sample: Sample | null }).sample;
}

async function writeSample(dataDir: string, sample: Sample | null): Promise<void> {
  // The rename is what makes it whole, whenever somebody pulls the plug.
  await writeFile(`${markOf(dataDir)}.new`, JSON.stringify({ sample }));
  await rename(`${markOf(dataDir)}.new`, markOf(dataDir));
}

/** A mistyped --data must not lock, fill or delete somebody's folder. */
async function ownDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const names = await readdir(dataDir);
  if (names.some((name) => name !== LOCK_FILE) && !names.includes('gobutton.json'))
    throw new Error(
      `--data: found other files and no gobutton.json in ${dataDir}, expected an empty folder or a data folder of gobutton`,
    );
}

/** Empties the data folder, which we hold. */
async function emptyDataDir(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => name !== LOCK_FILE);
  // The mark last: until then it is still a folder of ours.
  for (const name of names.toSorted((a, b) => Number(a === 'gobutton.json') - Number(b === 'gobutton.json')))
    await rm(join(dataDir, name), { recursive: true });
}

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

async function main(): Promise<void> {
  const startedAtMs = Date.now();
  // What we and our children write holds tokens, user ids and keys.
  process.umask(0o077);
  const args = readArguments(process.argv.slice(2));
  await ownDataDir(args.dataDir);
  const unlock = await lockDataDir(args.dataDir);
  try {
    await run(args, startedAtMs, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function run(args: Arguments, startedAtMs: number, unlock: () => Promise<void>): Promise<void> {
  const before = args.fresh ? null : await readSample(args.dataDir);
  if (before !== null && args.devices !== null && before.devices !== args.devices) {
    throw new Error(
      `--devices: found ${args.devices.toLocaleString('en-US')}, expected ${before.devices.toLocaleString('en-US')}, the size of the launch in ${args.dataDir}; add --fresh to begin anew`,
    );
  }
  // Nothing finished there yet: what an interrupted first start left behind goes too.
  if (before === null) {
    await emptyDataDir(args.dataDir);
    await writeSample(args.dataDir, null);
  }

  say('gobutton: starting the local cloud, push providers, Slack workspace and bot …');
  let stack: Stack | null = null;
  let stopping = false;
  const stop = (code: number): void => {
    if (stopping) return;
    stopping = true;
    say('\nStopping; the launch stays as it is in the data folder.');
    const done = stack === null ? unlock() : stack.stop();
    done.then(
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
    ...(runbooksDir === '' ? {} : { runbooksDir: resolve(runbooksDir) }),
    ports: 'usual',
    slackMode: args.slackMode,
    latencyMs: args.latencyMs,
    latencySpreadMs: args.latencyMs,
    connections: 40,
    taskStartDelayMs: 1_500,
  });
  if (stopping) {
    await stack.stop();
    return;
  }
  const devices = before?.devices ?? args.devices ?? 200_000;
  if (before === null) {
    say(`Making a sample audience of ${devices.toLocaleString('en-US')} devices and a launch …`);
    const launchId = await createSampleLaunch({
      cloud: stack.cloud,
      env: stack.envOf('audience'),
      dataDir: args.dataDir,
      devices,
      seed: 7,
      nowMs: Date.now(),
    });
    await writeSample(args.dataDir, { launchId, devices });
  }
  say(`\n  The war room is open: ${stack.pageUrl}\n`);
  say(
    before === null
      ? '  The day of the game takes about a minute here: servers and workers scale up by themselves.\n  Then: send yourselves a /go test all, tick the gates in /go ready, ask with /go fire all,\n  switch to another person and press GO.'
      : `  Going on with the launch of ${devices.toLocaleString('en-US')} devices; --fresh begins anew.`,
  );
  const commandEnv = relative(process.cwd(), await writeCommandEnv(args.dataDir, stack.env));
  say(`  Commands from another terminal: npx node --env-file=${commandEnv} bot/cli.ts launches`);
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

if (import.meta.main) {
  main().catch((error: unknown) => {
    process.stderr.write(
      `${visibleLines(error instanceof Error ? error.message : String(error))}\nnpm start -- --help lists the options.\n`,
    );
    process.exit(1);
  });
}
