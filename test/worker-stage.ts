import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { vi } from 'vitest';
import { segmentDedupId } from '../contract/orders.ts';
import { queueNames } from '../contract/queue-names.ts';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import type { Cloud } from '../infra/aws/cloud.ts';
import { createCloud } from '../infra/aws/create-cloud.ts';
import { createJournal } from '../infra/aws/journal.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { sha256 } from '../infra/aws/sha256.ts';
import { localCloudForTests } from '../infra/local/cloud/for-tests.ts';
import { startLocalCloud } from '../infra/local/cloud/start.ts';
import { providersForTests } from '../infra/local/providers/for-tests.ts';
import type { TestProviders } from '../infra/local/providers/for-tests.ts';
import type { Shot } from '../runbooks/launch/launch.ts';
import { splitOf } from '../runbooks/launch/variants.ts';
import { runbook as runbookShape } from '../runbooks/playbook/schema.ts';
import { manifestReader } from '../settle/close.ts';
import { freezeSets } from '../settle/frozen-sets.ts';
import { compileAudience } from '../workers/audience/compile.ts';
import type { Compiled } from '../workers/audience/compile.ts';
import type { WorkerConfig } from '../workers/config.ts';
import type { CredentialTiming } from '../workers/credentials/clock.ts';
import type { ProviderSecrets } from '../workers/credentials/provider-secrets.ts';
import { parseServiceAccount } from '../workers/credentials/service-account.ts';
import type { ServiceAccount } from '../workers/credentials/service-account.ts';
import { Worker } from '../workers/worker.ts';
import { botKeyring, KEY_ENV, workerKeyring } from './keys.ts';

/** A launch with people and an audience on a real local cloud and real local providers, for tests of the worker pool. One piece over 300 lines: what it starts it stops. */
export interface Stage {
  cloud: Cloud;
  cloudConfig: CloudConfig;
  /** Of everything that runs, where a deployment has made its queues; null: each launch has one of its own. */
  pool: string | null;
  providers: TestProviders;
  journal: Journal;
  dir: string;
  /** Environment of a worker process of its own. */
  env(launchId: string): Record<string, string>;
  newLaunch(options: LaunchOptions): Promise<StagedLaunch>;
  /** Those of the test that has ended: every one of them polls. */
  stopWorkers(): Promise<void>;
  stop(): Promise<void>;
}

interface LaunchOptions {
  ios: number;
  android: number;
  /** What its runbook wants: without a bot each takes its part of that many. Default 1. */ workers?: number;
  batchSize?: number;
  delivery?: Record<string, unknown>;
  /** What its campaign has besides. */ campaign?: Record<string, unknown>;
  marks?: Record<number, string>;
  skip?: (token: string, at: number) => boolean;
  /** Operators' public keys, by person. */ operatorKeys?: Record<string, string>;
}

export interface StagedLaunch {
  id: string;
  pool: string;
  audience: Compiled;
  worker(
    change?: Partial<WorkerConfig>,
    options?: { drainMs?: number; timing?: CredentialTiming; log?: Logger; cloud?: Cloud; secrets?: ProviderSecrets },
  ): Promise<Worker>;
  /** A second cloud config for a worker's switch thread and stores, say behind a proxy. */
  config(change?: Partial<WorkerConfig>): WorkerConfig;
  /** Two people fire it; the wake-ups are sent unless `wake` is false. */
  fire(options?: { wake?: boolean; lift?: boolean; segments?: string[] }): Promise<Shot>;
  /** The first half of `fire`: an order that waits for its GO. */
  request(options?: { lift?: boolean; segments?: string[] }): Promise<Order>;
  /** The second half. */
  approve(order: Order, options?: { wake?: boolean }): Promise<Shot>;
  wake(shot: Shot): Promise<void>;
  halt(): Promise<void>;
  shot(id: string): Promise<Shot>;
  closed(id: string, timeoutMs?: number): Promise<Shot>;
  counts(): Counts;
}

interface Order {
  orderId: string;
  shownHash: string;
}

interface Counts {
  received: number;
  distinctDevices: number;
  duplicates: number;
}

const PEOPLE = [
  {
    id: 'ana',
    name: 'Ana Ortiz',
    roles: ['on-call'],
    slack: ['U0ONCALL'],
    devices: [{ platform: 'ios', token: `face0a${'0'.repeat(58)}`, locale: 'en' }],
  },
  {
    id: 'mia',
    name: 'Mia Chen',
    roles: ['marketer'],
    slack: ['U0MARKET1'],
    devices: [{ platform: 'android', token: `face0MiaPixelStaffPhone:APA91b${'M'.repeat(134)}`, locale: 'es' }],
  },
];

