import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DeleteTableCommand,
  ScanCommand,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DeleteQueueCommand,
  CreateQueueCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { queueNames } from '../../contract/queue-names.ts';
import { loadRunbook } from '../../runbooks/playbook/load.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { KEY_ENV } from '../../test/keys.ts';
import { A_WAIT, secondTry } from '../../test/run/second-try.ts';
import { permissionsOf } from '../aws/access/policy.ts';
import { createClients, placeOf } from '../aws/clients.ts';
import type { Clients } from '../aws/clients.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import { createCloud, ensureHomes, ensureTables } from '../aws/create-cloud.ts';
import { tableNames } from '../aws/tables.ts';
import { usualAccount } from '../local/cloud/account.ts';
import { startLocalCloud } from '../local/cloud/start.ts';
import type { LocalCloud } from '../local/cloud/start.ts';
import { LOCAL_AUDIENCE_TASK } from '../local/principals.ts';
import { countsOf, providersForTests } from '../local/providers/for-tests.ts';
import type { TestProviders } from '../local/providers/for-tests.ts';
import { SECRETS, startTestWorkspace } from '../local/slack/for-tests.ts';
import type { Workspace } from '../local/slack/start.ts';
import { examine } from './examine.ts';
import { exitCode } from './judge/line.ts';
import type { Line } from './judge/line.ts';
import type { KeptSecret } from './judge/secrets.ts';
import { manifestScopes } from './measure/slack.ts';
import { subjectOf } from './subject.ts';

/**
 * Everything as a launch needs it, locally and by the real clients; then one thing after another is broken for real, and
 * exactly its lines may change. One piece over 300 lines: a table of broken states over one account, in which each is put
 * right before the next, so that `exactly its lines` is said of all of them together.
 */

const IMAGE = '000000000000.dkr.ecr.us-east-1.amazonaws.com/gobutton-worker:1.2';
const ROLES = { bot: 'arn:aws:iam::000000000000:role/bot', worker: 'arn:aws:iam::000000000000:role/worker' };
const [BOT_STARTER, WORKER_STARTER, AUDIENCE_STARTER = ''] = [
  'arn:aws:iam::000000000000:role/bot-starter',
  'arn:aws:iam::000000000000:role/worker-starter',
  LOCAL_AUDIENCE_TASK.roles[1],
];
const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:';
const SECRET = { name: 'superbowl/apns', value: { APNS_KEY: 'k', APNS_KEY_ID: 'i', APNS_TEAM_ID: 't' } };
const POOL = 'gobutton-workers';

let localCloud: LocalCloud;
let config: CloudConfig;
let clients: Clients;
let secrets: SecretsManagerClient;
let workspace: Workspace;
let providers: TestProviders;
let runbook: Runbook;
/** What the cloud's clock is ahead of ours. */
let aheadMs = 0;
/** Changed for one test. */
const taskDefinition = {
  image: IMAGE,
  cpu: '2048',
  memory: '4096',
  taskRoleArn: ROLES.worker,
  stopTimeout: 30,
  spot: false,
  executionRoleArn: WORKER_STARTER,
  logGroup: '/gobutton/superbowl/worker',
  secrets: Object.keys(SECRET.value).map((name) => ({ name, valueFrom: `${ARN}${SECRET.name}:${name}::` })),
};
const definition = {
  cluster: 'gobutton',
  service: POOL,
  command: ['node', 'workers/main.ts'],
  env: {},
  cwd: '/',
  startDelayMs: 0,
  taskDefinition,
};

const botService = { cluster: 'superbowl-bot', service: 'superbowl-bot' };
const botDefinition = {
  ...definition,
  ...botService,
  taskDefinition: {
    ...taskDefinition,
    executionRoleArn: BOT_STARTER,
    logGroup: '/gobutton/superbowl/bot',
    secrets: [],
  },
};

/** What compiles audiences, and is not started here. */
const family = {
  ...LOCAL_AUDIENCE_TASK,
  container: 'audience',
  entryPoint: ['/bin/audience'],
  env: {},
  cwd: '/',
  startDelayMs: 0,
  stopTimeoutMs: 0,
  logGroup: '/gobutton/superbowl/audience',
};

const goodAccount = () => ({
  ...usualAccount(),
  images: { 'gobutton-worker': [{ tags: ['1.2'], digest: 'sha256:aa', bytes: 250_000_000 }] },
  roles: {
    [ROLES.bot]: ['*'],
    [ROLES.worker]: ['*'],
    [BOT_STARTER]: ['ecr:*', 'logs:*', 'secretsmanager:*'],
    [WORKER_STARTER]: ['ecr:*', 'logs:*', 'secretsmanager:*'],
    [AUDIENCE_STARTER]: ['logs:*'],
  } as Record<string, string[]>,
  logGroups: Object.fromEntries(
    ['bot', 'worker', 'audience'].map((process) => [`/gobutton/superbowl/${process}`, 90]),
  ) as Record<string, number | null>,
  globalTables: { 'gobutton-homes': { strong: true, replicas: ['us-west-2'], witness: 'us-east-2' as string | null } },
  buckets: {
    gobutton: {
      versioned: true,
      rules: ['audiences/', 'skip-lists/', 'launches/'].map((prefix) => ({ prefix, isOn: true, to: 'gobutton-west' })),
    },
  },
});

/** A launch of two regions, looked at from one of them. */
const twoRegions = (home = 'us-east-1', standby = 'us-west-2') => ({
  runbook: { ...runbook, regions: { home, standby } },
});
const audienceTask = { ...LOCAL_AUDIENCE_TASK, subnets: [], groups: [], publicAddress: false };
/** All that the bot may do but one. */
const allBut = (without: string) => [
  ...new Set(
    permissionsOf('bot')
      .map(({ action }) => action)
      .filter((action) => action !== without),
  ),
];

function readLibrary(): Runbook {
  const path = new URL('../../runbooks/library/superbowl.yaml', import.meta.url);
  const loaded = loadRunbook(readFileSync(path, 'utf8'), 'superbowl.yaml');
  if (!loaded.ok) throw new Error('no runbook');
  return loaded.runbook;
}

beforeAll(async () => {
  runbook = readLibrary();
  [localCloud, workspace, providers] = await Promise.all([
    startLocalCloud({
      dataDir: null,
      services: [definition, botDefinition],
      families: [family],
      groups: [],
      nowMs: () => Date.now() + aheadMs,
    }),
    startTestWorkspace({ rateLimits: false }),
    providersForTests({ quiet: true } as never),
  ]);
  config = { endpoint: localCloud.url, region: 'us-east-1', tablePrefix: 'gobutton', bucket: 'gobutton' };
  clients = createClients(config);
  secrets = new SecretsManagerClient(placeOf(config));
  await Promise.all([ensureTables(config), ensureHomes(config)]);
  await createCloud(config, clients).queues.ensurePool(POOL);
  await secrets.send(new CreateSecretCommand({ Name: SECRET.name, SecretString: JSON.stringify(SECRET.value) }));
  Object.assign(localCloud.account, goodAccount());
});

