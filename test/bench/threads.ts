import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../../infra/aws/sha256.ts';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { compileAudience } from '../../workers/audience/compile.ts';
import { folderObjects } from '../../workers/audience/packed/folder-objects.ts';
import { startFastServer, startLocalProviders } from './servers.ts';
import { table } from './table.ts';
import type { ThreadsOptions, ThreadsRound } from './threads-process.ts';

/** `npm run bench:threads`: what sending threads cost and give, beside one thread and beside processes. */

const USAGE = `npm run bench:threads -- [--server local|nginx] [--latency-ms L] [--devices N] [--connections C] [--rounds R] [--round-ms M] [--pace P] [--report FILE]
  --server       local (default): the local push providers; nginx: answers at once and looks at nothing
  --latency-ms   answer latency of the local providers (default 30)
  --devices      size of the audience in memory (default 500000)
  --connections  of each thread that sends, or process without threads (default 60)
  --rounds       of every variant, taking turns (default 7)
  --round-ms     how long a round is (default 600)
  --pace         a second, over all processes together; 0 (default): no limit`;

const { values } = scriptArguments(USAGE, {
  server: { type: 'string', default: 'local' },
  'latency-ms': { type: 'string', default: '30' },
  devices: { type: 'string', default: '500000' },
  connections: { type: 'string', default: '60' },
  rounds: { type: 'string', default: '7' },
  'round-ms': { type: 'string', default: '600' },
  pace: { type: 'string', default: '0' },
  report: { type: 'string' },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Variant {
  name: string;
  processes: number;
  threads: number;
}
const VARIANTS: readonly Variant[] = [
  { name: '1 process, no threads', processes: 1, threads: 0 },
  { name: '1 process, 1 thread', processes: 1, threads: 1 },
  { name: '1 process, 2 threads', processes: 1, threads: 2 },
  { name: '2 processes, no threads', processes: 2, threads: 0 },
];

interface Sender {
  round(): Promise<ThreadsRound>;
  end(): void;
}

async function startSender(options: ThreadsOptions): Promise<Sender> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./threads-process.ts', import.meta.url)), JSON.stringify(options)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('BENCH_CLIENT_FAILED');
    return line.value;
  };
  await next();
  return {
    async round() {
      child.stdin.write('round\n');
      return JSON.parse(await next()) as ThreadsRound;
    },
    end: () => {
      child.stdin.end();
    },
  };
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const sum = (rounds: readonly ThreadsRound[], of: (round: ThreadsRound) => number): number =>
  rounds.reduce((total, round) => total + of(round), 0);

/** Of the processes that ran at the same time. */
const perCpuSecond = (own: readonly ThreadsRound[]): number =>
  sum(own, ({ requests }) => requests) / sum(own, ({ cpuSeconds }) => cpuSeconds);

const dir = await mkdtemp(join(tmpdir(), 'bench-threads-'));
const server = values.server === 'nginx' ? await startFastServer([]) : await startLocalProviders([]);
const senders = new Map<Variant, Sender[]>();
try {
  await server.behave({
    latencyMs: Number(values['latency-ms']),
    latencySpreadMs: Number(values['latency-ms']) / 5,
    latencyStepMs: 1,
  });
  const csv = join(dir, 'devices.csv');
  const rows = Array.from(
    { length: Number(values.devices) },
    (_, at) => `user${at},ios,${sha256(String(at)).replace(/^./, '0')},en`,
  );
  await writeFile(csv, `user,platform,token,locale\n${rows.join('\n')}\n`);
  const compiled = await compileAudience({
    input: csv,
    objects: folderObjects(join(dir, 'objects')),
    segmentBy: ['platform'],
    locales: ['en'],
    fallbackLocale: 'en',
    batchSize: 1_000,
    rejectsPath: null,
  });
  const options: Omit<ThreadsOptions, 'threads'> = {
    target: { ...server.target, connections: Number(values.connections), unregisteredEvery: 0, part: 0 },
    audience: { folder: join(dir, 'objects'), manifestKey: compiled.audience.manifestKey },
    warmUpMs: 700,
    roundMs: Number(values['round-ms']),
    pace: Number(values.pace),
  };
  for (const variant of VARIANTS) {
    say(`${variant.name}: warm-up`);
    senders.set(
      variant,
      await Promise.all(
        Array.from({ length: variant.processes }, () =>
          startSender({
            ...options,
            threads: variant.threads,
            pace: options.pace / variant.processes,
            target: { ...options.target, connections: options.target.connections * Math.max(1, variant.threads) },
          }),
        ),
      ),
    );
  }
  const rounds = new Map(VARIANTS.map((variant) => [variant, [] as ThreadsRound[][]]));
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    say(`round ${round} of ${values.rounds}`);
    for (const [variant, own] of senders)
      rounds.get(variant)?.push(await Promise.all(own.map((sender) => sender.round())));
  }
  const base = rounds.get(VARIANTS[1] ?? (VARIANTS[0] as Variant)) ?? [];
  const figures = [...rounds].map(([{ name }, all]) => ({
    variant: name,
    perSecond: Math.round(median(all.map((own) => sum(own, ({ requests, seconds }) => requests / seconds)))),
    perCpuSecond: Math.round(median(all.map(perCpuSecond))),
    // Round by round, since they ran one after the other under the same load.
    toOneThread: Number(median(all.map((own, at) => perCpuSecond(own) / perCpuSecond(base[at] ?? own))).toFixed(3)),
    rssMb: Math.round(Math.max(...all.map((own) => sum(own, ({ rssMb }) => rssMb)))),
  }));
  say(
    `\n${server.name}, ${values.connections} connections each, ${values['latency-ms']} ms, ${values.pace === '0' ? '' : `${values.pace} a second, `}${values.devices} devices in memory, median of ${values.rounds} rounds`,
  );
  say(
    table(
      ['variant', 'per second', 'per CPU-second', 'of 1 thread', 'memory, MB'],
      figures.map((row) => [
        row.variant,
        ...[row.perSecond, row.perCpuSecond, row.toOneThread, row.rssMb].map((value) => value.toLocaleString('en')),
      ]),
    ),
  );
  if (values.report !== undefined) await writeFile(values.report, `${JSON.stringify({ rows: figures }, null, 2)}\n`);
} finally {
  for (const own of senders.values()) for (const sender of own) sender.end();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
}