function runbookFor(pool: string, options: LaunchOptions) {
  const { workers = 1, batchSize = 100, delivery = {}, campaign = {}, operatorKeys = {} } = options;
  return runbookShape.parse({
    version: 1,
    id: 'stage',
    title: 'Stage',
    people: PEOPLE.map((person) => ({
      ...person,
      operator_keys: operatorKeys[person.id] === undefined ? [] : [operatorKeys[person.id]],
    })),
    pool: { name: pool, scale_target: 'workers', workers },
    audience: { segment_by: ['platform'] },
    campaign: {
      id: 'big',
      default_locale: 'en',
      locales: { en: { title: 'Hello', body: 'World' }, es: { title: 'Hola', body: 'Mundo' } },
      apns: { topic: 'com.example.app' },
      ...campaign,
    },
    delivery: {
      batch_size: batchSize,
      android_event_quota: { reference: 'granted', per_second: 1_000_000 },
      ...delivery,
    },
    gates: [{ id: 'copy', title: 'Copy is read' }],
    scale_targets: [{ id: 'workers', kind: 'ecs-service', cluster: 'c', service: 's' }],
    phases: [{ id: 'p', title: 'P', steps: [{ id: 's', title: 'S', at: 'T', do: { kind: 'remind', say: 'now' } }] }],
  });
}

let launches = 0;

