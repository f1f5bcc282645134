import { z } from 'zod';
import type { AudienceTaskPlace, CloudConfig } from '../infra/aws/cloud-config.ts';
import { KEY_SECRETS, keysFrom } from '../infra/aws/key-config.ts';
import type { Keyring } from '../infra/aws/keyring.ts';
import { readEnvironment, secret } from '../infra/environment.ts';
import type { ConfigProblem, Env } from '../infra/environment.ts';
import { EXPECT_ARN, SECRET_ARN } from '../infra/secret-fields.ts';
import { ownVersion, VERSION_SHAPE } from '../infra/version.ts';
import { OTLP_SECRETS, OTLP_VARIABLES, otlpTarget } from '../infra/watch/otlp-target.ts';
import type { OtlpTarget } from '../infra/watch/otlp-target.ts';
import { pricesText } from '../runbooks/cost/price-table.ts';
import { OUTSIDE_SECRETS, OUTSIDE_VARIABLES, outsideOf } from './outside/outside-config.ts';
import type { OutsideConfig } from './outside/outside-config.ts';

/** What Slack gives the app, and may give anew. */
export interface SlackSecrets {
  botToken: string;
  /** Null: HTTP mode. */
  appToken: string | null;
  /** Null: Socket Mode. */
  signingSecret: string | null;
}

/** What the bot is told by its environment. Every variable of the product is described in `.env.example`. */
export interface BotConfig {
  slack: {
    /** Null: Slack's own (https://slack.com/api/). Ends with a slash. */
    apiUrl: string | null;
    receive: { mode: 'socket'; connections: number } | { mode: 'http' };
    /** As the process was started with them (bot/slack/slack-secrets.ts). */
    secrets: SlackSecrets;
    /** Of that of Secrets Manager where they are read anew; null: nowhere there. */
    secretName: string | null;
  };
  /** HTTP: health, and in HTTP mode what Slack posts. Port 0: any free one. */
  host: string;
  port: number;
  /** Where people's browsers reach this port; null: nobody has said, so nobody is given a link. */
  publicUrl: string | null;
  cloud: CloudConfig;
  /** Its own key, and whose keys a record may name. */
  keyring: Keyring;
  /** Folder of runbooks that `/go create` offers. */
  runbooksDir: string;
  /** Which gobutton it is; null: not known. */
  version: string | null;
  /** Quotas that the deployment went over by name, in words; null: none. */
  overQuotas: string | null;
  /** Of ECS, for its task's protection; null: not a task. */
  agentUri: string | null;
  /** Of ECS, for what it tells of its task; null: not a task. */
  metadataUri: string | null;
  /** Whom steps of a plan may call. */
  outside: OutsideConfig;
  /** Where traces of shots go; null: nowhere. */
  tracing: OtlpTarget | null;
  logLevel: LogLevelName;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

export type ParsedConfig = { ok: true; config: BotConfig } | { ok: false; problems: ConfigProblem[] };

/** Of each mode, those that it needs: one secret of Secrets Manager holds them. */
export const SLACK_SECRETS = {
  socket: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
  http: ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'],
} as const;
const OF_SLACK = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'].map((name) => secret(name));

const SECRETS = [...OF_SLACK, ...KEY_SECRETS.bot, ...OTLP_SECRETS, ...OUTSIDE_SECRETS];

const webUrl = (expected: string) =>
  z.string(expected).refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), expected);
const wholeNumber = (min: number, max: number, expected: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);

const names = (begin: string, expected: string) =>
  z
    .string(expected)
    .transform((text) => text.split(',').map((one) => one.trim()))
    .refine((all) => all.every((one) => new RegExp(`^${begin}-[a-z0-9-]{1,60}$`).test(one)), expected);

const EXPECT = {
  mode: 'socket or http',
  botToken: 'the bot token of the Slack app (xoxb-…)',
  appToken: 'an app-level token with connections:write (xapp-…), because SLACK_MODE is socket',
  signingSecret: 'the signing secret of the Slack app, because SLACK_MODE is http',
  apiUrl: 'the address of a Slack Web API like http://127.0.0.1:4600/api/, or nothing for Slack itself',
  connections: 'a whole number from 1 to 10 (Slack allows ten sockets for an app)',
  port: 'a port from 0 to 65535 (0: any free one)',
  publicUrl: 'where browsers reach the port of the bot, like https://gobutton.example.com, or nothing',
  region: 'an AWS region like us-east-1',
  endpoint: 'the address of a local cloud like http://127.0.0.1:4566, or nothing for AWS itself',
  homes: 'the address of the local stand-in of the table that two regions share, or nothing for AWS',
  other: 'the address of the local cloud of the other region, or nothing for AWS',
  prefix: '3 to 64 letters, digits, dashes and dots',
  bucket: 'the name of the S3 bucket that holds audiences',
  calls: 'direct, or sdk for the calls of every batch by the AWS SDK too',
  version:
    'the commit that the image was built from, as the image says it: 1 to 60 letters, digits, dots, pluses and dashes',
  audienceTask: 'the cluster and the task definition that compiles audiences, like superbowl-bot/superbowl-audience',
  prices: 'a table of prices of AWS_REGION in JSON, as `npm run size -- --show-prices` prints one',
  overQuotas: 'the quotas that `npm run infra -- deploy --over-quota` went over, in words, or nothing',
  instance: 'the type of the instances that workers run on, like c7g.2xlarge, or nothing for Fargate',
  subnets: 'the subnets of the task in GOBUTTON_AUDIENCE_TASK, with commas between them',
  groups: 'its security groups, with commas between them',
  publicAddress: 'true or false',
  metadata: 'the address of what ECS tells of the task, which ECS sets by itself, or nothing',
  agent: 'the address of the ECS agent, which ECS sets by itself, or nothing',
  level: LOG_LEVELS.join(', '),
} as const;

