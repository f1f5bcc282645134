import { pino } from 'pino';
import type { BehaviourInput } from '../infra/local/providers/behaviour.ts';
import type { ConnectionRecord } from '../infra/local/providers/exchange.ts';
import {
  apnsAuthorization,
  become,
  becomeUsual,
  fcmAuthorization,
  providersForTests,
} from '../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../infra/local/providers/for-tests.ts';
import type { Counts } from '../infra/local/providers/judge.ts';
import type { ProviderOptions, ProviderState } from '../infra/local/providers/start.ts';
import type { Platform } from '../runbooks/launch/entries.ts';
import { apns, fcm, HEADER, testFolder } from '../workers/audience/for-tests.ts';
import { loadAudience } from '../workers/audience/packed/load.ts';
import type { LoadedAudience } from '../workers/audience/packed/loaded-audience.ts';
import { fixedCredential } from '../workers/credentials/fixed-for-tests.ts';
import { ShotStop } from '../workers/halt/shot-stop.ts';
import { createSwitchMemory, sharedNowMs, SwitchView, writeReading } from '../workers/halt/switch-view.ts';
import { WriteCheck } from '../workers/halt/write-check.ts';
import type { Lane, LaneStatus, Template } from '../workers/lanes/lane.ts';
import { apnsProvider, fcmProvider } from '../workers/lanes/provider.ts';
import { WireLane } from '../workers/lanes/wire-lane.ts';
import { batchWrites } from '../workers/send/batch-writes.ts';
import { leaseFor } from '../workers/send/lease-for-tests.ts';
import { SendingThreads } from '../workers/threads/sending-threads.ts';
import { ThreadLane } from '../workers/threads/thread-lane.ts';

/**
 * A lane, in this thread or in sending threads, that sends an audience to the local providers as a worker does: batch
 * after batch while there is room, each under the terms of its claim. What became of the devices stands beside what the providers counted.
 * One piece over 300 lines: what it starts, sends and counts is one run.
 */
export interface LaneRig {
  providers: TestProviders;
  /** Sends to `devices` of the platform; resolves when each has its outcome or was never claimed. Then everything is as usual again. */
  send(options: SendOptions): Promise<Sent>;
  stop(): Promise<void>;
}

interface SendOptions {
  platform: Platform;
  /** Sending threads; 0: this one. */
  threads: number;
  devices: number;
  connections: number;
  /** Default: none. */
  perSecond?: number;
  /** Of a whole send, ms. Default 30 s. */
  windowMs?: number;
  /** Only without threads. Default: the lane's own. */
  answerDeadlineMs?: number;
  /** That the provider's name stands for. Only without threads. Default: the system's. */
  addresses?: readonly string[];
  /** How the providers are from the first connection on. */
  providers?: BehaviourInput;
  /** When the connections are open and primed. */
  before?: (numbers: number[]) => void;
  /** Runs while it sends. */
  during?: (send: Progress) => Promise<void>;
}

interface Progress {
  /** Resolves when the providers have received so many. */
  received(devices: number): Promise<void>;
  status(): LaneStatus;
}

export interface Sent {
  accepted: number;
  /** By reason. */
  failed: Record<string, number>;
  uncertain: Record<string, number>;
  held: Record<string, number>;
  /** Of batches that there was no room for before the window ended. */
  unclaimed: number;
  /** Failed and uncertain. */
  burnt: number;
  writes: number;
  ms: number;
  counts: Counts;
  /** Of this provider, since it began. */
  state: ProviderState;
  /** Numbers of the connections that were open when it began, in order. */
  numbers: number[];
  /** All connections of the provider when it had ended, oldest first. */
  connections: ConnectionRecord[];
}

const BATCH = 500;
const log = pino({ level: process.env['STAGE_LOG'] ?? 'silent' });
let launches = 0;