/** `deploy`: makes what there is in the account. Absent: what processes make by themselves in a local cloud. */
export async function startStage(
  deploy?: (endpoint: string) => Promise<{ config: CloudConfig; pool: string }>,
): Promise<Stage> {
  const local: { cloud: Cloud; config: CloudConfig; pool?: string; stop(): Promise<void> } =
    deploy === undefined ? await localCloudForTests() : await deployedCloud(deploy);
  const providers = await providersForTests({ behaviour: { apnsPerDevicePerMinute: 0, fcmPerDevicePerMinute: 0 } });
  const dir = await mkdtemp(join(tmpdir(), 'gobutton-stage-'));
  const { cloud, config: cloudConfig } = local;
  const journal = createJournal({ record: cloud.record, staff: cloud.staff, keyring: botKeyring() });
  const { credentials } = providers;
  const workers: Worker[] = [];
  const stage: Stage = {
    cloud,
    cloudConfig,
    pool: local.pool ?? null,
    providers,
    journal,
    dir,
    env: (launchId) => ({
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
      AWS_ENDPOINT_URL: cloudConfig.endpoint ?? '',
      AWS_REGION: cloudConfig.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      GOBUTTON_TABLE_PREFIX: cloudConfig.tablePrefix,
      GOBUTTON_BUCKET: cloudConfig.bucket,
      GOBUTTON_APNS_URL: providers.apnsUrl,
      GOBUTTON_FCM_URL: providers.fcmUrl,
      GOBUTTON_FCM_TOKEN_URL: providers.tokenUrl,
      GOBUTTON_CA_FILE: credentials.caFile,
      APNS_KEY_FILE: credentials.apnsKeyFile,
      APNS_KEY_ID: credentials.apnsKeyId,
      APNS_TEAM_ID: credentials.apnsTeamId,
      GOOGLE_APPLICATION_CREDENTIALS: credentials.serviceAccountFile,
      GOBUTTON_POOL: `${launchId}-pool`,
      GOBUTTON_LAUNCH_ID: launchId,
      GOBUTTON_CONNECTIONS: '2',
      HEALTH_PORT: '0',
      LOG_LEVEL: 'info',
      ...KEY_ENV,
    }),
    newLaunch: async (options) => {
      launches += 1;
      return stageLaunch(stage, `launch-${launches}`, options, workers);
    },
    async stopWorkers() {
      await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    },
    async stop() {
      await stage.stopWorkers();
      await providers.stop();
      await local.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return stage;
}

async function deployedCloud(deploy: (endpoint: string) => Promise<{ config: CloudConfig; pool: string }>) {
  const local = await startLocalCloud({ dataDir: null, services: [], groups: [] });
  const { config, pool } = await deploy(local.url);
  const cloud = createCloud(config);
  return {
    cloud,
    config,
    pool,
    async stop() {
      cloud.close();
      await local.stop();
    },
  };
}

async function stageLaunch(stage: Stage, id: string, options: LaunchOptions, workers: Worker[]): Promise<StagedLaunch> {
  const { cloud, cloudConfig, providers, journal } = stage;
  const pool = stage.pool ?? `${id}-pool`;
  const { credentials } = providers;
  await must(
    journal.append(id, {
      kind: 'create-launch',
      by: 'ana',
      launchId: id,
      name: id,
      channelId: 'C0WARROOM',
      runbook: runbookFor(pool, options),
      runbookHash: sha256(id),
      targetAtMs: Date.now() + 60_000,
      compress: 1,
    }),
  );
  await cloud.switches.apply(id, 0, { pace: { ios: 0, android: 0 }, zombie: false, custom: {} });
  if (stage.pool === null) await cloud.queues.ensurePool(pool);
  await cloud.live.assignPool(pool, id);
  const audience = await compile(stage, id, options);
  await must(journal.append(id, { kind: 'set-audience', by: 'ana', audience: audience.audience }));
  if (audience.skipList !== null)
    await must(journal.append(id, { kind: 'set-skip-list', by: 'ana', skipList: audience.skipList }));
  await must(journal.append(id, { kind: 'tick-gate', by: 'ana', gate: 'copy', green: true, note: '' }));

  const config = (change: Partial<WorkerConfig> = {}): WorkerConfig => ({
    cloud: cloudConfig,
    pool,
    launchId: id,
    ca: providers.ca.toString('utf8'),
    connections: 2,
    // Where the test doesn't say otherwise.
    threads: Number(process.env['STAGE_THREADS'] ?? 0),
    primesPerDeviceHour: 1_000,
    healthHost: '127.0.0.1',
    healthPort: 0,
    version: null,
    agentUri: null,
    tracing: null,
    logLevel: 'silent',
    keyring: workerKeyring(),
    apns: {
      url: providers.apnsUrl,
      isLocal: true,
      proxy: null,
      keyPem: keyText.get(credentials.apnsKeyFile) ?? '',
      keyId: credentials.apnsKeyId,
      teamId: credentials.apnsTeamId,
    },
    fcm: {
      url: providers.fcmUrl,
      isLocal: true,
      proxy: null,
      tokenUrl: providers.tokenUrl,
      account: accounts.get(credentials.serviceAccountFile) ?? NO_ACCOUNT,
    },
    ...change,
  });
  keyText.set(credentials.apnsKeyFile, await readFile(credentials.apnsKeyFile, 'utf8'));
  accounts.set(credentials.serviceAccountFile, await serviceAccountIn(credentials.serviceAccountFile));

  const launch: StagedLaunch = {
    id,
    pool,
    audience,
    config,
    async worker(change, options = {}) {
      const worker = new Worker({
        config: config(change),
        cloud: createCloud(cloudConfig),
        log: pino({ level: process.env['STAGE_LOG'] ?? 'silent' }),
        metricsLine: null,
        practiceReads: 0,
        ...options,
      });
      workers.push(worker);
      await worker.start();
      await vi.waitFor(
        () => {
          if (!worker.isReady) throw new Error(`${worker.state}: ${worker.report().say}`);
        },
        { timeout: 10_000 },
      );
      return worker;
    },
    fire: async ({ wake = true, ...options } = {}) => launch.approve(await launch.request(options), { wake }),
    async request({ lift = false, segments } = {}) {
      const before = await journal.launch(id);
      const sets =
        before === null
          ? []
          : await freezeSets(
              { claims: cloud.claims, objects: cloud.objects, manifestOf: manifestReader(cloud.objects) },
              before,
              segments ?? before.audience?.segments.map((one) => one.id) ?? [],
            );
      const requested = await must(
        journal.append(id, {
          kind: 'request-fire',
          by: 'ana',
          segments: segments ?? 'all',
          measured: [],
          via: { kind: 'slack', slackId: 'U0ONCALL' },
          lift,
          sets,
        }),
      );
      if (requested.entry.kind !== 'FireRequested') throw new Error('no request');
      return requested.entry;
    },
    async approve({ orderId, shownHash }, { wake = true } = {}) {
      const item = await cloud.switches.readWithin(id, 5_000);
      const approved = await must(
        journal.append(id, {
          kind: 'approve-fire',
          by: 'mia',
          orderId,
          shownHash,
          pressedAtMs: Date.now(),
          measured: [],
          via: { kind: 'slack', slackId: 'U0MARKET1' },
          observedHaltEpoch: item?.haltEpoch ?? 0,
          observedHalted: item?.halted ?? false,
        }),
      );
      if (approved.entry.kind !== 'FireApproved') throw new Error('no approval');
      if (approved.entry.lifts !== null) await cloud.switches.lift(id, approved.entry.lifts);
      const shot = approved.launch.shots[approved.entry.shotId];
      if (shot === undefined) throw new Error('no shot');
      if (wake) await launch.wake(shot);
      return shot;
    },
    async wake(shot) {
      const orders = shot.segments.map(({ segment, attempt }) => ({
        v: 1,
        launchId: id,
        shotId: shot.id,
        segment,
        attempt,
      }));
      await cloud.queues.sendFifo(
        queueNames(pool).segments,
        orders.map((order) => ({
          body: JSON.stringify(order),
          group: segmentDedupId(order),
          dedup: segmentDedupId(order),
        })),
      );
    },
    async halt() {
      const { haltEpoch } = await cloud.switches.halt(id);
      await must(
        journal.append(id, {
          kind: 'set-halt',
          by: 'mia',
          source: 'slack',
          epoch: haltEpoch,
          reason: 'test',
          pressedAtMs: Date.now(),
        }),
      );
    },
    async shot(shotId) {
      const shot = (await journal.launch(id))?.shots[shotId];
      if (shot === undefined) throw new Error(`no shot ${shotId}`);
      return shot;
    },
    closed: (shotId, timeoutMs = 15_000) =>
      vi.waitFor(
        async () => {
          const shot = await launch.shot(shotId);
          if (shot.closed === null) throw new Error(`${shotId} is still open`);
          return shot;
        },
        { timeout: timeoutMs, interval: 50 },
      ),
    counts: () => providers.judge.counts(id, null),
  };
  return launch;
}

const keyText = new Map<string, string>();
const accounts = new Map<string, ServiceAccount>();
const NO_ACCOUNT: ServiceAccount = { projectId: '', keyId: null, clientEmail: '', privateKey: '' };

export async function serviceAccountIn(file: string): Promise<ServiceAccount> {
  const parsed = parseServiceAccount(await readFile(file, 'utf8'));
  if (!parsed.ok) throw new Error(`${file}: bad or missing ${parsed.bad.join(', ')}`);
  return parsed.account;
}

async function compile({ cloud, dir, journal }: Stage, id: string, options: LaunchOptions): Promise<Compiled> {
  const tokens = [...deviceTokens(id, options)];
  const rows = tokens.map(
    ({ platform, token }, at) => `user${at},${platform},${token},${at % 3 === 0 ? 'es' : 'en'},us`,
  );
  const input = join(dir, `${id}.csv`);
  await writeFile(input, `user,platform,token,locale,market\n${rows.join('\n')}\n`);
  const skip = tokens.map(({ token }) => token).filter((token, at) => options.skip?.(token, at) ?? false);
  const launch = await journal.launch(id);
  return compileAudience({
    input,
    objects: cloud.objects,
    segmentBy: ['platform'],
    locales: ['en', 'es'],
    fallbackLocale: 'en',
    split: launch === null ? null : splitOf(launch.campaign),
    batchSize: options.batchSize ?? 100,
    rejectsPath: null,
    threads: 1,
    ...(skip.length === 0 ? {} : { skip }),
  });
}

/** `marks`: device number → first characters of its token, which tell the local providers what to answer. */
function* deviceTokens(
  id: string,
  { ios, android, marks = {} }: LaunchOptions,
): Generator<{ platform: 'ios' | 'android'; token: string }> {
  for (let at = 0; at < ios + android; at++) {
    const mark = marks[at] ?? '';
    const hash = sha256(`${id}/${at}`);
    // An ordinary token begins with 0: that is no mark.
    if (at < ios) yield { platform: 'ios', token: `${mark === '' ? '00' : mark}${hash}`.slice(0, 64) };
    else
      yield {
        platform: 'android',
        token: `${`${mark === '' ? 'c' : mark}${hash}`.slice(0, 22)}:APA91b${(hash + hash + hash).slice(0, 134)}`,
      };
  }
}

async function must<T extends { ok: boolean }>(submitted: Promise<T>): Promise<Extract<T, { ok: true }>> {
  const result = await submitted;
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result as Extract<T, { ok: true }>;
}
