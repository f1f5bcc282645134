import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readCommandLine } from '../command-line/command-line.ts';
import { visibleLines } from '../visible.ts';
import { whole } from './arguments.ts';
import { cloudWeather } from './cloud-weather.ts';
import { readEvent } from './event/local-event.ts';
import { verdictOf } from './rehearsal-report.ts';
import { playLaunch } from './rehearsal-script.ts';
import type { Script } from './rehearsal-stage.ts';
import { AUDIENCE_OPTIONS, ownAudience, timesFaster } from './start-arguments.ts';
import { waterfall } from './waterfall.ts';

/**
 * `npm run rehearse`: a whole launch at full scale by two scripted people in the local war room, with production
 * code all the way, on ports and in a data folder of its own. Exit code 0 only if every device is accounted for.
 */

const USAGE = `npm run rehearse -- --devices N [options] --report out.json
npm run rehearse -- --runbook NAME|FILE [--audience FILE] [--compress N] [options]
  --devices N               devices of a made-up audience, 100 to 10,000,000 (with --runbook: default 10000)
  --runbook NAME|FILE       your own event in place of the Super Bowl: one of the library by its name, or a file
  --audience FILE           your device list in place of a made-up one, with --map, --fallback-locale and --accept as
                            npm run audience -- compile takes them
  --compress N              the plan runs by itself, N times faster than it is written, 1 to 100,000; each market that has its own
                            moment is armed ahead of it and goes by itself, or is fired at it where 20 s are not left
                            (default: what the plan scales is ordered at once, and all is fired when ready)
  --workers W               worker processes, 1 to 16 (default 2)
  --seed S                  seed of the sample audience (default 7)
  --latency-ms L            answer latency of the local push providers (default 20)
  --connections C           connections of a worker to each provider (default 40)
  --threads T               sending threads of a worker, 0 to 128 (default: cores but one)
  --halt-after-ms H         press HALT so long after GO
  --double-press            two people press GO at the same moment
  --kill-worker-after-ms K  SIGKILL one worker so long after GO
  --aws-weather W           the local cloud for 5 s from GO on: throttled, slow, down or full (no place
                            for more tasks); or from its start on: odd (as late and forgetful as AWS may be)
  --report FILE             where the report goes, JSON
  --timeline FILE           where the timeline goes, Markdown (default beside the report)
  --trace FILE              what the shot waited for, from press to provider, as a waterfall in text (default none)
  --keep                    keep the data folder (logs, audience, files; not the tables) and say where it is`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

type Asked = Omit<Script, 'event'> & {
  runbook: string | null;
  report: string | null;
  timeline: string;
  trace: string | null;
  keep: boolean;
};

const text = { type: 'string' } as const;
const OPTIONS = {
  devices: text,
  runbook: text,
  ...AUDIENCE_OPTIONS,
  compress: text,
  workers: { ...text, default: '2' },
  seed: { ...text, default: '7' },
  'latency-ms': { ...text, default: '20' },
  connections: { ...text, default: '40' },
  threads: text,
  'halt-after-ms': text,
  'double-press': { type: 'boolean', default: false },
  'kill-worker-after-ms': text,
  'aws-weather': text,
  report: text,
  timeline: text,
  trace: text,
  keep: { type: 'boolean', default: false },
} as const;

function readArguments(argv: string[]): Asked {
  const { values } = readCommandLine(argv, OPTIONS, { command: 'npm run rehearse' });
  if (values.help === true) {
    say(USAGE);
    process.exit(0);
  }
  const { runbook = null, compress } = values;
  const audience = ownAudience(values);
  if (values.devices === undefined && runbook === null && audience === null)
    throw new Error('--devices: found nothing, expected a whole number from 100 to 10,000,000');
  const optional = (name: string, value: string | undefined): number | null =>
    value === undefined ? null : whole(name, value, 0, 600_000);
  const report = values.report === undefined ? null : resolve(values.report);
  return {
    devices: whole('--devices', values.devices ?? '10000', 100, 10_000_000),
    runbook,
    ...(audience === null ? {} : { audience }),
    ...(compress === undefined ? {} : { compress: timesFaster(compress) }),
    workers: whole('--workers', values.workers, 1, 16),
    seed: whole('--seed', values.seed, 0, 2 ** 31 - 1),
    latencyMs: whole('--latency-ms', values['latency-ms'], 0, 10_000),
    connections: whole('--connections', values.connections, 1, 400),
    ...(values.threads === undefined ? {} : { threads: whole('--threads', values.threads, 0, 128) }),
    haltAfterMs: optional('--halt-after-ms', values['halt-after-ms']),
    doublePress: values['double-press'],
    killWorkerAfterMs: optional('--kill-worker-after-ms', values['kill-worker-after-ms']),
    ...(values['aws-weather'] === undefined
      ? {}
      : { awsWeather: cloudWeather('--aws-weather', values['aws-weather']) }),
    report,
    timeline: resolve(
      values.timeline ?? (report === null ? 'timeline.md' : report.replace(/(\.json)?$/, '-timeline.md')),
    ),
    trace: values.trace === undefined ? null : resolve(values.trace),
    keep: values.keep,
  };
}

async function main(): Promise<number> {
  // What we and our children write holds tokens, user ids and keys.
  process.umask(0o077);
  const { report: reportPath, timeline, trace, keep, runbook, ...asked } = readArguments(process.argv.slice(2));
  const event = runbook === null ? null : await readEvent(runbook, asked.workers);
  for (const note of event?.notes ?? []) say(`  ${note}`);
  const script: Script = { ...asked, ...(event === null ? {} : { event }) };
  const dataDir = await mkdtemp(join(tmpdir(), 'gobutton-rehearsal-'));
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error('INTERRUPTED'));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const { report, timelineText, spans } = await playLaunch(script, dataDir, interrupted.signal, { say, bar: true });
    await writeFile(timeline, timelineText);
    if (trace !== null) await writeFile(trace, waterfall(spans));
    const finished = { ...report, timelinePath: timeline };
    if (reportPath !== null) await writeFile(reportPath, `${JSON.stringify(finished, null, 2)}\n`);
    const verdict = verdictOf(finished);
    say(verdict.summary);
    if (reportPath !== null) say(`Report: ${reportPath}`);
    return verdict.faults.length === 0 ? 0 : 1;
  } finally {
    if (keep) say(`Data folder: ${dataDir}`);
    else await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? `\n  because: ${error.cause.message}` : '';
    process.stderr.write(
      `${visibleLines(`${error instanceof Error ? error.message : String(error)}${cause}`)}\n\n${USAGE}\n`,
    );
    process.exit(2);
  },
);
