import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessName } from '../aws/access/permissions.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import type { Cloud } from '../aws/cloud.ts';
import { createCloud, ensureTables } from '../aws/create-cloud.ts';
import { ownVersion } from '../version.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { roleOf } from './cloud/access.ts';
import { startLocalCloud } from './cloud/start.ts';
import type { LocalCloud } from './cloud/start.ts';
import type { CloudWeatherName } from './cloud/weather.ts';
import { ensureCredentials } from './credentials.ts';
import { lockDataDir } from './data-lock.ts';
import { ensureFleetTables } from './event/fleet-tables.ts';
import { accountOf, placeOf, SAMPLE_SURROUNDINGS } from './event/surroundings.ts';
import type { Surroundings } from './event/surroundings.ts';
import { startOtlpReceiver } from './otlp-receiver.ts';
import type { OtlpReceiver } from './otlp-receiver.ts';
import { freePort } from './ports.ts';
import { LOCAL_ACCOUNT, LOCAL_AUDIENCE_TASK, principalsOf } from './principals.ts';
import { ensureRecordKeys } from './record-keys.ts';
import { startWorkspace } from './slack/start.ts';
import type { Workspace } from './slack/start.ts';
import { countedService, localAudienceTask, localWorkers } from './tasks.ts';

/** Everything that a launch needs, on loopback: cloud, push providers, Slack workspace, bot. One piece over 300 lines: what is started is stopped in the reverse order, in one place. */
export interface Stack {
  pageUrl: string;
  /** Control API of the push providers: what they counted. */
  providersUrl: string;
  /** What bot and workers tell of shots. */
  traces: OtlpReceiver;
  cloud: Cloud;
  cloudConfig: CloudConfig;
  localCloud: LocalCloud;
  /** Environment with which our own commands (audience, go) reach this stack: what a person may do who runs both, and whose role is the bot's. */
  env: Record<string, string>;
  /** The same with no more rights than that process has. */
  envOf(process: ProcessName): Record<string, string>;
  /** That of the workers, which have a key of their own. */
  workerEnv: Record<string, string>;
  /** Of the local Slack app, new at each start. */
  secrets: { botToken: string; appToken: string; signingSecret: string };
  botEnded: Promise<number | NodeJS.Signals>;
  /** What a fault test breaks and brings back. */
  parts: StackParts;
  /** Stops everything that was started; safe to call more than once. */
  stop(): Promise<void>;
}

interface StackParts {
  workspace: Workspace;
  /** Those of the first start. */
  bot: Child;
  providers: Child;
  /** Starts another bot, on any free port; resolves once it is connected to Slack. */
  startBot(env?: Record<string, string>): Promise<Child & { port: number }>;
  /** Starts the push providers anew on their ports; those before must have ended. */
  startProviders(): Promise<Child>;
}

export interface StackOptions {
  dataDir: string;
  /** The data folder is locked already, and this gives it back. Absent: it is locked here. */
  unlock?: () => Promise<void>;
  /** `usual`: 4600 for the page, 4566 for the cloud …, or any free ones where they are taken. */
  ports: 'usual' | 'any';
  slackMode: 'socket' | 'http';
  /** Providers' answer latency in milliseconds and its spread. */
  latencyMs: number;
  latencySpreadMs: number;
  /** HTTP/2 connections of one worker to each provider. */
  connections: number;
  /** Sending threads of one worker; absent: as many as it takes by itself. */
  threads?: number;
  /** The tables (record, claims, switches) need not outlive this stack, see LocalCloudOptions. */
  tablesInMemory?: boolean;
  /** Of the local cloud from its first call on. Absent: fair. */
  awsWeather?: CloudWeatherName;
  /** How long a worker task takes to start, as on a real cluster. */
  taskStartDelayMs: number;
  /** Runbooks that `/go create` offers; absent: the library. */
  runbooksDir?: string;
  /** What the launch's runbook takes for there. Absent: what that of the sample launch does. */
  surroundings?: Surroundings;
}

const USUAL_PORTS = {
  page: 4600,
  cloud: 4566,
  apns: 4443,
  fcm: 4444,
  providers: 4445,
  bot: 4601,
  traces: 4318,
} as const;
/** Of instances and tasks that are only counted: long enough to be seen on their way. */
const FLEET_START_MS = 3_000;
/** Of any document: what it does on AWS nothing here does. */
const AUTOMATION_STEPS = ['check', 'run', 'verify'];
const random = () => randomBytes(16).toString('hex');