afterAll(async () => {
  clients.destroy();
  secrets.destroy();
  await Promise.all([localCloud.stop(), workspace.stop(), providers.stop()]);
});

const slackEnv = () => ({
  SLACK_API_URL: workspace.apiUrl,
  SLACK_BOT_TOKEN: SECRETS.botToken,
  SLACK_APP_TOKEN: SECRETS.appToken,
});
const apnsEnv = () => ({
  GOBUTTON_APNS_URL: providers.apnsUrl,
  GOBUTTON_CA_FILE: providers.credentials.caFile,
  APNS_KEY_FILE: providers.credentials.apnsKeyFile,
  APNS_KEY_ID: providers.credentials.apnsKeyId,
  APNS_TEAM_ID: providers.credentials.apnsTeamId,
});
const fcmEnv = () => ({
  GOBUTTON_FCM_URL: providers.fcmUrl,
  GOBUTTON_FCM_TOKEN_URL: providers.tokenUrl,
  GOBUTTON_CA_FILE: providers.credentials.caFile,
  GOOGLE_APPLICATION_CREDENTIALS: providers.credentials.serviceAccountFile,
});

interface Changed {
  env?: Record<string, string>;
  cloud?: Partial<CloudConfig>;
  runbook?: Runbook;
  devices?: number | null;
  channel?: string | null;
  roles?: { bot: string | null; worker: string | null };
  limitMs?: number;
  clocks?: { host: string; aheadMs: number | null; errorMs: number }[];
  sandbox?: boolean;
  rehearsal?: boolean;
  secrets?: { bot: string[]; worker: string[] };
  kept?: KeptSecret[];
  readsSecrets?: boolean;
}

/** The providers are met only where it is about them: a meeting takes some hundred milliseconds. */
function look(changed: Changed = {}): Promise<Line[]> {
  return examine(
    subjectOf(
      changed.env ?? slackEnv(),
      { ...config, ...changed.cloud },
      { name: 'Super Bowl', runbook: changed.runbook ?? runbook, launch: null },
      {
        devices: changed.devices === undefined ? 6_000_000 : changed.devices,
        iosShare: null,
        seconds: 5,
        latencyMs: 80,
        channelId: changed.channel === undefined ? 'C0WARROOM' : changed.channel,
        topic: null,
        isSandboxMeant: changed.sandbox ?? false,
        roles: changed.roles ?? ROLES,
        fleet: null,
        isRehearsal: changed.rehearsal ?? false,
        secrets: changed.secrets ?? { bot: [], worker: [] },
        starter: { bot: botService, secrets: changed.kept ?? null, readsSecrets: changed.readsSecrets ?? false },
        // A busy machine answers late, and what is measured here is not how fast.
        limitMs: changed.limitMs ?? 20_000,
      },
      async () => changed.clocks ?? [],
    ),
  );
}

test("a secret under a key of one's own is ok where all that read it may use the key", async () => {
  const back = await underKey(KEY);
  localCloud.account.roles[WORKER_STARTER]?.push('kms:Decrypt');
  const line = (await look()).find(({ id }) => id === 'secrets.apns');
  Object.assign(localCloud.account, goodAccount());
  await back();
  expect(line).toMatchObject({ state: 'ok', found: expect.stringMatching(/role\/worker-starter may use it/) });
});

const open = (lines: readonly Line[]) => lines.filter(({ state }) => state !== 'ok');
const ids = (lines: readonly Line[]) => lines.map(({ id, state }) => `${id} ${state}`).toSorted();

test('with everything in place every line is ok', async () => {
  const lines = await look({ env: { ...slackEnv(), ...apnsEnv(), ...fcmEnv() } });
  expect(open(lines)).toEqual([]);
  expect(exitCode(lines)).toBe(0);
  expect(lines.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      'aws.identity',
      'rights.bot',
      'rights.worker',
      'tables.claims',
      'queues.segments',
      'providers.apns',
      'providers.fcm',
      'slack.scopes',
      'clocks.hosts',
      'service.image',
      'quotas.fargate-vcpus',
      'egress.aws',
    ]),
  );
});

test.each([
  ['home', twoRegions],
  ['standby', () => twoRegions('us-west-2', 'us-east-1')],
])('with all of two regions, secrets and the audience task in place every line of the %s is ok', async (_, regions) => {
  const lines = await look({
    ...regions(),
    cloud: { audienceTask },
    secrets: { bot: ['superbowl/slack-socket-mode'], worker: ['superbowl/apns', 'superbowl/google'] },
  });
  expect(open(lines)).toEqual([]);
  for (const id of [
    'tables.homes',
    'tables.copies',
    'service.audience',
    'starts.audience',
    'starts.bot',
    'logs.audience',
    'logs.bot',
    'secrets.apns',
  ])
    expect(lines.map((line) => line.id)).toContain(id);
});