export async function openLaneRig(
  most: Record<Platform, number>,
  options: Omit<ProviderOptions, 'credentials'> = {},
): Promise<LaneRig> {
  const providers = await providersForTests(options);
  const folder = await testFolder();
  const rows = [
    ...Array.from({ length: most.ios }, (_, at) => `i${at},ios,${apns(at + 1)},en,us`),
    ...Array.from({ length: most.android }, (_, at) => `a${at},android,${fcm(at + 1)},en,us`),
  ];
  const { audience: ref } = await folder.compile(await folder.file('devices.csv', `${HEADER}\n${rows.join('\n')}\n`), {
    batchSize: BATCH,
  });
  const audience = await loadAudience(folder.objects, ref.manifestKey);
  const authorization = { ios: await apnsAuthorization(providers), android: await fcmAuthorization(providers) };
  return {
    providers,
    async send(send) {
      launches += 1;
      const id = `lane-${launches}`;
      becomeUsual(providers);
      become(providers, send.providers ?? {});
      // Also what an earlier storm asked for.
      await fetch(`${providers.controlUrl}/reset`, { method: 'POST' });
      const switches = createSwitchMemory();
      writeReading(switches, { haltEpoch: 0, halted: false, pace: { ios: 0, android: 0 } }, sharedNowMs() + 600_000);
      const { lane, close } = openLane(providers, audience, authorization[send.platform], send, switches);
      try {
        return await run(id, { providers, audience, lane, view: new SwitchView(switches) }, send);
      } finally {
        becomeUsual(providers);
        await close();
      }
    },
    async stop() {
      await providers.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function openLane(
  providers: TestProviders,
  audience: LoadedAudience,
  authorization: string,
  { platform, threads: count, connections, answerDeadlineMs, addresses }: SendOptions,
  switches: ReturnType<typeof createSwitchMemory>,
): { lane: Lane; close: () => Promise<void> } {
  const isApple = platform === 'ios';
  const common = {
    url: isApple ? providers.apnsUrl : providers.fcmUrl,
    ca: providers.ca.toString('utf8'),
    connections,
    credential: fixedCredential(authorization),
    prime: templateOf(platform, 'prime', true),
    mayPrime: () => Promise.resolve(true),
    log,
  };
  const { projectId } = providers.credentials;
  if (count === 0) {
    const lane = new WireLane({
      ...common,
      provider: isApple ? apnsProvider() : fcmProvider(projectId),
      ...(answerDeadlineMs === undefined ? {} : { answerDeadlineMs }),
      ...(addresses === undefined ? {} : { lookUp: () => Promise.resolve(addresses) }),
    });
    return { lane, close: () => lane.close() };
  }
  const threads = new SendingThreads({ count, switches, log });
  const lane = new ThreadLane({ ...common, threads, platform, projectId: isApple ? null : projectId });
  threads.attach(audience);
  return {
    lane,
    async close() {
      await lane.close();
      await threads.stop();
    },
  };
}

function templateOf(platform: Platform, launch: string, isPrime = false): Template {
  const shot = isPrime ? 'prime' : 'shot-1';
  if (platform === 'android')
    return {
      headers: isPrime ? { 'x-validate-only': '1' } : {},
      body: Buffer.from(
        JSON.stringify({
          notification: { title: 'Now', body: 'Look' },
          data: { gobutton_launch: launch, gobutton_shot: shot },
        }),
      ),
    };
  return {
    headers: { 'apns-topic': 'com.example.app', 'apns-push-type': 'alert', 'apns-priority': '10' },
    body: Buffer.from(JSON.stringify({ aps: { alert: { title: 'Now', body: 'Look' } }, gobutton: { launch, shot } })),
  };
}

interface Running {
  providers: TestProviders;
  audience: LoadedAudience;
  lane: Lane;
  view: SwitchView;
}

async function run(
  id: string,
  { providers, audience, lane, view }: Running,
  { platform, devices, connections, perSecond = 0, windowMs = 30_000, before = () => undefined, during }: SendOptions,
): Promise<Sent> {
  const name = platform === 'ios' ? 'apns' : 'fcm';
  const signal = new AbortController().signal;
  await lane.open(signal);
  await poll(() => lane.status().streams >= connections, 'the connections are open');
  await lane.prime(
    Array.from({ length: connections }, (_, at) => ({
      token: platform === 'ios' ? apns(9_000_000 + at) : fcm(9_000_000 + at),
    })),
    signal,
  );
  await poll(() => lane.status().primed === connections, 'the connections are primed');
  const numbers = providers
    .connections(name)
    .filter(({ closedAtMs, requests }) => closedAtMs === null && requests > 0)
    .map(({ number }) => number);
  const shot = lane.prepare(audience.manifest.locales.map(() => templateOf(platform, id)));
  lane.pace(perSecond);
  const sent: Sent = {
    accepted: 0,
    failed: {},
    uncertain: {},
    held: {},
    unclaimed: 0,
    burnt: 0,
    writes: 0,
    ms: 0,
    counts: providers.judge.counts(id, null),
    state: providers.state()[name],
    numbers,
    connections: [],
  };
  const add = (to: Record<string, number>, key: string): void => {
    to[key] = (to[key] ?? 0) + 1;
  };
  before(numbers);
  const fromMs = performance.now();
  const progress: Progress = {
    received: (wanted) => poll(() => providers.judge.counts(id, null).received >= wanted, `${wanted} are received`),
    status: () => lane.status(),
  };
  const meanwhile = during?.(progress);
  const batches = (audience.manifest.segments.find((segment) => segment.platform === platform)?.batches ?? []).slice(
    0,
    devices / BATCH,
  );
  const stop = ShotStop.create();
  const jobs: Promise<void>[] = [];
  for (const { id: batch } of batches) {
    const leftMs = fromMs + windowMs - performance.now();
    if (!(await isSoon(lane.capacity(), leftMs))) {
      sent.unclaimed += BATCH;
      continue;
    }
    const terms = { haltEpoch: 0, lease: leaseFor(leftMs), stopped: stop.memory };
    const settled = new Uint8Array(BATCH);
    jobs.push(
      lane.send(shot, {
        ...batchWrites(audience.view(batch), null, new WriteCheck(terms, view)),
        wrote() {
          sent.writes += 1;
        },
        settle(index, outcome) {
          settled[index] = (settled[index] ?? 0) + 1;
          if (settled[index] !== 1) throw new Error(`SETTLED_TWICE ${batch} ${index}`);
          if (outcome.state === 'accepted') sent.accepted += 1;
          else if (outcome.state === 'held') add(sent.held, outcome.why);
          else add(sent[outcome.state], outcome.reason);
        },
        elsewhere: {
          batch,
          devices: null,
          terms,
          wrote: (writes) => {
            sent.writes += writes;
          },
        },
      }),
    );
  }
  await Promise.all(jobs);
  sent.ms = performance.now() - fromMs;
  await meanwhile;
  sent.burnt = sumOf(sent.failed) + sumOf(sent.uncertain);
  sent.counts = providers.judge.counts(id, null);
  sent.state = providers.state()[name];
  sent.connections = providers.connections(name);
  return sent;
}

export const sumOf = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

async function isSoon(what: Promise<void>, withinMs: number): Promise<boolean> {
  if (withinMs <= 0) return false;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, withinMs, false);
  });
  return Promise.race([what.then(() => true), late]).finally(() => {
    clearTimeout(timer);
  });
}

async function poll(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`still not after 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
