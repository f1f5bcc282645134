import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { CloudConfig } from '../infra/aws/cloud-config.ts';
import { KEY_SECRETS, keysFrom } from '../infra/aws/key-config.ts';
import type { Keyring } from '../infra/aws/keyring.ts';
import { readEnvironment, secret } from '../infra/environment.ts';
import type { ConfigProblem } from '../infra/environment.ts';
import { proxyFor, proxyUrl } from '../infra/proxy.ts';
import { EXPECT_ARN, SECRET_ARN } from '../infra/secret-fields.ts';
import { ownVersion, VERSION_SHAPE } from '../infra/version.ts';
import { OTLP_SECRETS, OTLP_VARIABLES, otlpTarget } from '../infra/watch/otlp-target.ts';
import type { OtlpTarget } from '../infra/watch/otlp-target.ts';
import { parseServiceAccount } from './credentials/service-account.ts';
import type { ServiceAccount } from './credentials/service-account.ts';

/** What a worker is told by its environment. Every variable of the product is described in `.env.example`. */
export interface WorkerConfig {
  cloud: CloudConfig;
  /** Its own key, and whose keys a record may name. */
  keyring: Keyring;
  pool: string;
  /** Null: the launch that the pool is assigned to. */
  launchId: string | null;
  /** `proxy`: an HTTP proxy that its connections go through; null: none. */
  apns: { url: string; isLocal: boolean; proxy: string | null; keyPem: string; keyId: string; teamId: string };
  fcm: { url: string; isLocal: boolean; proxy: string | null; tokenUrl: string | null; account: ServiceAccount };
  /** Extra CA, PEM. */
  ca: string | null;
  /** Per provider. */
  connections: number;
  /** Sending threads; 0: the main thread sends. */
  threads: number;
  /** Priming pushes that one staff device may get in an hour, from the whole pool. */
  primesPerDeviceHour: number;
  healthHost: string;
  healthPort: number;
  /** Which gobutton it is; null: not known. */
  version: string | null;
  /** Of ECS, for its task's protection; null: not a task. */
  agentUri: string | null;
  /** Where traces of shots go; null: nowhere. */
  tracing: OtlpTarget | null;
  logLevel: string;
}

export type ParsedConfig = { ok: true; config: WorkerConfig } | { ok: false; problems: ConfigProblem[] };

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
// A proxy's address may have a password in it.
const PROXY_SECRETS = [secret('HTTPS_PROXY'), secret('https_proxy')];
/** What belongs together is changed together: a key comes with its id, from one secret or from files side by side. */
export const APNS_SECRETS = ['APNS_KEY', 'APNS_KEY_ID', 'APNS_TEAM_ID'] as const;
export const FCM_SECRETS = ['GOOGLE_SERVICE_ACCOUNT'] as const;
const OF_APNS = [
  secret('APNS_KEY'),
  { ...secret('APNS_KEY_ID'), isPublic: true as const },
  { ...secret('APNS_TEAM_ID'), isPublic: true as const },
];
const OF_FCM = [secret('GOOGLE_SERVICE_ACCOUNT', 'GOOGLE_APPLICATION_CREDENTIALS')];
const SECRETS = [...PROXY_SECRETS, ...OF_APNS, ...OF_FCM, ...KEY_SECRETS.worker, ...OTLP_SECRETS];

const EXPECT = {
  region: 'an AWS region like us-east-1',
  endpoint: 'the address of a local cloud like http://127.0.0.1:4566, or nothing for AWS itself',
  homes: 'the address of the local stand-in of the table that two regions share, or nothing for AWS',
  prefix: '3 to 64 letters, digits, dashes and dots',
  bucket: 'the name of the S3 bucket that holds audiences',
  calls: 'direct, or sdk for the calls of every batch by the AWS SDK too',
  pool: "the name of this worker's pool, as in the runbook: lower-case letters, digits and dashes, at most 40",
  launch: 'the id of a launch, or nothing for the one that the pool is assigned to',
  providerUrl:
    'the https address of a local provider like https://localhost:4443, without a path, or nothing for the real one',
  tokenUrl: "the address of a local OAuth token endpoint, or nothing for Google's",
  proxy:
    'the address of an HTTP proxy like http://user:password@proxy.example:3128 (a % in the password is %25), or nothing',
  ca: 'a readable PEM file',
  key: 'the APNs signing key, the PEM that Apple gives as a .p8 file',
  tenChars: 'the ten characters that Apple shows for it',
  account: 'the JSON of a Google service account, with project_id, client_email and private_key',
  connections: 'a whole number from 1 to 400',
  threads: 'a whole number from 0 to 128 (0: none, all in one thread)',
  primes: 'a whole number from 0 to 10000',
  version:
    'the commit that the image was built from, as the image says it: 1 to 60 letters, digits, dots, pluses and dashes',
  agent: 'the address of the ECS agent, which ECS sets by itself, or nothing',
  port: 'a port from 0 to 65535 (0: any free one)',
  level: LOG_LEVELS.join(', '),
} as const;

