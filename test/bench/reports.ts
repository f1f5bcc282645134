import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { AttributeValue, DynamoDBClient, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { countsOf, evenly, reportOf, snapshotOf } from '../../bot/conductor/for-tests.ts';
import { createReportStore } from '../../infra/aws/report-store.ts';
import { signedReports } from '../../infra/aws/signed-reports.ts';
import { vouch, vouchedBy } from '../../infra/aws/vouched.ts';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { botKeyring, workerKeyring } from '../keys.ts';
import { Scene } from '../properties/scene.ts';
import { table } from './table.ts';

/**
 * `npm run bench:reports`: what it costs the bot's own thread to read what a large pool reports, and to see who has signed it. The items
 * are in memory, so what the SDK and the network cost is in no row.
 */

const USAGE = `npm run bench:reports -- [--workers N] [--seconds N]
  --workers  that report every second (default 500)
  --seconds  of each row (default 10)`;

const { values } = scriptArguments(USAGE, {
  workers: { type: 'string', default: '500' },
  seconds: { type: 'string', default: '10' },
});
const workers = Number(values.workers);
const seconds = Number(values.seconds);

const launch = Scene.ready().state;
const { trusted } = botKeyring();
const { signer } = workerKeyring();
const counts = countsOf(evenly(1_000, 0, 9_000));
const shots = [snapshotOf('S1', counts, counts)];

type Item = Record<string, AttributeValue>;
let atMs = 0;
/** In each quarter of a second a quarter of the pool has reported. */
const pools: Item[][] = [];
for (let quarter = 0; quarter < (seconds + 1) * 4; quarter += 1) {
  atMs += 250;
  const before = pools.at(-1);
  pools.push(
    Array.from({ length: workers }, (_, at) => {
      if (before?.[at] !== undefined && at % 4 !== quarter % 4) return before[at];
      const bootId = `boot-${at}`;
      const report = reportOf(launch, bootId, atMs, { state: 'sending', shots });
      const { text, key, sig } = vouch('report', JSON.stringify(report), signer);
      return { sk: { S: bootId }, body: { S: text }, key: { S: key }, sig: { S: sig } };
    }),
  );
}

function storeAt(now: () => Item[]) {
  const dynamo = {
    send: async ({ input }: { input: QueryCommandInput }) => ({
      Items: input.ExpressionAttributeValues?.[':pk']?.S === `reports/${launch.id}` ? now() : [],
    }),
  };
  return createReportStore({ dynamo: dynamo as unknown as DynamoDBClient, table: 'live', plannedOf: async () => 8 });
}

type Ask = () => Promise<{ length: number }>;
type Look = (store: ReturnType<typeof storeAt>) => { ask: Ask; first: Ask };

const alone: Look = (store) => {
  const ask = async () => (await store.all(launch.id)).reports;
  return { ask, first: ask };
};
const here: Look = (store) => {
  const { ask } = alone(store);
  const first = async () =>
    (await store.all(launch.id)).reports.filter((one) => vouchedBy('report', one, launch, trusted) === 'worker');
  return { ask, first };
};
const beside: Look = (store) => {
  const read = signedReports((launchId) => store.all(launchId));
  const ask = async () => (await read(launch, trusted)).reports;
  return { ask, first: ask };
};

/** Looks of a leader while a shot runs: ten ask once a second, one every 250 ms. */
async function row(name: string, look: Look): Promise<string[]> {
  let quarter = 0;
  const { ask, first } = look(storeAt(() => pools[quarter] ?? []));
  await ask();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.threadCpuUsage();
  const beganMs = performance.now();
  for (quarter = 1; quarter <= seconds * 4; quarter += 1) {
    const others = quarter % 4 === 0 ? [first, ...Array.from({ length: 9 }, () => ask)] : [];
    const found = await Promise.all([ask, ...others].map((one) => one()));
    if (found.some(({ length }) => length !== workers)) throw new Error('BENCH_UNSIGNED');
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, beganMs + quarter * 250 - performance.now())));
  }
  const { user, system } = process.threadCpuUsage(before);
  delay.disable();
  return [name, ((user + system) / 1_000 / seconds).toFixed(0), (delay.percentile(99.9) / 1e6).toFixed(0)];
}

await row('warm', beside);
const rows = [
  await row('no signature looked at', alone),
  await row('all once a second, in one turn', here),
  await row('each once, eight in a turn, for all who ask', beside),
];
process.stdout.write(
  `${workers} workers report every second, ${seconds} s a row\n${table(['', 'ms of the thread a second', 'p99.9 of a turn, ms'], rows)}\n`,
);