test('it sends and writes nothing, also where rights are tried one by one', async () => {
  localCloud.account.denied.push('iam:*');
  const said = workspace.faults.calls('chat.postMessage');
  const lines = await look({ env: { ...slackEnv(), ...apnsEnv(), ...fcmEnv() } });
  for (const id of ['rights.bot', 'rights.worker'])
    expect(lines.find((line) => line.id === id)?.found).toMatch(/may do \d+; \d+ can't be tried without doing them/);
  Object.assign(localCloud.account, goodAccount());
  for (const table of Object.values(tableNames('gobutton')))
    expect((await clients.dynamo.send(new ScanCommand({ TableName: table }))).Count).toBe(0);
  for (const queue of [names.segments, names.batches.ios, names.batches.android])
    expect(await createCloud(config, clients).queues.depth(queue)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(workspace.faults.calls('chat.postMessage')).toBe(said);
  // What it asks for is a device that doesn't exist, and FCM is asked to deliver nothing.
  const { answers } = await countsOf(providers, 'doctor', 'prime');
  expect(Object.keys(answers)).toEqual(['400 BadDeviceToken']);
});

/** `breaks` gives what mends it. `lines`: all that are not ok then, the first of them as it must read. */
interface Broken {
  name: string;
  breaks?: () => Promise<(() => Promise<unknown> | void) | void> | (() => Promise<unknown> | void) | void;
  looks?: () => Changed;
  lines: [string, ...string[]];
  found: RegExp;
  fix: RegExp;
}

const names = queueNames(POOL);
const urlOf = async (name: string) =>
  (await clients.sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? '';
/** What is changed of a queue, and back. */
const attribute = (queue: string, wrong: Record<string, string>, right: Record<string, string>) => async () => {
  const QueueUrl = await urlOf(queue);
  await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: wrong }));
  return () => clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: right }));
};
const ensurePool = () => createCloud(config, clients).queues.ensurePool(POOL);
async function dropTable(name: string): Promise<void> {
  await clients.dynamo.send(new DeleteTableCommand({ TableName: name }));
  await waitUntilTableNotExists(
    { client: clients.dynamo, maxWaitTime: 5, minDelay: 0.02, maxDelay: 0.1 },
    { TableName: name },
  );
}
const KEY = 'arn:aws:kms:us-east-1:000000000000:key/1f';
/** The secret made anew under another key, and back under AWS's own. */
async function underKey(KmsKeyId: string) {
  const anew = async (more: object) => {
    await secrets.send(new DeleteSecretCommand({ SecretId: SECRET.name, ForceDeleteWithoutRecovery: true }));
    await secrets.send(
      new CreateSecretCommand({ Name: SECRET.name, SecretString: JSON.stringify(SECRET.value), ...more }),
    );
  };
  await anew({ KmsKeyId });
  return () => anew({});
}
/** What a table lets go by itself is changed, and put back. */
async function timeToLive(TableName: string, AttributeName: string, Enabled: boolean) {
  const set = (on: boolean) =>
    clients.dynamo.send(
      new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled: on } }),
    );
  await set(Enabled);
  return () => set(!Enabled);
}
/** The library's event quota holds for any number: without it Google's default counts. */
const withDelivery = (delivery: Partial<Runbook['delivery']>): Runbook => ({
  ...runbook,
  delivery: { ...runbook.delivery, ...delivery },
});
const fault = (method: string, error: string) => () => {
  workspace.faults.set(method, { kind: 'error', error });
  return () => workspace.faults.set('*', null);
};
const account = (change: (account: LocalCloud['account']) => void) => () => {
  change(localCloud.account);
  return () => void Object.assign(localCloud.account, goodAccount());
};
const task = (change: Partial<typeof taskDefinition>) => () => {
  const before = { ...taskDefinition };
  Object.assign(taskDefinition, change);
  return () => void Object.assign(taskDefinition, before);
};
const p8 = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const withoutQuota = () => {
  const { android_event_quota: _, ...delivery } = runbook.delivery;
  return delivery;
};