const slack = z.object({
  SLACK_MODE: z.enum(['socket', 'http'], EXPECT.mode).default('socket'),
  SLACK_BOT_TOKEN: z.string(EXPECT.botToken).regex(/^xoxb-./, EXPECT.botToken),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-./, EXPECT.appToken)
    .optional(),
  SLACK_SIGNING_SECRET: z.string().min(8, EXPECT.signingSecret).optional(),
  GOBUTTON_SLACK_SECRET_ARN: z.string().regex(SECRET_ARN, EXPECT_ARN).optional(),
});

const environment = slack
  .extend({
    SLACK_API_URL: webUrl(EXPECT.apiUrl)
      .transform((url) => (url.endsWith('/') ? url : `${url}/`))
      .optional(),
    SLACK_CONNECTIONS: wholeNumber(1, 10, EXPECT.connections).default(2),
    BOT_HOST: z.string().default('127.0.0.1'),
    BOT_PORT: wholeNumber(0, 65_535, EXPECT.port).default(3_000),
    GOBUTTON_PUBLIC_URL: webUrl(EXPECT.publicUrl)
      .refine((url) => !/[?#]/.test(url), EXPECT.publicUrl)
      .optional(),
    AWS_REGION: z.string(EXPECT.region).regex(/^[a-z]{2}(-[a-z]+)+-\d$/, EXPECT.region),
    AWS_ENDPOINT_URL: webUrl(EXPECT.endpoint).optional(),
    GOBUTTON_HOMES_URL: webUrl(EXPECT.homes).optional(),
    GOBUTTON_OTHER_REGION_URL: webUrl(EXPECT.other).optional(),
    GOBUTTON_TABLE_PREFIX: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{3,64}$/, EXPECT.prefix)
      .default('gobutton'),
    GOBUTTON_BUCKET: z.string(EXPECT.bucket).regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, EXPECT.bucket),
    GOBUTTON_AWS_CALLS: z.enum(['direct', 'sdk'], EXPECT.calls).default('direct'),
    GOBUTTON_VERSION: z.string().regex(VERSION_SHAPE, EXPECT.version).optional(),
    ECS_AGENT_URI: webUrl(EXPECT.agent).optional(),
    ECS_CONTAINER_METADATA_URI_V4: webUrl(EXPECT.metadata).optional(),
    GOBUTTON_AUDIENCE_TASK: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,255}\/[A-Za-z0-9_-]{1,255}$/, EXPECT.audienceTask)
      .optional(),
    GOBUTTON_AUDIENCE_SUBNETS: names('subnet', EXPECT.subnets).optional(),
    GOBUTTON_AUDIENCE_GROUPS: names('sg', EXPECT.groups).default([]),
    GOBUTTON_AUDIENCE_PUBLIC: z.enum(['true', 'false'], EXPECT.publicAddress).default('false'),
    GOBUTTON_PRICES: pricesText(EXPECT.prices).optional(),
    GOBUTTON_WORKER_INSTANCE: z
      .string()
      .regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, EXPECT.instance)
      .optional(),
    GOBUTTON_OVER_QUOTAS: z.string().max(1_000, EXPECT.overQuotas).optional(),
    GOBUTTON_RUNBOOKS: z.string().default('runbooks/library'),
    ...OTLP_VARIABLES,
    ...OUTSIDE_VARIABLES,
    LOG_LEVEL: z.enum(LOG_LEVELS, EXPECT.level).default('info'),
  })
  .superRefine((found, issues) => {
    const missing = (variable: string, message: string) =>
      issues.addIssue({ code: 'custom', path: [variable], message });
    if (found.SLACK_MODE === 'socket' && found.SLACK_APP_TOKEN === undefined)
      missing('SLACK_APP_TOKEN', EXPECT.appToken);
    if (found.SLACK_MODE === 'http' && found.SLACK_SIGNING_SECRET === undefined)
      missing('SLACK_SIGNING_SECRET', EXPECT.signingSecret);
    if (found.GOBUTTON_AUDIENCE_TASK !== undefined && found.GOBUTTON_AUDIENCE_SUBNETS === undefined)
      missing('GOBUTTON_AUDIENCE_SUBNETS', EXPECT.subnets);
    if (found.GOBUTTON_PRICES !== undefined && found.GOBUTTON_PRICES.region !== found.AWS_REGION)
      missing('GOBUTTON_PRICES', EXPECT.prices);
  });