export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDir, surroundings = SAMPLE_SURROUNDINGS } = options;
  const { pool, workers, fleets, automations, seed } = surroundings;
  await mkdir(dataDir, { recursive: true });
  // Tokens, user ids and keys lie in it; also in a folder from before.
  await chmod(dataDir, 0o700);
  const unlock = options.unlock ?? (await lockDataDir(dataDir));

  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const one of stops.toReversed()) await one();
      await unlock();
    })();
    return stopping;
  };

  try {
    // 0: whoever listens takes any free one, which nobody else can take before.
    const port = async (name: keyof typeof USUAL_PORTS) =>
      options.ports === 'usual' ? freePort(USUAL_PORTS[name]) : 0;
    // New ones at each start: nobody else on this machine knows them.
    const secrets = { botToken: `xoxb-local-${random()}`, appToken: `xapp-local-${random()}`, signingSecret: random() };
    const controlToken = random();
    const credentials = await ensureCredentials(join(dataDir, 'credentials'));
    const logs = join(dataDir, 'logs');

    const startProviders = async (ports: { apnsPort: number; fcmPort: number; controlPort: number }) => {
      const providers = await startChild({
        name: 'providers',
        script: 'infra/local/providers/main.ts',
        args: [
          JSON.stringify({
            dataDir: join(dataDir, 'providers'),
            credentialsDir: join(dataDir, 'credentials'),
            controlToken,
            ...ports,
            // As many priming pushes to the few phones here as the workers' local ration allows.
            behaviour: {
              latencyMs: options.latencyMs,
              latencySpreadMs: options.latencySpreadMs,
              apnsPerDevicePerMinute: 1_000,
            },
          }),
        ],
        env: {},
        logFile: join(logs, 'providers.log'),
      });
      stops.push(() => providers.stop());
      const urls = JSON.parse(await providers.line((line) => line.startsWith('{"apnsUrl"'), 15_000)) as Record<
        'apnsUrl' | 'fcmUrl' | 'tokenUrl' | 'controlUrl',
        string
      >;
      return { providers, urls };
    };
    const { providers, urls } = await startProviders({
      apnsPort: await port('apns'),
      fcmPort: await port('fcm'),
      controlPort: await port('providers'),
    });
    const portOf = (url: string) => Number(new URL(url).port);

    const traces = await startOtlpReceiver(await port('traces'));
    stops.push(() => traces.close());
    const keys = await ensureRecordKeys(join(dataDir, 'credentials', 'record-keys.json'));
    const { region, tablePrefix, bucket } = LOCAL_ACCOUNT;
    // New at each start: another program of this machine reaches neither record nor tokens.
    const accessKeyId = random();
    const version = ownVersion(process.env);
    const principals = principalsOf(random, accountOf(surroundings));
    const shared: Record<string, string> = {
      // Once for all: a commit in between is no deployment.
      ...(version === null ? {} : { GOBUTTON_VERSION: version }),
      AWS_REGION: region,
      GOBUTTON_TABLE_PREFIX: tablePrefix,
      GOBUTTON_BUCKET: bucket,
      GOBUTTON_APNS_URL: urls.apnsUrl,
      GOBUTTON_FCM_URL: urls.fcmUrl,
      GOBUTTON_FCM_TOKEN_URL: urls.tokenUrl,
      GOBUTTON_CA_FILE: credentials.caFile,
      APNS_KEY_FILE: credentials.apnsKeyFile,
      APNS_KEY_ID: credentials.apnsKeyId,
      APNS_TEAM_ID: credentials.apnsTeamId,
      GOOGLE_APPLICATION_CREDENTIALS: credentials.serviceAccountFile,
      GOBUTTON_CONNECTIONS: String(options.connections),
      ...(options.threads === undefined ? {} : { GOBUTTON_THREADS: String(options.threads) }),
      OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    };

    const workerEnv = {
      ...shared,
      ...keys.worker,
      GOBUTTON_PARENT_PID: String(process.pid),
      GOBUTTON_POOL: pool,
      HEALTH_PORT: '0',
      PATH: process.env['PATH'] ?? '',
    };
    const localCloud: LocalCloud = await startLocalCloud({
      dataDir: join(dataDir, 'cloud'),
      accessKeyId,
      principals,
      tablesInMemory: options.tablesInMemory ?? false,
      port: await port('cloud'),
      services: [
        localWorkers(workers, workerEnv, options.taskStartDelayMs),
        ...fleets.flatMap((one) => (one.kind === 'ecs-service' ? [countedService(placeOf(one), FLEET_START_MS)] : [])),
      ],
      families: [
        localAudienceTask(
          { AWS_REGION: region, GOBUTTON_TABLE_PREFIX: tablePrefix, GOBUTTON_BUCKET: bucket },
          { startDelayMs: options.taskStartDelayMs, logFile: join(logs, 'audience-task.log') },
        ),
      ],
      groups: fleets.flatMap((one) =>
        one.kind === 'auto-scaling-group' ? [{ name: one.group, startDelayMs: FLEET_START_MS }] : [],
      ),
      automations: automations.documents.map((name) => ({ name, steps: AUTOMATION_STEPS, stepMs: 2_000 })),
      logsDir: logs,
    });
    stops.push(() => localCloud.stop());
    localCloud.weather.set(options.awsWeather ?? 'fair');
    Object.assign(shared, keys.bot);
    const envOf = (principal: string) => ({ ...shared, AWS_ENDPOINT_URL: localCloud.urlFor(principal) });

    const cloudConfig: CloudConfig = { endpoint: localCloud.url, region, tablePrefix, bucket };
    await ensureTables(cloudConfig);
    await ensureFleetTables(cloudConfig, fleets);
    const cloud = createCloud(cloudConfig);
    stops.push(async () => cloud.close());
    // As the stacks make them: nobody who runs has the right to.
    await cloud.queues.ensurePool(pool);

    const workspace: Workspace = await startWorkspace({
      dataDir: join(dataDir, 'slack'),
      seed,
      port: await port('page'),
      ...secrets,
      pageKey: random(),
      providersControlUrl: urls.controlUrl,
    });
    stops.push(() => workspace.stop());

    const startBot = async (env: Record<string, string>): Promise<Child> => {
      const bot = await startChild({
        name: 'bot',
        script: 'bot/main.ts',
        env: {
          ...envOf('bot'),
          ...(options.runbooksDir === undefined ? {} : { GOBUTTON_RUNBOOKS: options.runbooksDir }),
          SLACK_API_URL: workspace.apiUrl,
          SLACK_BOT_TOKEN: secrets.botToken,
          SLACK_APP_TOKEN: secrets.appToken,
          SLACK_SIGNING_SECRET: secrets.signingSecret,
          SLACK_MODE: options.slackMode,
          GOBUTTON_AUDIENCE_TASK: `${LOCAL_AUDIENCE_TASK.cluster}/${LOCAL_AUDIENCE_TASK.family}`,
          GOBUTTON_AUDIENCE_SUBNETS: 'subnet-local',
          ...env,
        },
        logFile: join(logs, 'bot.log'),
      });
      stops.push(() => bot.stop());
      await healthy(`http://127.0.0.1:${env['BOT_PORT'] ?? ''}/health`, bot);
      return bot;
    };
    // Named beforehand: its health is asked for there.
    const botPort = await freePort(options.ports === 'usual' ? USUAL_PORTS.bot : 0);
    if (options.slackMode === 'http') workspace.setRequestUrl(`http://127.0.0.1:${botPort}/slack/events`);
    const bot = await startBot({ BOT_PORT: String(botPort), GOBUTTON_PUBLIC_URL: `http://127.0.0.1:${botPort}` });

    const parts: StackParts = {
      workspace,
      bot,
      providers,
      async startBot(env = {}) {
        const ownPort = await freePort(0);
        return { ...(await startBot({ BOT_PORT: String(ownPort), ...env })), port: ownPort };
      },
      startProviders: async () =>
        (
          await startProviders({
            apnsPort: portOf(urls.apnsUrl),
            fcmPort: portOf(urls.fcmUrl),
            controlPort: portOf(urls.controlUrl),
          })
        ).providers,
    };
    return {
      pageUrl: workspace.pageUrl,
      providersUrl: urls.controlUrl,
      traces,
      cloud,
      cloudConfig,
      localCloud,
      env: { ...envOf('operator'), GOBUTTON_BOT_ROLE: roleOf('bot') },
      envOf,
      workerEnv,
      secrets,
      botEnded: bot.ended,
      parts,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves when the bot says that it is connected to Slack. */
async function healthy(url: string, bot: Child): Promise<void> {
  let gone: number | NodeJS.Signals | null = null;
  void bot.ended.then((how) => {
    gone = how;
  });
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (gone !== null) throw new Error(`BOT_ENDED the bot ended (${String(gone)}) while starting; see ${bot.logFile}`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`BOT_NOT_READY the bot did not report itself healthy within 20 s; see ${bot.logFile}`);
}
