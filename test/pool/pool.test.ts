import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Logger } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Context } from '../../bot/conductor/context.ts';
import { countsOf, evenly, reportOf, snapshotOf } from '../../bot/conductor/for-tests.ts';
import { measureGates } from '../../bot/conductor/gates/probes.ts';
import { RollCall } from '../../bot/conductor/shots/roll-call.ts';
import { workerReports } from '../../bot/conductor/worker-reports.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { Journal } from '../../infra/aws/journal.ts';
import { createLiveStore } from '../../infra/aws/live-store.ts';
import type { LiveStore } from '../../infra/aws/live-store.ts';
import { createRecordStore } from '../../infra/aws/record-store.ts';
import { createSwitchStore } from '../../infra/aws/switch-store.ts';
import type { SwitchStore } from '../../infra/aws/switch-store.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Measured } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { primeRation } from '../../workers/lanes/prime-ration.ts';
import { botKeyring, workerKeyring } from '../keys.ts';
import { audience, LAUNCH_ID, measuredAt, people, sampleRunbook, slackVia, T0_MS } from '../properties/scene.ts';
import { overdrawn, simulatedStore } from './simulated-store.ts';
import type { SimulatedStore, Usage } from './simulated-store.ts';
import { SimulatedWorker } from './simulated-worker.ts';

/**
 * Pools as large as no machine of ours has, in a time of their own: a second of theirs takes as long as its 4,000 calls. The
 * store charges and refuses as DynamoDB does.
 */

const POOL = 'gobutton-workers';
const LOCALES = ['en', 'pt-BR'];
const STEP_MS = 50;
const PACE = 100_000;
/** What a report has grown to after so long: they are written four times a second for half a minute. */
const SHOT = { seconds: 20, perWorker: 4_000 };

/** Simulated, once time is. */
const now = () => Date.now();

let store: SimulatedStore;
let live: LiveStore;
let journal: Journal;
let switches: SwitchStore;
let workers: SimulatedWorker[];
let failures: string[];
let gates: Measured[][];

beforeEach(async () => {
  store = await simulatedStore(now);
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    now: T0_MS - 3_600_000,
  });
  live = createLiveStore({ dynamo: store.client, table: store.tables.live });
  journal = createJournal({
    record: createRecordStore({ dynamo: store.client, table: store.tables.record }),
    keyring: botKeyring(),
    nowMs: now,
  });
  switches = createSwitchStore({ reads: store.client, writes: store.client, table: store.tables.switches });
  workers = [];
  failures = [];
  gates = [];
});
afterEach(async () => {
  for (const worker of workers) worker.kill();
  vi.useRealTimers();
  await store.close();
});

async function does(command: Command): Promise<Launch> {
  const submitted = await journal.append(LAUNCH_ID, command);
  if (!submitted.ok) throw new Error(`REFUSED ${submitted.code}: ${submitted.say}`);
  return submitted.launch;
}

let planned = 0;
async function create(wanted: number): Promise<void> {
  planned = wanted;
  const probes = [
    { id: 'credentials', title: 'Credentials', hard: true, probe: { kind: 'credentials' } },
    { id: 'workers', title: 'Workers', probe: { kind: 'workers-ready' } },
    { id: 'queues', title: 'Switches reach', probe: { kind: 'switch-reach', within: '800ms' } },
  ];
  const runbook = sampleRunbook({
    people: people.map((person) => ({ ...person, devices: [] })),
    pool: { name: POOL, scale_target: 'workers', workers: planned },
    gates: probes,
    delivery: { ios_per_second: PACE, batch_size: 10 },
  });
  await live.putLaunch({
    launchId: LAUNCH_ID,
    name: 'Super Bowl',
    channelId: 'C0',
    pool: POOL,
    createdAtMs: Date.now(),
    closed: false,
    workers: planned,
  });
  await live.assignPool(POOL, LAUNCH_ID);
  await does({
    kind: 'create-launch',
    by: 'ana',
    launchId: LAUNCH_ID,
    name: 'Super Bowl',
    channelId: 'C0',
    runbook,
    runbookHash: 'r',
    targetAtMs: T0_MS,
    compress: 1,
  });
  // Many markets: 20 KB and more, which is the last entry until somebody does something else.
  const segments = Array.from({ length: 240 }, (_, at) => ({
    id: `market-${at}-of-many-ios`,
    platform: 'ios' as const,
    devices: 1_000,
    batches: 1,
    localeCounts: Object.fromEntries(LOCALES.map((locale) => [locale, 500])),
  }));
  await does({
    kind: 'set-audience',
    by: 'ana',
    audience: {
      ...audience,
      devices: 240_000,
      segments,
      locales: Object.fromEntries(LOCALES.map((locale) => [locale, 120_000])),
    },
  });
  await switches.apply(LAUNCH_ID, 1, { pace: { ios: 0, android: 0 }, zombie: false, custom: {} });
}

