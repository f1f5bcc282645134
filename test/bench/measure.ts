import { cpus } from 'node:os';
import type { ClientName, Footprint, Round } from './client-process.ts';
import { h2loadRound } from './h2load.ts';
import type { Layers } from './layers.ts';
import { pinnedTo, startClient } from './run-client.ts';
import type { StartedClient } from './run-client.ts';
import { cpuSecondsOf, startFastServer, startLocalProviders } from './servers.ts';

/*
 * The measurements. Rounds of what is compared take turns, so that a machine that is busy with something else for a
 * while troubles all of them; a figure is the median of its rounds.
 */

/** `connections`: of a client that was tried with several numbers of them, the one that gave most per CPU-second. */
export interface Row {
  client: string;
  connections?: number;
  perSecond: number;
  perCpuSecond: number;
  peakRssMb: number;
  ownPeakMb: number | null;
}
interface Setting {
  processes: number;
  /** Of each process. */ connections: number;
  latencyMs: number;
  unregisteredPercent: number;
  /** That a connection may have open. */ streams: number;
}
export interface Condition extends Omit<Row, 'connections'>, Setting {
  /** Cores that the server kept busy. */ serverCores: number | null;
}
export interface Footing {
  connections: number;
  streams: number;
  ownPeakMb: number;
}
export interface Effort {
  warmUpMs: number;
  roundMs: number;
  rounds: number;
}

export const EFFORT: Effort = { warmUpMs: 700, roundMs: 600, rounds: 5 };
export const QUICK: Effort = { warmUpMs: 100, roundMs: 200, rounds: 1 };
const CONNECTIONS = 60;
/** Numbers of connections of which the lane and h2load show their best; the packages open what they open by themselves. */
export const TRIED_CONNECTIONS: readonly number[] = [1, 8, 60];
const MEMORY_CONNECTIONS: readonly number[] = [1, 10, 60, 100, 300, 400];

const CORES = cpus().length;
const CLIENT_CORE = 0;
const SERVER_CORE = 1;
const clientPin = pinnedTo(CLIENT_CORE, CORES);

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** `rounds`: of each process, those of one index at the same time. Rates and CPU seconds add up, memory is that of the largest process. */
function rowOf(client: string, rounds: readonly (readonly Round[])[], footprints: readonly Footprint[]): Row {
  const sum = (own: readonly Round[], of: (round: Round) => number): number =>
    own.reduce((total, round) => total + of(round), 0);
  return {
    client,
    perSecond: Math.round(median(rounds.map((own) => sum(own, ({ requests, seconds }) => requests / seconds)))),
    perCpuSecond: Math.round(
      median(rounds.map((own) => sum(own, ({ requests }) => requests) / sum(own, ({ cpuSeconds }) => cpuSeconds))),
    ),
    peakRssMb: Math.round(Math.max(0, ...footprints.map(({ peakRssMb }) => peakRssMb))),
    ownPeakMb: footprints.length === 0 ? null : Math.round(Math.max(...footprints.map(({ ownPeakMb }) => ownPeakMb))),
  };
}

/** Table 1: every client against the same server, each on one core with the server on another. `tried`: each number of connections of those that show their best. */
export async function measureClients(
  names: readonly ClientName[],
  effort: Effort,
  say: (line: string) => void,
): Promise<{ server: string; rows: Row[]; tried: Row[] }> {
  const server = await startFastServer(pinnedTo(SERVER_CORE, CORES));
  const started: { name: ClientName; connections: number | null; client: StartedClient; rounds: Round[][] }[] = [];
  const c = TRIED_CONNECTIONS.map((connections) => ({ connections, rounds: [] as Round[][] }));
  try {
    for (const name of names) {
      for (const connections of name.startsWith('lane') && effort !== QUICK ? TRIED_CONNECTIONS : [null]) {
        say(`${name}${connections === null ? '' : ` with ${connections} connections`}: warm-up`);
        const target = { ...server.target, connections: connections ?? 1, unregisteredEvery: 0, part: 0 };
        started.push({
          name,
          connections,
          client: await startClient(
            { client: name, target, warmUpMs: effort.warmUpMs, roundMs: effort.roundMs, profile: false },
            clientPin,
          ),
          rounds: [],
        });
      }
    }
    for (let round = 1; round <= effort.rounds; round += 1) {
      say(`all clients: round ${round} of ${effort.rounds}`);
      for (const { client, rounds } of started) rounds.push([await client.round()]);
      if (effort === QUICK) continue;
      for (const { connections, rounds } of c) {
        const load = await h2loadRound(server.target, clientPin, connections);
        if (load !== null) rounds.push([load]);
      }
    }
    const all: Row[] = [];
    for (const { name, connections, client, rounds } of started)
      all.push({ ...rowOf(name, rounds, [await client.end()]), ...(connections === null ? {} : { connections }) });
    for (const { connections, rounds } of c)
      if (rounds.length > 0) all.push({ ...rowOf('h2load', rounds, []), connections });
    const rows = [...new Set(all.map(({ client }) => client))].map((name) =>
      bestOf(all.filter(({ client }) => client === name)),
    );
    return { server: server.name, rows, tried: all.filter(({ connections }) => connections !== undefined) };
  } finally {
    for (const { client } of started) client.kill();
    await server.stop();
  }
}

function bestOf(rows: readonly Row[]): Row {
  const [best] = rows.toSorted((a, b) => b.perCpuSecond - a.perCpuSecond);
  if (best === undefined) throw new Error('BENCH_NO_ROW');
  return best;
}

