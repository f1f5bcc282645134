import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CloudConfig } from '../../infra/aws/cloud-config.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud, ensureTables } from '../../infra/aws/create-cloud.ts';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { table } from './table.ts';

/** `npm run bench:calls`: what the calls of a batch cost the thread that makes them, by the SDK and straight over a socket, against the local cloud. */

const USAGE = `npm run bench:calls -- [--batches N] [--rounds N]
  --batches  batches of 1,000 devices in a round (default 1000)
  --rounds   of each way, in turns; the first is not counted (default 5)`;

const { values } = scriptArguments(USAGE, {
  batches: { type: 'string', default: '1000' },
  rounds: { type: 'string', default: '5' },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const batches = Number(values.batches);
const rounds = Number(values.rounds);

const WAYS = ['sdk', 'direct'] as const;
const DEVICES = 1_000;
const QUEUE = 'bench-batches-ios';
/** As a worker has under way. */
const AT_ONCE = 8;
const TEN = 10;

/** What is measured, and how often it happens for a batch. Visibility is extended for batches that take longer than 4 s. */
const STEPS = { claim: 1, account: 1, receive: 1 / TEN, delete: 1 / TEN, extend: 0 } as const;
type Step = keyof typeof STEPS;

async function cpuUs(times: number, job: (at: number) => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < times) await job(next++);
    }),
  );
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / times;
}

async function round({ claims, queues }: Cloud, name: string): Promise<Record<Step, number>> {
  const states = new Uint8Array((DEVICES * 3) / 8).fill(0b0100_1001);
  const key = (at: number) => `bench/us-ios/${name}/us-ios-${at}`;
  const token = (at: number) => `${name}-3f1c9a52-7a0e-4c7b-9d55-${at}`;
  await queues.send(
    QUEUE,
    Array.from({ length: batches }, (_, at) =>
      JSON.stringify({
        v: 1,
        launchId: 'launch-2026-11-29',
        shotId: 'shot-1',
        segment: 'us-ios',
        attempt: 1,
        batch: `us-ios-${at}`,
      }),
    ),
  );
  const receipts: string[] = [];
  const tens = Math.ceil(batches / TEN);
  const tenOf = (at: number) => receipts.slice(at * TEN, (at + 1) * TEN);
  return {
    receive: await cpuUs(tens, async () => {
      receipts.push(
        ...(await queues.receive(QUEUE, { max: TEN, waitSeconds: 1, visibilitySeconds: 60 })).map(
          ({ receipt }) => receipt,
        ),
      );
    }),
    claim: await cpuUs(batches, (at) =>
      claims.claim(key(at), {
        bootId: 'boot',
        token: token(at),
        claimedAtMs: Date.now(),
        sendUntilMs: Date.now() + 5_000,
        mark: Number.POSITIVE_INFINITY,
      }),
    ),
    extend: await cpuUs(tens, (at) => queues.handBack(QUEUE, tenOf(at), 60)),
    account: await cpuUs(batches, (at) => claims.account(key(at), token(at), { states, reasons: { Unregistered: 7 } })),
    delete: await cpuUs(tens, (at) => queues.remove(QUEUE, tenOf(at))),
  };
}

const median = (found: readonly number[]): number => found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)] ?? 0;

const thread = new Worker(new URL('./cloud-thread.ts', import.meta.url));
const [endpoint] = (await once(thread, 'message')) as [string];
const config: CloudConfig = { endpoint, region: 'us-east-1', tablePrefix: 'bench', bucket: 'bench' };
await ensureTables(config);
const clouds = { sdk: createCloud({ ...config, calls: 'sdk' }), direct: createCloud({ ...config, calls: 'direct' }) };
await clouds.sdk.queues.ensurePool('bench');

const found: Record<(typeof WAYS)[number], Record<Step, number>[]> = { sdk: [], direct: [] };
for (let at = 0; at <= rounds; at++) {
  for (const way of WAYS) {
    const one = await round(clouds[way], `${way}-${at}`);
    if (at > 0) found[way].push(one);
  }
  say(at === 0 ? 'warmed up' : `round ${at} of ${rounds}`);
}

const steps = Object.keys(STEPS) as Step[];
const us = (way: (typeof WAYS)[number], step: Step) => median(found[way].map((one) => one[step]));
const batchOf = (one: Record<Step, number>) => steps.reduce((sum, step) => sum + one[step] * STEPS[step], 0);
const batch = (way: (typeof WAYS)[number]) => median(found[way].map(batchOf));
const ratios = found.sdk.map((one, at) => batchOf(one) / batchOf(found.direct[at] ?? one));
const line = (name: string, times: string, sdk: number, direct: number, ratio: number) => [
  name,
  times,
  sdk.toFixed(0),
  direct.toFixed(0),
  `${ratio.toFixed(1)}x`,
];
say('');
say(
  table(
    ['CPU-us of the calling thread', 'a batch', 'SDK', 'direct', 'less'],
    [
      ...steps.map((step) =>
        line(
          step,
          STEPS[step] === 0 ? 'rarely' : String(STEPS[step]),
          us('sdk', step),
          us('direct', step),
          us('sdk', step) / us('direct', step),
        ),
      ),
      line('a batch of 1,000', '', batch('sdk'), batch('direct'), median(ratios)),
    ],
  ),
);
say('');
say(
  `Median of ${rounds} rounds of ${batches} batches in turns, ${AT_ONCE} calls at once; "less" of a batch is the median of the rounds' own ratios.`,
);
for (const cloud of Object.values(clouds)) cloud.close();
await thread.terminate();