const BROKEN: Broken[] = [
  // ---- Slack
  {
    name: "the token is somebody else's or a typing error",
    looks: () => ({ env: { ...slackEnv(), SLACK_BOT_TOKEN: 'xoxb-wrong' } }),
    lines: ['slack.token wrong'],
    found: /Slack does not know this token/,
    fix: /Bot User OAuth Token .* SLACK_BOT_TOKEN/,
  },
  {
    name: 'the token has expired',
    breaks: fault('auth.test', 'token_expired'),
    lines: ['slack.token wrong'],
    found: /expired/,
    fix: /SLACK_BOT_TOKEN/,
  },
  {
    name: 'the app was removed',
    breaks: fault('auth.test', 'account_inactive'),
    lines: ['slack.token wrong'],
    found: /removed from the workspace/,
    fix: /SLACK_BOT_TOKEN/,
  },
  {
    name: "the app-level token is not Slack's",
    looks: () => ({ env: { ...slackEnv(), SLACK_APP_TOKEN: 'xapp-wrong' } }),
    lines: ['slack.app-token wrong'],
    found: /does not know/,
    fix: /connections:write .* SLACK_APP_TOKEN/,
  },
  {
    name: 'there is no such channel',
    looks: () => ({ channel: 'C0NOWHERE' }),
    lines: ['slack.channel wrong'],
    found: /C0NOWHERE is no channel/,
    fix: /invite @gobutton/,
  },
  {
    name: 'nobody has invited the bot',
    breaks: () => {
      workspace.admin.removeApp('C0WARROOM');
      return () => workspace.admin.addApp('C0WARROOM');
    },
    lines: ['slack.channel wrong'],
    found: /the bot is not in #superbowl-war-room/,
    fix: /`\/invite @gobutton` in #superbowl-war-room/,
  },
  {
    name: 'the channel is archived',
    breaks: () => {
      workspace.admin.archive('C0WARROOM', true);
      return () => workspace.admin.archive('C0WARROOM', false);
    },
    lines: ['slack.channel wrong'],
    found: /archived/,
    fix: /Unarchive/,
  },
  {
    name: 'somebody of the roster is nobody in Slack',
    looks: () => ({
      runbook: {
        ...runbook,
        people: runbook.people.map((one, at) => (at === 0 ? { ...one, slack: ['U0NOBODY'] } : one)),
      },
    }),
    lines: ['slack.people wrong'],
    found: /Ana Ortiz \(U0NOBODY\): nobody/,
    fix: /\/go people/,
  },
  // ---- the account
  {
    name: 'AWS does not know the access key',
    looks: () => ({ cloud: { endpoint: localCloud.url.replace('//', '//OTHER@') } }),
    lines: ['aws.identity wrong', 'aws.account unknown'],
    found: /sts:GetCallerIdentity: InvalidClientTokenId/,
    fix: /aws sso login/,
  },
  {
    name: 'the Region is a typing error',
    looks: () => ({ cloud: { region: 'us-eest-1' } }),
    lines: ['aws.region wrong', 'aws.account unknown'],
    found: /us-eest-1, which is not one/,
    fix: /did you mean us-east-1\?/,
  },
  {
    name: "the worker's role may not write claims",
    breaks: account(({ roles }) => {
      roles[ROLES.worker] = [
        'dynamodb:Get*',
        'dynamodb:Query',
        'dynamodb:Batch*',
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'sqs:*',
        's3:*',
      ];
    }),
    lines: ['rights.worker wrong'],
    found: /role\/worker may not dynamodb:PutItem \(record-table\), dynamodb:PutItem \(claims-table\)/,
    fix: /Allow dynamodb:PutItem .* policy of arn:aws:iam::000000000000:role\/worker/,
  },
  {
    name: "the bot's role may not scale",
    breaks: account(({ roles }) => {
      roles[ROLES.bot] = [
        'dynamodb:*',
        'sqs:*',
        's3:*',
        'ssm:*',
        'application-autoscaling:*',
        'autoscaling:*',
        'ecs:Describe*',
        'servicequotas:*',
      ];
    }),
    lines: ['rights.bot wrong'],
    found: /role\/bot may not ecs:UpdateService/,
    fix: /Allow ecs:UpdateService/,
  },
  {
    name: "the worker's role may not read a secret that it is to hear of",
    breaks: account(({ roles }) => {
      roles[ROLES.worker] = ['dynamodb:*', 'sqs:*', 's3:*'];
    }),
    looks: () => ({ secrets: { bot: [], worker: ['superbowl/apns'] } }),
    lines: ['rights.worker wrong'],
    found: /role\/worker may not secretsmanager:GetSecretValue \(provider-secrets\)$/,
    fix: /Allow secretsmanager:GetSecretValue \(provider-secrets\) in the policy of arn:/,
  },
  {
    name: "the bot's role may not read Slack's secret, and nothing may be simulated",
    breaks: account(({ denied }) => {
      denied.push('iam:*', 'secretsmanager:*');
    }),
    looks: () => ({ secrets: { bot: ['superbowl/slack-socket-mode'], worker: [] } }),
    lines: [
      'rights.bot wrong',
      'rights.worker unknown',
      'starts.bot unknown',
      'starts.worker unknown',
      'secrets.apns unknown',
    ],
    found: /user\/local may not secretsmanager:GetSecretValue \(slack-secrets\)$/,
    fix: /in the policy of the bot's role/,
  },
  {
    name: "the bot's role may not start the compile of an audience",
    breaks: account(({ roles }) => {
      roles[ROLES.bot] = allBut('ecs:RunTask');
    }),
    looks: () => ({ cloud: { audienceTask } }),
    lines: ['rights.bot wrong'],
    found: /role\/bot may not ecs:RunTask \(audience-definition\)$/,
    fix: /Allow ecs:RunTask/,
  },
  {
    name: "the bot's role may not hand that task its roles",
    breaks: account(({ roles }) => {
      roles[ROLES.bot] = allBut('iam:PassRole');
    }),
    looks: () => ({ cloud: { audienceTask } }),
    lines: ['rights.bot wrong'],
    found: /role\/bot may not iam:PassRole \(audience-roles\)$/,
    fix: /Allow iam:PassRole/,
  },
  {
    name: 'what compiles audiences was never deployed',
    looks: () => ({ cloud: { audienceTask: { ...audienceTask, family: 'superbowl-audience' } } }),
    lines: ['service.audience wrong'],
    found: /^no such task definition$/,
    fix: /npm run infra -- deploy .*GOBUTTON_AUDIENCE_TASK/,
  },
  // ---- what starts tasks, and what they are given
  {
    name: 'who starts a worker may not pull its image',
    breaks: account(({ roles }) => {
      roles[WORKER_STARTER] = ['logs:*', 'secretsmanager:*', 'ecr:GetAuthorizationToken'];
    }),
    lines: ['starts.worker wrong'],
    found: /role\/worker-starter may not ecr:BatchCheckLayerAvailability \(gobutton-worker\), .*: no task starts$/,
    fix: /^Allow .*ecr:BatchGetImage on arn:aws:ecr:us-east-1:000000000000:repository\/gobutton-worker in the policy of arn:/,
  },
  {
    name: 'who starts a worker may not read a secret of it',
    breaks: account(({ roles }) => {
      roles[WORKER_STARTER] = ['logs:*', 'ecr:*'];
    }),
    lines: ['starts.worker wrong'],
    found: /role\/worker-starter may not secretsmanager:GetSecretValue \(superbowl\/apns\): no task starts$/,
    fix: /^Allow secretsmanager:GetSecretValue on arn:.*:secret:superbowl\/apns-xxxxxx in the policy/,
  },
  {
    name: 'who starts the bot may not write its log',
    breaks: account(({ roles }) => {
      roles[BOT_STARTER] = ['ecr:*'];
    }),
    lines: ['starts.bot wrong'],
    found: /bot-starter may not logs:CreateLogStream \(\/gobutton\/superbowl\/bot\), logs:PutLogEvents/,
    fix: /^Allow logs:CreateLogStream on arn:aws:logs:us-east-1:000000000000:log-group:/,
  },
  {
    name: 'the role that starts the compile of an audience is gone',
    breaks: account(({ roles }) => {
      delete roles[AUDIENCE_STARTER];
    }),
    looks: () => ({ cloud: { audienceTask } }),
    lines: ['starts.audience wrong'],
    found: /role\/gobutton-audience-execution, which is not there: no task starts$/,
    fix: /^npm run infra -- deploy/,
  },
  {
    name: 'a task definition names no role that starts it',
    breaks: task({ executionRoleArn: undefined as never }),
    lines: ['starts.worker wrong'],
    found: /^the task definition names no execution role$/,
    fix: /^npm run infra -- deploy/,
  },
  {
    name: 'the log group of the worker is gone',
    breaks: account(({ logGroups }) => {
      delete logGroups['/gobutton/superbowl/worker'];
      // Begins with the same letters, and is not the one.
      logGroups['/gobutton/superbowl/worker-canary'] = 90;
    }),
    lines: ['logs.worker wrong'],
    found: /^no such log group: no task starts$/,
    fix: /^aws logs create-log-group --log-group-name \/gobutton\/superbowl\/worker --region us-east-1 && aws logs put-retention-policy .* --retention-in-days 90 --region us-east-1$/,
  },
  {
    name: 'a log group keeps all for ever',
    breaks: account(({ logGroups }) => {
      logGroups['/gobutton/superbowl/bot'] = null;
    }),
    lines: ['logs.bot wrong'],
    found: /keeps all for ever, and costs more each month$/,
    fix: /^aws logs put-retention-policy --log-group-name \/gobutton\/superbowl\/bot --retention-in-days 90 /,
  },
  {
    name: 'a log group keeps what it gets for too short a time',
    breaks: account(({ logGroups }) => {
      logGroups['/gobutton/superbowl/audience'] = 3;
    }),
    looks: () => ({ cloud: { audienceTask } }),
    lines: ['logs.audience wrong'],
    found: /^there, for 3 days$/,
    fix: /^aws logs put-retention-policy --log-group-name \/gobutton\/superbowl\/audience /,
  },
  {
    name: 'nobody may look at log groups',
    breaks: account(({ denied }) => {
      denied.push('logs:*');
    }),
    lines: ['logs.bot unknown', 'logs.worker unknown'],
    found: /^logs:DescribeLogGroups: AccessDenied/,
    fix: /Allow logs:DescribeLogGroups/,
  },
  {
    name: "a secret lies under a key of one's own, which who starts the worker may not use",
    breaks: () => underKey(KEY),
    lines: ['secrets.apns wrong'],
    found:
      /^there, under the KMS key arn:aws:kms:us-east-1:000000000000:key\/1f, which arn:aws:iam::000000000000:role\/worker-starter may not use \(kms:Decrypt\)/,
    fix: /^Allow kms:Decrypt on arn:aws:kms:.*:key\/1f in the policy of arn:aws:iam::000000000000:role\/worker-starter;/,
  },
  {
    name: 'the worker reads that secret anew, and its own role may not use the key',
    breaks: async () => {
      const back = await underKey('1f');
      localCloud.account.roles[WORKER_STARTER]?.push('kms:Decrypt');
      localCloud.account.roles[ROLES.worker] = ['dynamodb:*', 'sqs:*', 's3:*', 'ssm:*', 'ecs:*', 'secretsmanager:*'];
      return async () => {
        Object.assign(localCloud.account, goodAccount());
        await back();
      };
    },
    looks: () => ({ secrets: { bot: [], worker: [SECRET.name] } }),
    lines: ['secrets.apns wrong'],
    found: /key 1f, which arn:aws:iam::000000000000:role\/worker may not use/,
    fix: /^Allow kms:Decrypt on 1f in the policy of arn:aws:iam::000000000000:role\/worker;/,
  },
  {
    name: 'a secret lies under a key that is told by its alias, which no policy names',
    breaks: () => underKey('arn:aws:kms:us-east-1:000000000000:alias/ours'),
    lines: ['secrets.apns unknown'],
    found: /^there, under the KMS key arn:aws:kms:us-east-1:000000000000:alias\/ours$/,
    fix: /^Allow kms:Decrypt on .*alias\/ours to the execution role and the task role of worker;/,
  },
  {
    name: 'a secret was never made',
    looks: () => ({ kept: [{ name: 'superbowl/bot-keys', fields: ['GOBUTTON_BOT_KEY'], readers: ['bot'] }] }),
    lines: ['secrets.bot-keys wrong'],
    found: /^no such secret in us-east-1$/,
    fix: /^aws secretsmanager create-secret --name superbowl\/bot-keys --region us-east-1 --secret-string file:.*docs\/aws\.md/,
  },
  {
    name: 'a secret has no value yet',
    breaks: async () => void (await secrets.send(new CreateSecretCommand({ Name: 'superbowl/google' }))),
    looks: () => ({ kept: [{ name: 'superbowl/google', fields: [], readers: ['worker'] }] }),
    lines: ['secrets.google wrong'],
    found: /^a secret without a value$/,
    fix: /^aws secretsmanager put-secret-value --secret-id superbowl\/google /,
  },
  {
    name: 'a secret was deleted, and can be had back',
    breaks: async () => {
      await secrets.send(new DeleteSecretCommand({ SecretId: SECRET.name }));
      return () => secrets.send(new RestoreSecretCommand({ SecretId: SECRET.name }));
    },
    lines: ['secrets.apns wrong'],
    found: /^deleted at \d{4}-\d\d-\d\d \d\d:\d\d UTC: nobody can read it$/,
    fix: /^aws secretsmanager restore-secret --secret-id superbowl\/apns --region us-east-1$/,
  },
  {
    name: 'a secret lacks a field, and whoever runs it looks into it',
    breaks: async () => {
      const put = (value: object) =>
        secrets.send(new PutSecretValueCommand({ SecretId: SECRET.name, SecretString: JSON.stringify(value) }));
      await put({ ...SECRET.value, APNS_KEY_ID: '' });
      return () => put(SECRET.value);
    },
    looks: () => ({ readsSecrets: true }),
    lines: ['secrets.apns wrong'],
    found: /^a value without APNS_KEY_ID$/,
    fix: /^aws secretsmanager put-secret-value --secret-id superbowl\/apns /,
  },
  {
    name: 'nobody may look whether a secret is there',
    breaks: account(({ denied }) => {
      denied.push('secretsmanager:DescribeSecret');
    }),
    lines: ['secrets.apns unknown'],
    found: /^secretsmanager:DescribeSecret: AccessDenied/,
    fix: /Allow secretsmanager:DescribeSecret/,
  },
  // ---- a second region
  {
    name: 'two regions share no table',
    breaks: async () => {
      await dropTable('gobutton-homes');
      return () => ensureHomes(config);
    },
    looks: twoRegions,
    lines: ['tables.homes wrong'],
    found: /^no such table in us-east-1$/,
    fix: /npm run infra -- deploy .* of us-east-1$/,
  },
  {
    name: 'the table of two regions is consistent at some time',
    breaks: account(({ globalTables }) => {
      globalTables['gobutton-homes'] = { strong: false, replicas: ['us-west-2'], witness: null };
    }),
    looks: twoRegions,
    lines: ['tables.homes wrong'],
    found: /^not strongly consistent: both regions could have the launch$/,
    fix: /delete it, then npm run infra/,
  },
  {
    name: 'the table of two regions has no replica in the other one',
    breaks: account(({ globalTables }) => {
      globalTables['gobutton-homes'] = { strong: true, replicas: ['eu-west-1'], witness: 'us-east-2' };
    }),
    looks: twoRegions,
    lines: ['tables.homes wrong'],
    found: /^no replica in us-west-2$/,
    fix: /npm run infra -- deploy/,
  },
  {
    name: 'the table of two regions has no witness',
    breaks: account(({ globalTables }) => {
      globalTables['gobutton-homes'] = { strong: true, replicas: ['us-west-2'], witness: null };
    }),
    looks: twoRegions,
    lines: ['tables.homes wrong'],
    found: /^no witness$/,
    fix: /npm run infra -- deploy/,
  },
  {
    name: 'the bucket copies nothing to the standby',
    breaks: account(({ buckets }) => {
      buckets['gobutton'] = { versioned: true, rules: [] };
    }),
    looks: twoRegions,
    lines: ['tables.copies wrong'],
    found: /^no rule for audiences\/, skip-lists\/, launches\/$/,
    fix: /compile the audience again/,
  },
  {
    name: 'a rule of the bucket was switched off',
    breaks: account(({ buckets }) => {
      for (const rule of buckets['gobutton']?.rules ?? []) rule.isOn = rule.prefix !== 'skip-lists/';
    }),
    looks: twoRegions,
    lines: ['tables.copies wrong'],
    found: /^no rule for skip-lists\/$/,
    fix: /npm run infra -- deploy/,
  },
  {
    name: 'the bucket of the standby keeps no versions',
    breaks: account(({ buckets }) => {
      buckets['gobutton'] = { versioned: false, rules: [] };
    }),
    looks: () => twoRegions('us-west-2', 'us-east-1'),
    lines: ['tables.copies wrong'],
    found: /^gobutton keeps no versions$/,
    fix: /put-bucket-versioning --bucket gobutton --versioning-configuration Status=Enabled$/,
  },
  {
    name: 'nothing may be simulated, and who runs it may not write the record',
    breaks: account(({ denied }) => {
      denied.push('iam:*', 'dynamodb:PutItem');
    }),
    lines: ['rights.bot wrong', 'rights.worker wrong', 'starts.bot unknown', 'starts.worker unknown'],
    found: /user\/local may not dynamodb:PutItem/,
    fix: /Allow dynamodb:PutItem \(record-table\).* the bot's role/,
  },
  {
    name: 'nothing may be simulated, and all that can be tried is allowed',
    breaks: account(({ denied }) => {
      denied.push('iam:*');
    }),
    lines: ['rights.bot unknown', 'rights.worker unknown', 'starts.bot unknown', 'starts.worker unknown'],
    found: /can't be tried without doing them/,
    fix: /Allow iam:SimulatePrincipalPolicy/,
  },
  {
    name: 'the role is none',
    looks: () => ({ roles: { ...ROLES, bot: `${ROLES.bot}x` } }),
    lines: ['rights.bot unknown'],
    found: /can't be tried/,
    fix: /Correct --bot-role ARN \(NoSuchEntity/,
  },
  // ---- tables, objects, queues
  {
    name: 'a table is missing',
    breaks: async () => {
      await dropTable('gobutton-switches');
      return () => ensureTables(config);
    },
    lines: ['tables.switches wrong'],
    found: /no such table/,
    fix: /aws dynamodb create-table --table-name gobutton-switches .*AttributeName=launchId,AttributeType=S/,
  },
  {
    name: 'a table has other keys',
    breaks: async () => {
      await dropTable('gobutton-live');
      await clients.dynamo.send(
        new CreateTableCommand({
          TableName: 'gobutton-live',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        }),
      );
      return async () => {
        await dropTable('gobutton-live');
        await ensureTables(config);
      };
    },
    lines: ['tables.live wrong', 'tables.backups wrong', 'tables.ttl wrong'],
    found: /keys id \(S\)/,
    fix: /can't be changed.*create-table --table-name gobutton-live/,
  },
  {
    name: 'a table can not be put back',
    breaks: async () => {
      const set = (PointInTimeRecoveryEnabled: boolean) =>
        clients.dynamo.send(
          new UpdateContinuousBackupsCommand({
            TableName: 'gobutton-record',
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
          }),
        );
      await set(false);
      return () => set(true);
    },
    lines: ['tables.backups wrong'],
    found: /^off for gobutton-record$/,
    fix: /^aws dynamodb update-continuous-backups --table-name gobutton-record .*PointInTimeRecoveryEnabled=true$/,
  },
  {
    name: 'claims go by themselves, and would be sent again',
    breaks: () => timeToLive('gobutton-claims', 'gone', true),
    lines: ['tables.ttl wrong'],
    found: /^gobutton-claims: gone$/,
    fix: /^aws dynamodb update-time-to-live --table-name gobutton-claims .*Enabled=false,AttributeName=gone$/,
  },
  {
    name: 'reports of workers stay for ever',
    breaks: () => timeToLive('gobutton-live', 'expiresAt', false),
    lines: ['tables.ttl wrong'],
    found: /^gobutton-live: nothing$/,
    fix: /--table-name gobutton-live .*Enabled=true,AttributeName=expiresAt$/,
  },
  {
    name: 'nobody may look at what a table keeps',
    breaks: account(({ denied }) => {
      denied.push('dynamodb:DescribeTimeToLive', 'dynamodb:DescribeContinuousBackups');
    }),
    lines: ['tables.ttl unknown', 'tables.backups unknown'],
    found: /^dynamodb:DescribeTimeToLive: AccessDenied/,
    fix: /Allow dynamodb:DescribeTimeToLive/,
  },
  {
    name: 'an on-demand table is not warmed up',
    looks: () => ({ runbook: withDelivery({ batch_size: 500 }) }),
    lines: ['tables.warm wrong'],
    found: /on demand, warm for 4,000/,
    fix: /--warm-throughput ReadUnitsPerSecond=12000,WriteUnitsPerSecond=4800/,
  },
  {
    name: 'there is no bucket',
    looks: () => ({ cloud: { bucket: 'gobutton-none' } }),
    lines: ['tables.bucket wrong'],
    found: /no such bucket/,
    fix: /create-bucket --bucket gobutton-none/,
  },
  {
    name: 'a queue is missing',
    breaks: async () => {
      await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: await urlOf(names.batches.ios) }));
      return ensurePool;
    },
    lines: ['queues.batches-ios wrong'],
    found: /no such queue/,
    fix: /\/go create/,
  },
  {
    name: 'a queue is standard in place of FIFO',
    breaks: async () => {
      await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: await urlOf(names.segments) }));
      await clients.sqs.send(new CreateQueueCommand({ QueueName: names.segments.replace('.fifo', '') }));
      return async () => {
        await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: await urlOf(names.segments.replace('.fifo', '')) }));
        await ensurePool();
      };
    },
    lines: ['queues.segments wrong', 'quotas.fifo unknown'],
    found: /a standard queue gobutton-workers-segments in its place/,
    fix: /can't become FIFO/,
  },
  {
    name: 'a message is hidden too briefly',
    breaks: attribute(names.segments, { VisibilityTimeout: '5' }, { VisibilityTimeout: '60' }),
    lines: ['queues.segments wrong'],
    found: /^VisibilityTimeout 5$/,
    fix: /aws sqs set-queue-attributes --queue-url .*segments\.fifo --attributes '{"VisibilityTimeout":"60"}'/,
  },
  {
    name: 'deduplication counts for the whole queue',
    breaks: attribute(
      names.segments,
      { DeduplicationScope: 'queue', FifoThroughputLimit: 'perQueue' },
      { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' },
    ),
    lines: ['queues.segments wrong'],
    found: /DeduplicationScope queue, FifoThroughputLimit perQueue/,
    fix: /"DeduplicationScope":"messageGroup","FifoThroughputLimit":"perMessageGroupId"/,
  },
  {
    name: 'messages go to the dead letters too soon',
    breaks: async () => {
      const QueueUrl = await urlOf(names.batches.android);
      const policy = (receives: number) =>
        JSON.stringify({
          deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${names.deadLetters}`,
          maxReceiveCount: receives,
        });
      const set = (receives: number) =>
        clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy: policy(receives) } }));
      await set(10);
      return () => set(1_000);
    },
    lines: ['queues.batches-android wrong'],
    found: /to gobutton-workers-batches-dlq after 10 receives/,
    fix: /maxReceiveCount/,
  },
  // ---- service, image
  {
    name: 'the service is another one',
    looks: () => ({
      runbook: {
        ...runbook,
        scale_targets: runbook.scale_targets.map((one) =>
          one.kind === 'ecs-service' ? { ...one, service: 'other' } : one,
        ),
      },
    }),
    lines: ['service.worker wrong', 'service.image unknown'],
    found: /no such service/,
    fix: /scale target/,
  },
  {
    name: 'a task has ten seconds to stop',
    breaks: task({ stopTimeout: 10 }),
    lines: ['service.worker wrong'],
    found: /stopTimeout 10 s/,
    fix: /"stopTimeout": 30/,
  },
  {
    name: 'the image was never pushed',
    breaks: account(({ images }) => {
      images['gobutton-worker'] = [];
    }),
    lines: ['service.image wrong'],
    found: /gobutton-worker:1\.2 is not there/,
    fix: /docker push 000000000000\.dkr\.ecr/,
  },
  {
    name: 'an event runs on Spot',
    breaks: task({ spot: true }),
    lines: ['service.capacity wrong'],
    found: /^Fargate Spot: AWS may take a worker back/,
    fix: /workers\.spot: false/,
  },
  // ---- quotas
  {
    name: 'a rehearsal on Spot has six vCPUs of it, whatever there is on demand',
    breaks: () => {
      const mend = task({ spot: true })();
      localCloud.account.quotas['L-36FBB829'] = 6;
      return () => {
        mend();
        Object.assign(localCloud.account, goodAccount());
      };
    },
    looks: () => ({ rehearsal: true }),
    lines: ['quotas.fargate-spot-vcpus wrong'],
    found: /^6 vCPUs$/,
    fix: /--service-code fargate --quota-code L-36FBB829 --desired-value 30$/,
  },
  {
    name: 'the account is new and has six vCPUs of Fargate',
    breaks: account(({ quotas }) => {
      quotas['L-3032A538'] = 6;
    }),
    lines: ['quotas.fargate-vcpus wrong'],
    found: /^6 vCPUs$/,
    fix: /request-service-quota-increase --region us-east-1 --service-code fargate --quota-code L-3032A538 --desired-value 30$/,
  },
  {
    name: 'a service may not have enough tasks',
    breaks: account(({ quotas }) => {
      quotas['L-00EC5001'] = 10;
    }),
    lines: ['quotas.tasks wrong'],
    found: /^10 tasks$/,
    fix: /--service-code ecs .* --desired-value 15$/,
  },
  {
    name: 'tasks start too slowly',
    breaks: account(({ quotas }) => {
      quotas['L-00EC5002'] = 1;
    }),
    lines: ['quotas.launch-rate wrong'],
    found: /^1 task a minute$/,
    fix: /--desired-value 2$/,
  },
  {
    name: 'a table may not take what the claims write',
    breaks: account(({ quotas }) => {
      quotas['L-AB614373'] = 2_000;
    }),
    lines: ['quotas.table-writes wrong'],
    found: /^2,000 write units/,
    fix: /--service-code dynamodb --quota-code L-AB614373 --desired-value 2400$/,
  },
  {
    name: 'a table may not be read as often as workers look',
    breaks: account(({ quotas }) => {
      quotas['L-CF0CBE56'] = 1_000;
    }),
    lines: ['quotas.table-reads wrong'],
    // 15 workers look 9.5 times a second, and 1,200 claims a second are read back.
    found: /^1,000 read units/,
    fix: /--service-code dynamodb --quota-code L-CF0CBE56 --desired-value 1343$/,
  },
  {
    name: 'nobody may look at quotas',
    breaks: account(({ denied }) => {
      denied.push('servicequotas:*');
    }),
    lines: [
      'quotas.fargate-vcpus unknown',
      'quotas.tasks unknown',
      'quotas.launch-rate unknown',
      'quotas.table-writes unknown',
      'quotas.table-reads unknown',
      'quotas.account-writes unknown',
      'quotas.account-reads unknown',
    ],
    found: /servicequotas:ListServiceQuotas: AccessDenied.* after \d\.\d s/,
    fix: /Allow servicequotas:ListServiceQuotas/,
  },
  {
    name: 'nobody has said how many devices there are',
    looks: () => ({ devices: null }),
    lines: [
      'tables.warm unknown',
      'quotas.fargate-vcpus unknown',
      'quotas.tasks unknown',
      'quotas.launch-rate unknown',
      'quotas.table-writes unknown',
      'quotas.table-reads unknown',
      'quotas.account-writes unknown',
      'quotas.account-reads unknown',
      'providers.fcm-quota unknown',
    ],
    found: /warm for 4,000/,
    fix: /--devices 6000000/,
  },
  // ---- clocks
  {
    name: 'the clock of this machine is ten seconds off',
    breaks: () => {
      aheadMs = 10_000;
      return () => {
        aheadMs = 0;
      };
    },
    lines: ['clocks.hosts wrong'],
    found: /this machine .* is (9|10)\.\d s behind/,
    fix: /chrony or NTP/,
  },
  {
    name: 'the clock of this machine is off by more than a signature allows',
    breaks: () => {
      aheadMs = 600_000;
      return () => {
        aheadMs = 0;
      };
    },
    lines: ['clocks.hosts wrong'],
    found: /is (599|600)\.\d s behind/,
    fix: /chrony or NTP/,
  },
  {
    name: 'the clock of a worker is ten seconds off',
    looks: () => ({
      clocks: [
        { host: 'worker a', aheadMs: 10_000, errorMs: 40 },
        { host: 'worker b', aheadMs: 3, errorMs: 40 },
      ],
    }),
    lines: ['clocks.hosts wrong'],
    found: /^worker a is 10\.0 s ahead$/,
    fix: /chrony or NTP/,
  },
  {
    name: 'a worker has not compared its clock yet',
    looks: () => ({ clocks: [{ host: 'worker a', aheadMs: null, errorMs: 0 }] }),
    lines: ['clocks.hosts unknown'],
    found: /^1 of 2 hosts have compared theirs$/,
    fix: /again in a minute/,
  },
  // ---- providers
  {
    name: 'the APNs key is of another team',
    looks: () => ({ env: { ...apnsEnv(), APNS_TEAM_ID: 'OTHERTEAM1' } }),
    lines: ['providers.apns wrong'],
    found: /does not take the provider token .*\(KEY_REFUSED\)/,
    fix: /APNS_KEY_ID and APNS_TEAM_ID/,
  },
  {
    name: 'the APNs key was revoked for a new one',
    looks: () => ({ env: { ...apnsEnv(), APNS_KEY_FILE: '', APNS_KEY: p8() } }),
    lines: ['providers.apns wrong'],
    found: /\(KEY_REFUSED\)/,
    fix: /must be this team's and not revoked/,
  },
  {
    name: 'the APNs key is a file of something else',
    looks: () => ({ env: { ...apnsEnv(), APNS_KEY_FILE: '', APNS_KEY: 'nonsense' } }),
    lines: ['providers.apns wrong'],
    found: /ENVIRONMENT_INVALID/,
    fix: /APNS_KEY/,
  },
  {
    name: 'the sandbox stands in place of production',
    looks: () => ({
      env: { ...apnsEnv(), GOBUTTON_APNS_URL: 'https://api.sandbox.push.apple.com', HTTPS_PROXY: 'http://127.0.0.1:1' },
    }),
    lines: ['providers.apns wrong'],
    found: /Apple's sandbox \(WRONG_ENVIRONMENT\)/,
    fix: /Unset GOBUTTON_APNS_URL/,
  },
  {
    name: 'the service account was deleted',
    looks: () => ({
      env: {
        ...fcmEnv(),
        GOOGLE_APPLICATION_CREDENTIALS: '',
        GOOGLE_SERVICE_ACCOUNT: JSON.stringify({
          ...(JSON.parse(readFileSync(providers.credentials.serviceAccountFile, 'utf8')) as object),
          client_email: 'gone@gobutton-local.iam.gserviceaccount.com',
        }),
      },
    }),
    lines: ['providers.fcm wrong'],
    found: /no access token .*\(TOKEN_REFUSED\)/,
    fix: /account and key exist/,
  },
  {
    name: 'Google has granted less than the plan sends',
    looks: () => ({ runbook: { ...runbook, delivery: { ...withoutQuota(), android_per_second: 50_000 } } }),
    lines: ['providers.fcm-quota wrong'],
    found: /600,000 a minute, Google's default/,
    fix: /android_event_quota/,
  },
  {
    name: 'Android takes longer than its orders are good for',
    looks: () => ({ runbook: { ...runbook, delivery: { ...withoutQuota(), android_per_second: 4_000 } } }),
    lines: ['providers.fcm-quota wrong'],
    found: /3,000,000 devices take 12\.5 min/,
    fix: /event quota|android_not_after/,
  },
  // ---- ways out
  {
    name: 'there is no way out to APNs',
    looks: () => ({ env: { ...apnsEnv(), GOBUTTON_APNS_URL: 'https://localhost:1' } }),
    lines: ['egress.providers wrong', 'providers.apns wrong'],
    found: /localhost:1 fails \(ECONNREFUSED\) after 0\.\d s/,
    fix: /Let this machine out/,
  },
  {
    name: 'somebody ends TLS in between',
    looks: () => ({ env: { ...apnsEnv(), GOBUTTON_CA_FILE: '' } }),
    lines: ['egress.providers wrong', 'providers.apns wrong'],
    found: /fails \((SELF_SIGNED|UNABLE_TO)/,
    fix: /ends TLS/,
  },
  // ---- keys
  {
    name: 'a worker would not believe this bot',
    looks: () => ({ env: { ...KEY_ENV, GOBUTTON_BOT_PUBLIC_KEYS: KEY_ENV['GOBUTTON_WORKER_PUBLIC_KEYS'] ?? '' } }),
    lines: ['keys.record wrong'],
    found: /bot's key is not among GOBUTTON_BOT_PUBLIC_KEYS/,
    fix: /npm run keys/,
  },
  {
    name: 'the bot has its key here, and nothing says who believes it',
    looks: () => ({ env: { ...KEY_ENV, GOBUTTON_BOT_PUBLIC_KEYS: '', GOBUTTON_WORKER_KEY: '' } }),
    lines: ['keys.record unknown'],
    found: /^the bot's key; whom the other side believes is not on this machine$/,
    fix: /--launch ID.*GOBUTTON_BOT_PUBLIC_KEYS/,
  },
];

test('there are thirty broken states and more', () => {
  expect(new Set(BROKEN.map(({ name }) => name)).size).toBeGreaterThanOrEqual(30);
});

test.for(BROKEN)('$name', async ({ breaks, looks, lines: expected, found, fix }) => {
  const mend = await breaks?.();
  try {
    const lines = await look(looks?.());
    expect(ids(open(lines))).toEqual(expected.toSorted());
    const line = lines.find(({ id }) => id === expected[0].split(' ')[0]);
    expect(line?.found).toMatch(found);
    expect(line?.fix).toMatch(fix);
    expect(exitCode(lines)).toBe(expected.some((one) => one.endsWith('wrong')) ? 1 : 2);
  } finally {
    await mend?.();
  }
});

test('a scope that the manifest has and the app has not is named', async () => {
  const scopes = manifestScopes().filter((scope) => scope !== 'pins:write');
  const other = await startTestWorkspace({ scopes, rateLimits: false });
  try {
    const lines = open(await look({ env: { ...slackEnv(), SLACK_API_URL: other.apiUrl } }));
    expect(lines).toMatchObject([{ id: 'slack.scopes', state: 'wrong', found: 'without pins:write' }]);
    expect(lines[0]?.fix).toMatch(/infra\/slack\/manifest\.yaml .* install the app anew/);
  } finally {
    await other.stop();
  }
});

test(
  'when nobody answers, everything is unknown within its limit, with which call and how long',
  secondTry(A_WAIT),
  async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const startMs = performance.now();
    const lines = await look({
      env: {
        ...slackEnv(),
        ...apnsEnv(),
        ...fcmEnv(),
        SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
        GOBUTTON_APNS_URL: `https://127.0.0.1:${port}`,
        GOBUTTON_FCM_URL: `https://127.0.0.1:${port}`,
        GOBUTTON_FCM_TOKEN_URL: `https://127.0.0.1:${port}/token`,
      },
      cloud: { endpoint: `http://127.0.0.1:${port}` },
      limitMs: 400,
    });
    expect(performance.now() - startMs).toBeLessThan(8_000);
    silent.close();
    expect(lines.find(({ id }) => id === 'tables.claims')).toMatchObject({
      state: 'unknown',
      found: expect.stringMatching(/^dynamodb:DescribeTable: no answer within \d\.\d s$/) as string,
    });
    expect(lines.find(({ id }) => id === 'slack.token')).toMatchObject({
      state: 'unknown',
      found: expect.stringMatching(/^slack auth\.test: no answer within \d\.\d s$/) as string,
    });
    expect(
      lines
        .filter(({ id, state }) => state === 'ok' && !id.startsWith('egress') && id !== 'aws.region')
        .map(({ id }) => id),
    ).toEqual(['providers.fcm-quota']);
  },
);
