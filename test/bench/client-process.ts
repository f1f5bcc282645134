import { Session } from 'node:inspector/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Open, Target } from './clients/bench-client.ts';
import { byLayer } from './layers.ts';
import type { Layers } from './layers.ts';

/**
 * One client under measurement, as a process of its own: opens, warms up, prints `ready`. Then each line `round` on its
 * standard input is a round of sending, answered by a line of JSON (`Round`), and `end` is answered by `Footprint`.
 */
const optionsShape = z.strictObject({
  client: z.enum(['lane-apns', 'lane-fcm', 'apns2', 'node-apn', 'firebase-admin', 'undici', 'node-http2']),
  target: z.custom<Target>((value) => typeof value === 'object' && value !== null),
  warmUpMs: z.number(),
  roundMs: z.number(),
  profile: z.boolean(),
});
export type ClientOptions = z.output<typeof optionsShape>;
export type ClientName = ClientOptions['client'];

export interface Round {
  requests: number;
  seconds: number;
  cpuSeconds: number;
}
export interface Footprint {
  /** Of the whole process, and what of it came after the client's code was loaded. */
  peakRssMb: number;
  ownPeakMb: number;
  layers: Layers | null;
}

const CLIENTS: Record<ClientName, () => Promise<Open>> = {
  'lane-apns': async () => (await import('./clients/lane.ts')).openApns,
  'lane-fcm': async () => (await import('./clients/lane.ts')).openFcm,
  apns2: async () => (await import('./clients/apns2.ts')).open,
  'node-apn': async () => (await import('./clients/node-apn.ts')).open,
  'firebase-admin': async () => (await import('./clients/firebase-admin.ts')).open,
  undici: async () => (await import('./clients/undici.ts')).open,
  'node-http2': async () => (await import('./clients/node-http2.ts')).open,
};

const overAfter = (ms: number): (() => boolean) => {
  const endMs = performance.now() + ms;
  return () => performance.now() >= endMs;
};

const print = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};

async function run(options: ClientOptions): Promise<void> {
  const open = await CLIENTS[options.client]();
  const startRssMb = process.memoryUsage.rss() / 1e6;
  const client = await open(options.target);
  await client.send(overAfter(options.warmUpMs));
  const profiler = options.profile ? await startProfile() : null;
  print('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'end') break;
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const requests = await client.send(overAfter(options.roundMs));
    const { user, system } = process.cpuUsage(cpu);
    print({
      requests,
      seconds: (performance.now() - startMs) / 1_000,
      cpuSeconds: (user + system) / 1e6,
    } satisfies Round);
  }
  // maxRSS is in KiB.
  const peakRssMb = (process.resourceUsage().maxRSS * 1_024) / 1e6;
  print({
    peakRssMb,
    ownPeakMb: peakRssMb - startRssMb,
    layers: profiler === null ? null : await profiler(),
  } satisfies Footprint);
  await client.close();
}

async function startProfile(): Promise<() => Promise<Layers>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 250 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return byLayer(profile);
  };
}

await run(optionsShape.parse(JSON.parse(process.argv[2] ?? '{}')));
// Packages keep timers and connections of their own.
process.exit(0);
