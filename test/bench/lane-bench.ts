import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import type { ClientName } from './client-process.ts';
import { LAYERS } from './layers.ts';
import {
  EFFORT,
  measureClients,
  measureConditions,
  measureLayers,
  measureMemory,
  QUICK,
  TRIED_CONNECTIONS,
} from './measure.ts';
import type { Condition, Row } from './measure.ts';
import { table } from './table.ts';

/**
 * `npm run bench:lane -- [--report out.json] [--quick]`: the lane beside other clients, at real conditions, and by
 * layer. About three minutes on two cores. `--quick`: the lane and node:http2 alone, for a second, to see that it works.
 */
const { values } = scriptArguments('npm run bench:lane -- [--report FILE] [--quick]', {
  report: { type: 'string' },
  quick: { type: 'boolean', default: false },
});
const effort = values.quick ? QUICK : EFFORT;
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const say = (line: string): void => {
  process.stderr.write(`${line} …\n`);
};
const count = (value: number): string => value.toLocaleString('en-US');

const ALL: readonly ClientName[] = [
  'lane-apns',
  'apns2',
  'node-apn',
  'undici',
  'node-http2',
  'lane-fcm',
  'firebase-admin',
];
const startLoad = loadavg()[0] ?? 0;
const { server, rows, tried } = await measureClients(values.quick ? ['lane-apns', 'node-http2'] : ALL, effort, say);
const conditions = values.quick ? [] : await measureConditions(effort, say);
const memories = values.quick ? [] : await measureMemory(effort, say);
const profiles = values.quick ? [] : await measureLayers(effort, say);

const perCpu = (client: string): number => rows.find((row) => row.client === client)?.perCpuSecond ?? 0;
const ratio = (ours: string, other: string): number =>
  perCpu(other) === 0 ? 0 : Number((perCpu(ours) / perCpu(other)).toFixed(2));
const ratios = {
  apns2: ratio('lane-apns', 'apns2'),
  nodeApn: ratio('lane-apns', 'node-apn'),
  firebaseAdmin: ratio('lane-fcm', 'firebase-admin'),
  undici: ratio('lane-apns', 'undici'),
  nodeHttp2: ratio('lane-apns', 'node-http2'),
  h2load: ratio('lane-apns', 'h2load'),
};

const memory = (row: Row): string[] => [
  row.peakRssMb === 0 ? '' : count(row.peakRssMb),
  row.ownPeakMb === null ? '' : count(row.ownPeakMb),
];
print(
  `\nNotifications per second and per CPU-second of the client, one core each, server: ${server} (load of the machine before: ${startLoad.toFixed(1)})\n`,
);
print(
  table(
    ['client', 'connections', 'per second', 'per CPU-second', 'peak MB', 'own MB', 'lane is'],
    rows.map((row) => {
      const ours = row.client === 'lane-fcm' || row.client === 'firebase-admin' ? 'lane-fcm' : 'lane-apns';
      return [
        row.client,
        row.connections === undefined ? '' : String(row.connections),
        count(row.perSecond),
        count(row.perCpuSecond),
        ...memory(row),
        row.client.startsWith('lane') ? '' : `${ratio(ours, row.client)}x`,
      ];
    }),
  ),
);
if (tried.length > 0)
  print(
    `\nThe lane and h2load with the best of ${TRIED_CONNECTIONS.join(', ')} connections, per CPU-second: ${tried.map((row) => `${row.client} ${row.connections}: ${count(row.perCpuSecond)}`).join(', ')}`,
  );
if (conditions.length > 0)
  print(
    `\nThe lane at real conditions, against the local providers\n\n${table(
      [
        'connections × streams',
        'latency ms',
        'unregistered',
        'processes',
        'per second',
        'per CPU-second',
        'peak MB',
        'own MB',
        'server cores',
      ],
      conditions.map((one) => [
        `${one.connections} × ${one.streams}`,
        String(one.latencyMs),
        `${one.unregisteredPercent} %`,
        String(one.processes),
        count(one.perSecond),
        count(one.perCpuSecond),
        ...memory(one),
        one.serverCores === null ? '' : String(one.serverCores),
      ]),
    )}`,
  );
if (memories.length > 0)
  print(
    `\nWhat a lane's memory grows to, 1,000 streams a connection at 100 ms\n\n${table(
      ['connections', 'own MB'],
      memories.map((one) => [String(one.connections), count(one.ownPeakMb)]),
    )}`,
  );
if (profiles.length > 0)
  print(
    `\nWhere a notification's time goes, µs of CPU (with the profiler running)\n\n${table(
      ['layer', ...profiles.map(({ connections }) => `${connections} connection${connections === 1 ? '' : 's'}`)],
      LAYERS.map((layer) => [layer, ...profiles.map(({ layers }) => layers[layer].toFixed(2))]),
    )}`,
  );

if (values.report !== undefined) {
  const report = {
    rows,
    tried,
    ratios,
    server,
    conditions,
    keeps: keeps(conditions),
    memory: memories,
    layers: profiles,
    machine: { cores: cpus().length, model: cpus()[0]?.model ?? '', node: process.version, loadBefore: startLoad },
  };
  await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
  print(`\nwritten to ${values.report}`);
}

/** How much of its rate per CPU-second the lane keeps: at 100 ms of latency with few streams, with enough of them on as many or on more connections, and with two processes. */
function keeps(
  all: readonly Condition[],
): { at100Ms: number; at100MsWithStreams: number; at100MsWithConnections: number; twoProcesses: number } | null {
  const at = (connections: number, streams: number, latencyMs: number, processes = 1): number =>
    all.find(
      (one) =>
        one.connections === connections &&
        one.streams === streams &&
        one.latencyMs === latencyMs &&
        one.processes === processes &&
        one.unregisteredPercent === 0,
    )?.perCpuSecond ?? Number.NaN;
  const part = (value: number, of: number): number => Number((value / of).toFixed(2));
  if (all.length === 0) return null;
  return {
    at100Ms: part(at(60, 100, 100), at(60, 100, 0)),
    at100MsWithStreams: part(at(60, 1_000, 100), at(60, 100, 0)),
    at100MsWithConnections: part(at(300, 100, 100), at(300, 100, 0)),
    twoProcesses: part(at(60, 100, 30, 2), at(60, 100, 30)),
  };
}