/** The environment as a checked configuration, or every problem at once. An empty variable counts as absent. Secrets are never repeated. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ParsedConfig {
  const { values, problemsOf } = readEnvironment(env, SECRETS);
  const parsed = environment.safeParse(values);
  const issues = parsed.error?.issues ?? [];
  // Zod leaves a refinement over the whole out while single fields are wrong; the token of the mode must not be missed for that.
  const extra = parsed.success
    ? []
    : modeIssues(values).filter(({ path }) => !issues.some((issue) => issue.path[0] === path[0]));
  const keys = keysFrom(values, 'bot');
  if (!parsed.success || !keys.ok)
    return { ok: false, problems: problemsOf([...issues, ...extra, ...(keys.ok ? [] : keys.issues)]) };
  const found = parsed.data;
  return {
    ok: true,
    config: {
      slack: {
        apiUrl: found.SLACK_API_URL ?? null,
        receive:
          found.SLACK_MODE === 'socket' ? { mode: 'socket', connections: found.SLACK_CONNECTIONS } : { mode: 'http' },
        secrets: secretsOf(found),
        secretName: found.GOBUTTON_SLACK_SECRET_ARN?.split(':secret:')[1] ?? null,
      },
      keyring: keys.keyring,
      host: found.BOT_HOST,
      port: found.BOT_PORT,
      publicUrl: found.GOBUTTON_PUBLIC_URL ?? null,
      cloud: {
        endpoint: found.AWS_ENDPOINT_URL ?? null,
        region: found.AWS_REGION,
        tablePrefix: found.GOBUTTON_TABLE_PREFIX,
        bucket: found.GOBUTTON_BUCKET,
        homes: found.GOBUTTON_HOMES_URL ?? null,
        otherRegion: found.GOBUTTON_OTHER_REGION_URL ?? null,
        calls: found.GOBUTTON_AWS_CALLS,
        audienceTask: audienceTaskOf(found),
        prices: found.GOBUTTON_PRICES ?? null,
        workerInstance: found.GOBUTTON_WORKER_INSTANCE ?? null,
      },
      runbooksDir: found.GOBUTTON_RUNBOOKS,
      version: ownVersion(env),
      overQuotas: found.GOBUTTON_OVER_QUOTAS ?? null,
      agentUri: found.ECS_AGENT_URI ?? null,
      metadataUri: found.ECS_CONTAINER_METADATA_URI_V4 ?? null,
      outside: outsideOf(found),
      tracing: otlpTarget(found),
      logLevel: found.LOG_LEVEL,
    },
  };
}

const secretsOf = (found: z.output<typeof slack>): SlackSecrets => ({
  botToken: found.SLACK_BOT_TOKEN,
  appToken: found.SLACK_MODE === 'socket' ? (found.SLACK_APP_TOKEN ?? '') : null,
  signingSecret: found.SLACK_MODE === 'http' ? (found.SLACK_SIGNING_SECRET ?? '') : null,
});

/** What the bot is told of Slack alone, by the same rules: for what is read anew. */
export function parseSlackSecrets(
  env: Env,
): { ok: true; secrets: SlackSecrets } | { ok: false; problems: ConfigProblem[] } {
  const { values, problemsOf } = readEnvironment(env, OF_SLACK);
  const parsed = slack.safeParse(values);
  const missing = modeIssues(values);
  return parsed.success && missing.length === 0
    ? { ok: true, secrets: secretsOf(parsed.data) }
    : { ok: false, problems: problemsOf([...(parsed.error?.issues ?? []), ...missing]) };
}

function audienceTaskOf(found: z.output<typeof environment>): AudienceTaskPlace | null {
  const [cluster, family] = found.GOBUTTON_AUDIENCE_TASK?.split('/') ?? [];
  if (cluster === undefined || family === undefined) return null;
  return {
    cluster,
    family,
    subnets: found.GOBUTTON_AUDIENCE_SUBNETS ?? [],
    groups: found.GOBUTTON_AUDIENCE_GROUPS,
    publicAddress: found.GOBUTTON_AUDIENCE_PUBLIC === 'true',
  };
}

function modeIssues(values: Readonly<Record<string, string>>): { path: string[]; message: string }[] {
  const [variable, message] =
    values['SLACK_MODE'] === 'http'
      ? ['SLACK_SIGNING_SECRET', EXPECT.signingSecret]
      : ['SLACK_APP_TOKEN', EXPECT.appToken];
  return values[variable] === undefined ? [{ path: [variable], message }] : [];
}