const MANY_CONNECTIONS = 300;
const USUAL: Setting = { connections: CONNECTIONS, streams: 100, latencyMs: 0, unregisteredPercent: 0, processes: 1 };
const SETTINGS: readonly Setting[] = [
  USUAL,
  { ...USUAL, latencyMs: 30 },
  { ...USUAL, latencyMs: 100 },
  // Enough streams for the rate at that latency: more of each connection, as APNs has been seen to allow, or more connections.
  { ...USUAL, latencyMs: 100, streams: 1_000 },
  { ...USUAL, connections: MANY_CONNECTIONS },
  { ...USUAL, connections: MANY_CONNECTIONS, latencyMs: 100 },
  { ...USUAL, latencyMs: 30, unregisteredPercent: 1 },
  { ...USUAL, latencyMs: 30, processes: 2 },
];

/** Table 2: the lane with as many connections and streams as a worker has, against the local providers in a process of their own. */
export async function measureConditions(effort: Effort, say: (line: string) => void): Promise<Condition[]> {
  // Not pinned: two sending processes take both cores, and share them with it.
  const server = await startLocalProviders([]);
  const started: StartedClient[] = [];
  try {
    const start = async (
      core: number,
      unregisteredEvery: number,
      connections = CONNECTIONS,
    ): Promise<StartedClient> => {
      const client = await startClient(
        {
          client: 'lane-apns',
          warmUpMs: effort.warmUpMs,
          roundMs: effort.roundMs,
          profile: false,
          target: { ...server.target, connections, unregisteredEvery, part: started.length },
        },
        pinnedTo(core, CORES),
      );
      started.push(client);
      return client;
    };
    const [first, second, withUnregistered, many] = [
      await start(CLIENT_CORE, 0),
      await start(SERVER_CORE, 0),
      await start(CLIENT_CORE, 100),
      await start(CLIENT_CORE, 0, MANY_CONNECTIONS),
    ];
    const clientsOf = ({ processes, unregisteredPercent, connections }: Setting): StartedClient[] =>
      connections === MANY_CONNECTIONS
        ? [many]
        : unregisteredPercent > 0
          ? [withUnregistered]
          : processes === 2
            ? [first, second]
            : [first];
    const all = SETTINGS.map((setting) => ({ setting, rounds: [] as Round[][], serverCores: [] as number[] }));
    for (let round = 1; round <= effort.rounds; round += 1) {
      say(`real conditions: round ${round} of ${effort.rounds}`);
      for (const { setting, rounds, serverCores } of all) {
        await server.behave({
          latencyMs: setting.latencyMs,
          latencySpreadMs: setting.latencyMs / 5,
          latencyStepMs: 1,
          streamLimit: setting.streams,
        });
        const before = await cpuSecondsOf(server.pid);
        const startMs = performance.now();
        rounds.push(await Promise.all(clientsOf(setting).map((client) => client.round())));
        const after = await cpuSecondsOf(server.pid);
        if (before !== null && after !== null)
          serverCores.push(((after - before) * 1_000) / (performance.now() - startMs));
      }
    }
    const footprints = new Map<StartedClient, Footprint>();
    for (const client of started) footprints.set(client, await client.end());
    return all.map(({ setting, rounds, serverCores }) => ({
      ...rowOf(
        'lane-apns',
        rounds,
        clientsOf(setting).flatMap((client) => footprints.get(client) ?? []),
      ),
      ...setting,
      serverCores: serverCores.length === 0 ? null : Number(median(serverCores).toFixed(2)),
    }));
  } finally {
    for (const client of started) client.kill();
    await server.stop();
  }
}

/** Table 3: what a lane's memory grows to with so many connections of 1,000 streams each, all of them in use. */
export async function measureMemory(effort: Effort, say: (line: string) => void): Promise<Footing[]> {
  const server = await startLocalProviders(pinnedTo(SERVER_CORE, CORES));
  try {
    await server.behave({ latencyMs: 100, latencySpreadMs: 20, latencyStepMs: 1, streamLimit: 1_000 });
    const all: Footing[] = [];
    for (const connections of MEMORY_CONNECTIONS) {
      say(`memory with ${connections} connections`);
      const client = await startClient(
        {
          client: 'lane-apns',
          target: { ...server.target, connections, unregisteredEvery: 0, part: all.length },
          warmUpMs: effort.warmUpMs,
          roundMs: effort.roundMs,
          profile: false,
        },
        clientPin,
      );
      for (let round = 0; round < effort.rounds; round += 1) await client.round();
      all.push({ connections, streams: 1_000, ownPeakMb: Math.round((await client.end()).ownPeakMb) });
    }
    return all;
  } finally {
    await server.stop();
  }
}

/** Table 4: CPU profile of the lane by layer, in µs of CPU time per notification. */
export async function measureLayers(
  effort: Effort,
  say: (line: string) => void,
): Promise<{ connections: number; layers: Layers }[]> {
  const server = await startFastServer(pinnedTo(SERVER_CORE, CORES));
  try {
    const profiles: { connections: number; layers: Layers }[] = [];
    for (const connections of [1, CONNECTIONS]) {
      say(`layers with ${connections} connection${connections === 1 ? '' : 's'}`);
      const client = await startClient(
        {
          client: 'lane-apns',
          target: { ...server.target, connections, unregisteredEvery: 0, part: 0 },
          warmUpMs: effort.warmUpMs,
          roundMs: effort.roundMs,
          profile: true,
        },
        clientPin,
      );
      let requests = 0;
      for (let round = 0; round < effort.rounds; round += 1) requests += (await client.round()).requests;
      const { layers } = await client.end();
      if (layers !== null)
        profiles.push({
          connections,
          layers: Object.fromEntries(
            Object.entries(layers).map(([layer, ms]) => [layer, Number(((ms * 1_000) / requests).toFixed(3))]),
          ) as Layers,
        });
    }
    return profiles;
  } finally {
    await server.stop();
  }
}