const wholeNumber = (min: number, max: number, expected: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected);
const url = (protocols: RegExp, expected: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol), expected);
/** A lane knows the paths itself, and takes the project from the account: one in the address would be passed over without a word. */
const origin = (expected: string) =>
  url(/^https:$/, expected).refine(
    (text) => !URL.canParse(text) || `${new URL(text).origin}/` === new URL(text).href,
    expected,
  );
const proxy = z.string().transform((text, context) => {
  const address = proxyUrl(text);
  if (address !== null) return address;
  context.addIssue({ code: 'custom', message: EXPECT.proxy });
  return z.NEVER;
});
/** The file's text: what can't be read is a problem of configuration, found now and not at GO. */
const textFile = (expected: string, holds: RegExp) =>
  z.string(expected).transform((path, context) => {
    const text = readText(path);
    if (text === null || !holds.test(text)) {
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    }
    return text;
  });

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const environment = z.object({
  AWS_REGION: z.string(EXPECT.region).regex(/^[a-z]{2}(-[a-z]+)+-\d$/, EXPECT.region),
  AWS_ENDPOINT_URL: url(/^https?:$/, EXPECT.endpoint).optional(),
  GOBUTTON_HOMES_URL: url(/^https?:$/, EXPECT.homes).optional(),
  GOBUTTON_TABLE_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{3,64}$/, EXPECT.prefix)
    .default('gobutton'),
  GOBUTTON_BUCKET: z.string(EXPECT.bucket).regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, EXPECT.bucket),
  GOBUTTON_AWS_CALLS: z.enum(['direct', 'sdk'], EXPECT.calls).default('direct'),
  GOBUTTON_VERSION: z.string().regex(VERSION_SHAPE, EXPECT.version).optional(),
  GOBUTTON_POOL: z.string(EXPECT.pool).regex(/^[a-z0-9][a-z0-9-]{0,39}$/, EXPECT.pool),
  GOBUTTON_LAUNCH_ID: z.string().max(200, EXPECT.launch).optional(),
  GOBUTTON_APNS_URL: origin(EXPECT.providerUrl).optional(),
  GOBUTTON_FCM_URL: origin(EXPECT.providerUrl).optional(),
  GOBUTTON_FCM_TOKEN_URL: url(/^https?:$/, EXPECT.tokenUrl).optional(),
  HTTPS_PROXY: proxy.optional(),
  https_proxy: proxy.optional(),
  NO_PROXY: z.string().optional(),
  no_proxy: z.string().optional(),
  GOBUTTON_CA_FILE: textFile(EXPECT.ca, /-----BEGIN CERTIFICATE-----/).optional(),
  APNS_KEY: z.string(EXPECT.key).regex(/-----BEGIN PRIVATE KEY-----/, EXPECT.key),
  APNS_KEY_ID: z.string(EXPECT.tenChars).length(10, EXPECT.tenChars),
  APNS_TEAM_ID: z.string(EXPECT.tenChars).length(10, EXPECT.tenChars),
  GOOGLE_SERVICE_ACCOUNT: z.string(EXPECT.account).transform((text, context) => {
    const account = parseServiceAccount(text);
    if (account.ok) return account.account;
    context.addIssue({ code: 'custom', message: `${EXPECT.account} (bad or missing: ${account.bad.join(', ')})` });
    return z.NEVER;
  }),
  GOBUTTON_APNS_SECRET_ARN: z.string().regex(SECRET_ARN, EXPECT_ARN).optional(),
  GOBUTTON_GOOGLE_SECRET_ARN: z.string().regex(SECRET_ARN, EXPECT_ARN).optional(),
  GOBUTTON_CONNECTIONS: wholeNumber(1, 400, EXPECT.connections).optional(),
  GOBUTTON_THREADS: wholeNumber(0, 128, EXPECT.threads).optional(),
  GOBUTTON_PRIMES_PER_DEVICE_HOUR: wholeNumber(0, 10_000, EXPECT.primes).optional(),
  HEALTH_HOST: z.string().default('127.0.0.1'),
  HEALTH_PORT: wholeNumber(0, 65_535, EXPECT.port).default(8_080),
  ECS_AGENT_URI: url(/^https?:$/, EXPECT.agent).optional(),
  ...OTLP_VARIABLES,
  LOG_LEVEL: z.enum(LOG_LEVELS, EXPECT.level).default('info'),
});

const PROXY = { HTTPS_PROXY: true, https_proxy: true, NO_PROXY: true, no_proxy: true } as const;
const APNS = environment.pick({
  ...PROXY,
  GOBUTTON_APNS_URL: true,
  GOBUTTON_CA_FILE: true,
  APNS_KEY: true,
  APNS_KEY_ID: true,
  APNS_TEAM_ID: true,
});
const FCM = environment.pick({
  ...PROXY,
  GOBUTTON_FCM_URL: true,
  GOBUTTON_FCM_TOKEN_URL: true,
  GOBUTTON_CA_FILE: true,
  GOOGLE_SERVICE_ACCOUNT: true,
});

