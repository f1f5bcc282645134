import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { until } from '../../infra/local/scripted-person.ts';
import { startStage } from '../worker-stage.ts';
import type { Stage, StagedLaunch } from '../worker-stage.ts';

/** `npm run bench:go`: from the approving press to the first push, and from halt to the last one, by the providers' own clock; a launch and worker processes of its own for each run. */

const USAGE = `npm run bench:go -- [--runs N] [--workers N] [--beside]
  --runs     launches, one after the other (default 50)
  --workers  worker processes of each (default 2)
  --beside   an Android shot of the same launch runs slowly meanwhile`;

const { values } = scriptArguments(USAGE, {
  runs: { type: 'string', default: '50' },
  workers: { type: 'string', default: '2' },
  beside: { type: 'boolean', default: false },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const DEVICES = 20_000;
/** Devices a second, so that there is something left to halt. */
const PACE = 20_000;
/** The shot is at full speed for so long before it is halted. */
const RUNS_FOR_MS = 150;
const SETTLES_MS = 1_000;

interface Run {
  firstMs: number;
  haltMs: number;
}

async function workers(stage: Stage, launch: StagedLaunch, many: number) {
  const children = Array.from({ length: many }, () =>
    spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '../../workers/main.ts')],
      { env: { ...stage.env(launch.id), LOG_LEVEL: 'fatal', GOBUTTON_THREADS: '1' }, stdio: 'ignore' },
    ),
  );
  await until(
    'workers that are ready',
    60_000,
    async () => (await stage.cloud.live.reports(launch.id)).filter(({ state }) => state === 'ready').length === many,
    100,
  );
  return () => {
    for (const child of children) child.kill('SIGKILL');
  };
}

async function run(stage: Stage): Promise<Run> {
  const launch = await stage.newLaunch({
    ios: DEVICES,
    android: values.beside ? 2_000 : 0,
    batchSize: 500,
    delivery: {
      android_event_quota: undefined,
      android_per_second: 50,
      android_ramp: '0s',
      ios_per_second: PACE,
      ios_not_after: '60s',
    },
  });
  const end = await workers(stage, launch, Number(values.workers));
  try {
    if (values.beside) {
      const slow = await launch.fire({ segments: ['android'] });
      await until(
        'the slow shot',
        10_000,
        () => Promise.resolve(stage.providers.judge.counts(launch.id, slow.id).received > 20),
        20,
      );
    }
    const shot = await launch.fire({ segments: ['ios'] });
    const counts = () => stage.providers.judge.counts(launch.id, shot.id);
    await until('the first push', 20_000, () => Promise.resolve(counts().firstAtMs !== null), 1);
    await sleep(RUNS_FOR_MS);
    const pressedAtMs = Date.now();
    await launch.halt();
    await sleep(SETTLES_MS);
    const { firstAtMs, lastAtMs, received, duplicates } = counts();
    if (duplicates > 0) throw new Error(`BENCH_DUPLICATES ${duplicates}`);
    if (received === DEVICES) throw new Error('BENCH_TOO_FAST: everything was sent before the halt');
    return { firstMs: (firstAtMs ?? 0) - shot.pressedAtMs, haltMs: Math.max(0, (lastAtMs ?? 0) - pressedAtMs) };
  } finally {
    end();
  }
}

function row(name: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  return `${name.padEnd(22)} p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${Math.round(sorted.at(-1) ?? 0)} ms`;
}

const stage = await startStage();
try {
  const runs: Run[] = [];
  for (let number = 0; number < Number(values.runs); number++) runs.push(await run(stage));
  say(
    `${runs.length} launches of ${DEVICES.toLocaleString('en')} devices, ${values.workers} worker processes${values.beside ? ', beside a slow Android shot' : ''}`,
  );
  say(
    row(
      'GO to first push',
      runs.map(({ firstMs }) => firstMs),
    ),
  );
  say(
    row(
      'halt to last push',
      runs.map(({ haltMs }) => haltMs),
    ),
  );
} finally {
  await stage.stop();
}