async function fire(): Promise<void> {
  const asked = await does({
    kind: 'request-fire',
    by: 'ana',
    segments: 'all',
    measured: measuredAt(Date.now()),
    via: slackVia('ana'),
    lift: false,
    sets: [],
  });
  const [order] = Object.values(asked.orders);
  if (order === undefined) throw new Error('no order');
  await does({
    kind: 'approve-fire',
    by: 'mia',
    orderId: order.id,
    shownHash: order.shownHash,
    pressedAtMs: Date.now(),
    measured: measuredAt(Date.now()),
    via: slackVia('mia'),
    observedHaltEpoch: 0,
    observedHalted: false,
  });
}

const counts = countsOf(evenly(SHOT.perWorker, 100, SHOT.seconds * 1_000));

async function boot(count: number): Promise<void> {
  const pool = {
    store,
    keyring: workerKeyring(),
    launchId: LAUNCH_ID,
    pool: POOL,
    nowMs: now,
    failures,
    reportOf: (
      launch: Launch,
      bootId: string,
      state: 'ready' | 'sending' | 'loading' | 'priming' | 'draining' | 'gone',
      switchReadAgoMs: number | null,
    ) =>
      reportOf(launch, bootId, Date.now(), {
        state,
        switchReadAgoMs,
        clock: { aheadMs: 3, errorMs: 12 },
        foreign: { orders: 0, batches: 0, last: '' },
        startedAtMs: T0_MS - 3_700_000,
        host: 'ip-10-0-101-202.ec2.internal',
        shots: Object.keys(launch.shots).map((shotId) => snapshotOf(shotId, counts, counts)),
      }),
  };
  const more = Array.from({ length: count }, () => new SimulatedWorker(pool));
  // Phases in equal steps, as after hours of running apart.
  for (const [at, worker] of more.entries()) {
    await worker.start(((at * 7_919) % count) / count);
    // A hundred boot in a second, and each reads the whole record.
    vi.setSystemTime(now() + 10);
  }
  workers.push(...more);
}

/** The leader's own rounds: it calls the roll, measures gates, and four more of its looks ask for the reports each second; while a shot runs every 250 ms as well. */
function lead(): NodeJS.Timeout {
  const context = {
    cloud: { live, clock: { offset: () => null } } as unknown as Cloud,
    journal,
    version: null,
    nowMs: now,
    log: {
      warn: (fields: object, say: string) => failures.push(`${say}: ${JSON.stringify(fields)}`),
    } as unknown as Logger,
  } as Context;
  const roll = new RollCall(context);
  const looks = async (everything: boolean) => {
    const launch = await journal.launch(LAUNCH_ID);
    if (launch === null) throw new Error('no launch');
    if (!everything) return Object.keys(launch.shots).length === 0 ? [] : workerReports(context, launch);
    const [measured] = await Promise.all([
      measureGates(context, launch, Date.now()),
      roll.look(launch),
      ...Array.from({ length: 4 }, () => workerReports(context, launch)),
    ]);
    gates.push(measured);
    return [];
  };
  let round = 0;
  return setInterval(() => {
    looks(round++ % 4 === 0).catch((error: unknown) => failures.push(`leader: ${String(error)}`));
  }, 250);
}

async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += STEP_MS) {
    await vi.advanceTimersByTimeAsync(STEP_MS);
    await store.settled();
  }
}

const sumOfShares = () =>
  workers.reduce((sum, { roll }) => {
    const { active, perSecond } = roll.view.share(PACE, Date.now(), { planned, batchSize: 10, sendWithinMs: 5_000 });
    return sum + (active ? perSecond : 0);
  }, 0);

/** For docs/lane.md: `POOL_TABLE=1 npx vitest run test/pool`. */
function show(what: string, usages: readonly Usage[], seconds: number): void {
  if (process.env['POOL_TABLE'] === undefined) return;
  const line = (name: string, of: readonly Usage[]) => {
    const sum = (kind: 'read' | 'write') => Math.round(of.reduce((total, one) => total + one[kind], 0) / seconds);
    return `${name.padEnd(44)} ${sum('read')} reads ${sum('write')} writes a second`;
  };
  const hottest = usages.toSorted((one, other) => other.read + other.write - one.read - one.write).slice(0, 8);
  process.stdout.write(
    [
      `${what} workers`,
      ...hottest.map(
        (one) => `${line(`${one.table} ${one.key}`, [one])}, at most ${one.peak.read} and ${one.peak.write}`,
      ),
      ...Object.values(store.tables).map((table) =>
        line(
          table,
          usages.filter((one) => one.table === table),
        ),
      ),
      '',
    ].join('\n'),
  );
}