/** As everywhere, the names in small letters come first. */
const through = (
  found: Pick<z.output<typeof environment>, keyof typeof PROXY>,
  url: string,
): { url: string; proxy: string | null } => ({
  url,
  proxy: proxyFor(url, found.https_proxy ?? found.HTTPS_PROXY ?? null, found.no_proxy ?? found.NO_PROXY ?? ''),
});
const apnsOf = (found: z.output<typeof APNS>): WorkerConfig['apns'] => ({
  ...through(found, found.GOBUTTON_APNS_URL ?? 'https://api.push.apple.com'),
  isLocal: found.GOBUTTON_APNS_URL !== undefined,
  keyPem: found.APNS_KEY,
  keyId: found.APNS_KEY_ID,
  teamId: found.APNS_TEAM_ID,
});
const fcmOf = (found: z.output<typeof FCM>): WorkerConfig['fcm'] => ({
  ...through(found, found.GOBUTTON_FCM_URL ?? 'https://fcm.googleapis.com'),
  isLocal: found.GOBUTTON_FCM_URL !== undefined,
  tokenUrl: found.GOBUTTON_FCM_TOKEN_URL ?? null,
  account: found.GOOGLE_SERVICE_ACCOUNT,
});

export type ProviderConfig = { ca: string | null } & (
  | { provider: 'apns'; apns: WorkerConfig['apns'] }
  | { provider: 'fcm'; fcm: WorkerConfig['fcm'] }
);

/** What a worker is told of one provider, by the same rules: for whoever meets it alone. */
export function parseProvider(
  env: Readonly<Record<string, string | undefined>>,
  provider: 'apns' | 'fcm',
): { ok: true; config: ProviderConfig } | { ok: false; problems: ConfigProblem[] } {
  const { values, problemsOf } = readEnvironment(env, [...PROXY_SECRETS, ...(provider === 'apns' ? OF_APNS : OF_FCM)]);
  if (provider === 'apns') {
    const parsed = APNS.safeParse(values);
    return parsed.success
      ? { ok: true, config: { provider, apns: apnsOf(parsed.data), ca: parsed.data.GOBUTTON_CA_FILE ?? null } }
      : { ok: false, problems: problemsOf(parsed.error.issues) };
  }
  const parsed = FCM.safeParse(values);
  return parsed.success
    ? { ok: true, config: { provider, fcm: fcmOf(parsed.data), ca: parsed.data.GOBUTTON_CA_FILE ?? null } }
    : { ok: false, problems: problemsOf(parsed.error.issues) };
}

/**
 * APNs takes two or three background pushes an hour and device (docs/facts.md#apns-background). The local providers
 * take any number.
 */
const PRIMES = { real: 3, local: 1_000 };
const CONNECTIONS = { real: 60, local: 4 };

/** The environment as a checked configuration, or every problem at once. An empty variable counts as absent. Files are read here. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): ParsedConfig {
  const { values, problemsOf } = readEnvironment(env, SECRETS);
  const parsed = environment.safeParse(values);
  const keys = keysFrom(values, 'worker');
  if (!parsed.success || !keys.ok)
    return { ok: false, problems: problemsOf([...(parsed.error?.issues ?? []), ...(keys.ok ? [] : keys.issues)]) };
  const found = parsed.data;
  const kind = found.GOBUTTON_APNS_URL === undefined ? 'real' : 'local';
  return {
    ok: true,
    config: {
      cloud: {
        endpoint: found.AWS_ENDPOINT_URL ?? null,
        region: found.AWS_REGION,
        tablePrefix: found.GOBUTTON_TABLE_PREFIX,
        bucket: found.GOBUTTON_BUCKET,
        homes: found.GOBUTTON_HOMES_URL ?? null,
        calls: found.GOBUTTON_AWS_CALLS,
      },
      keyring: keys.keyring,
      pool: found.GOBUTTON_POOL,
      launchId: found.GOBUTTON_LAUNCH_ID ?? null,
      apns: apnsOf(found),
      fcm: fcmOf(found),
      ca: found.GOBUTTON_CA_FILE ?? null,
      connections: found.GOBUTTON_CONNECTIONS ?? CONNECTIONS[kind],
      // One core is left to the main thread: queues, claims, accounts and reports.
      threads: found.GOBUTTON_THREADS ?? Math.max(1, availableParallelism() - 1),
      primesPerDeviceHour: found.GOBUTTON_PRIMES_PER_DEVICE_HOUR ?? PRIMES[kind],
      healthHost: found.HEALTH_HOST,
      healthPort: found.HEALTH_PORT,
      version: ownVersion(env),
      agentUri: found.ECS_AGENT_URI ?? null,
      tracing: otlpTarget(found),
      logLevel: found.LOG_LEVEL,
    },
  };
}
