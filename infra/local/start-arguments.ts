import { resolve } from 'node:path';
import { readNumber } from '../../runbooks/typed/number.ts';
import { readCommandLine } from '../command-line/command-line.ts';
import { whole } from './arguments.ts';
import { projectRoot } from './child.ts';
import { cloudWeather } from './cloud-weather.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import type { OwnAudience } from './event/check-audience.ts';

export const USAGE = `npm start -- [--devices N] [--fresh] [--data DIR] [--slack socket|http] [--latency-ms L] [--aws-weather W]
             [--runbook FILE] [--audience FILE] [--compress N] [--workers N]
  --devices N       size of the made-up audience, 1,000 to 10,000,000 (default 200000)
  --fresh           begin anew; without it the launch in the data folder goes on where it was
  --data DIR        data folder (default .gobutton)
  --slack MODE      how the bot talks to the local Slack: socket (default) or http
  --latency-ms L    answer latency of the local push providers (default 20)
  --aws-weather W   the local cloud once the war room is open: throttled, slow, down or full (no place for more
                    tasks; default fair), or from its start on: odd (as late and forgetful as AWS may be); typing another one and Enter changes it

Your own event:
  --runbook FILE    your runbook in place of the sample, with its people, fleets and switches; or one of the library by name
  --audience FILE   your device list (CSV, NDJSON, Parquet) in place of a made-up one
  --map FIELDS, --fallback-locale L, --accept
                    as npm run audience -- compile takes them
  --compress N      how many times faster than the runbook says; 1 is real time, with the runbook's own target
                    (default: what is before T takes a minute)
  --workers N       processes that play the pool, 1 to 16 (default: as the runbook says, at most 2)`;

export interface Arguments {
  devices: number | null;
  fresh: boolean;
  dataDir: string;
  slackMode: 'socket' | 'http';
  latencyMs: number;
  awsWeather: CloudWeatherName | null;
  runbook: string | null;
  audience: OwnAudience | null;
  compress: number | null;
  workers: number | null;
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** One's own list, and how it is read. */
export const AUDIENCE_OPTIONS = {
  audience: text,
  map: text,
  'fallback-locale': text,
  accept: flag,
} as const;

const OPTIONS = {
  devices: text,
  fresh: flag,
  data: { ...text, default: '.gobutton' },
  slack: { ...text, default: 'socket' },
  'latency-ms': { ...text, default: '20' },
  'aws-weather': text,
  runbook: text,
  ...AUDIENCE_OPTIONS,
  compress: text,
  workers: text,
} as const;

/** Null: the usage was asked for. Throws what was found and what was expected. */
export function readArguments(argv: string[], env: NodeJS.ProcessEnv = process.env): Arguments | null {
  const { values } = readCommandLine(argv, OPTIONS, { command: 'npm start', env });
  if (values.help === true) return null;
  if (values.slack !== 'socket' && values.slack !== 'http')
    throw new Error(`--slack: found "${values.slack}", expected socket or http`);
  const { devices, runbook = null, compress, workers } = values;
  const audience = ownAudience(values);
  for (const [name, value] of [
    ['compress', compress],
    ['workers', workers],
  ] as const)
    if (value !== undefined && runbook === null)
      throw new Error(`--${name}: found it without --runbook, expected both: the sample has its own`);
  return {
    devices: devices === undefined ? null : whole('--devices', devices, 1_000, 10_000_000),
    fresh: values.fresh,
    dataDir: resolve(projectRoot, values.data),
    slackMode: values.slack,
    latencyMs: whole('--latency-ms', values['latency-ms'], 0, 10_000),
    awsWeather: values['aws-weather'] === undefined ? null : cloudWeather('--aws-weather', values['aws-weather']),
    runbook,
    audience,
    compress: compress === undefined ? null : timesFaster(compress),
    workers: workers === undefined ? null : whole('--workers', workers, 1, 16),
  };
}

export function ownAudience(
  values: Partial<Record<'audience' | 'map' | 'fallback-locale' | 'devices', string | undefined>> & { accept: boolean },
): OwnAudience | null {
  const { audience, devices, accept } = values;
  const options = (['map', 'fallback-locale'] as const).flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  if (audience === undefined) {
    if (options.length === 0 && !accept) return null;
    throw new Error(
      `${options[0] ?? '--accept'}: found it without --audience, expected both: it says how that file is read`,
    );
  }
  if (devices !== undefined)
    throw new Error('--audience and --devices: found both, expected one: --devices is the size of a made-up audience');
  return { file: resolve(audience), options, accept };
}

/** As `/go create … compress 60` takes it; slower than the runbook nobody waits here. */
export function timesFaster(text: string): number {
  const read = readNumber(text, { least: 1, most: 100_000, fractions: true });
  if (!read.ok)
    throw new Error(
      `--compress: found "${text}", expected ${read.expected}, how many times faster than the runbook says`,
    );
  return read.value;
}