test.each([15, 60, 500])(
  '%i workers with their leader: nothing is refused, no round fails, every gate is known, and a halt reaches all',
  async (count) => {
    await create(count);
    const leader = lead();
    await boot(count);
    store.charges();
    await pass(2_000);
    const idle = store.charges();
    await fire();
    await pass(2_000);
    const sending = store.charges();
    await switches.halt(LAUNCH_ID);
    await pass(300);
    clearInterval(leader);
    show(`${count}, idle`, idle, 2);
    show(`${count}, sending`, sending, 2);
    expect(failures).toEqual([]);
    expect([...overdrawn(idle), ...overdrawn(sending)]).toEqual([]);
    // The first look is before the first reports.
    expect(gates.length).toBeGreaterThanOrEqual(4);
    expect(
      gates
        .slice(2)
        .flat()
        .filter(({ status }) => status !== 'green'),
    ).toEqual([]);
    expect(workers.filter(({ halted }) => !halted)).toHaveLength(0);
  },
  120_000,
);

test('the shares of a pool are never more than its pace while workers die and others come, and are all of it in the end', async () => {
  await create(20);
  let leader = lead();
  await boot(18);
  await fire();
  const sums: number[] = [];
  const watch = async (ms: number) => {
    for (let at = 0; at < ms; at += 250) {
      await pass(250);
      sums.push(sumOfShares());
    }
    return Math.round(sums.at(-1) ?? 0);
  };
  expect(await watch(8_000)).toBe(PACE);
  for (const worker of workers.splice(0, 5)) worker.kill();
  // What the dead had lies idle, and is shared when everybody knows of it.
  expect(await watch(1_000)).toBe(Math.round((PACE * 13) / 18));
  expect(await watch(9_000)).toBe(PACE);
  await boot(5);
  expect(await watch(9_000)).toBe(PACE);
  // The bot dies: those on the roll leave room for as many as the runbook wants.
  clearInterval(leader);
  expect(await watch(6_000)).toBe(Math.round((PACE * 18) / 20));
  await boot(2);
  expect(await watch(8_000)).toBe(PACE);
  leader = lead();
  expect(await watch(9_000)).toBe(PACE);
  clearInterval(leader);
  expect(Math.max(...sums)).toBeLessThanOrEqual(PACE * 1.000_001);
  expect(failures).toEqual([]);
}, 60_000);

test('500 workers that boot at the same moment ask for their priming pushes, and then who closes a shot, and are refused nothing', async () => {
  const boots = Array.from({ length: 500 }, (_, at) => ({
    holder: `boot-${at}`,
    live: createLiveStore({ dynamo: store.client, table: store.tables.live }),
  }));
  const may = await Promise.all(
    boots.map((one, at) =>
      primeRation({ ...one, perDeviceHour: 3, share: () => 2, nowMs: now })(`token-${at % 20}`, false),
    ),
  );
  expect(may.filter(Boolean)).toHaveLength(60);
  await pass(1_000);
  const closers = await Promise.all(
    boots.map((one) => one.live.lease('closer/superbowl/S5', one.holder, 3_000, now())),
  );
  expect(closers.filter(Boolean)).toHaveLength(1);
  expect(overdrawn(store.charges())).toEqual([]);
});

test("what it was before is refused here: a hundred workers that read each other's reports from one key", async () => {
  const worker = (at: number) => ({
    ...reportOf({ id: 'before', audience: null, skipList: null }, `boot-${at}`, Date.now()),
    shots: [snapshotOf('S5', counts, counts)],
  });
  await Promise.all(Array.from({ length: 100 }, (_, at) => live.putReport(worker(at))));
  await pass(1_000);
  store.charges();
  const read = () =>
    store.client.send(
      new QueryCommand({
        TableName: store.tables.live,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'reports/before' } },
      }),
    );
  let refused = 0;
  for (let second = 0; second < 3; second++) {
    const rounds = await Promise.allSettled(Array.from({ length: 100 }, read));
    refused += rounds.filter(({ status }) => status === 'rejected').length;
    await pass(1_000);
  }
  // The first hundred come at the same moment; what they were too much is a debt.
  expect(refused).toBeGreaterThan(100);
  expect(overdrawn(store.charges()).map(({ key }) => key)).toEqual(['reports/before']);
});
