import { pino } from 'pino';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Runbook } from '../../runbooks/playbook/schema.ts';
import { parseProvider } from '../../workers/config.ts';
import { isAboutDeviceAlone } from '../../workers/probe/findings.ts';
import { meetProvider } from '../../workers/probe/meet-provider.ts';
import { automationsOf } from '../aws/access/automations-of.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import { KEY_SECRETS, keysFrom, trustedFrom } from '../aws/key-config.ts';
import { describeConfigProblems, readEnvironment, secret } from '../environment.ts';
import type { Env } from '../environment.ts';
import type { FoundClock } from './judge/clocks.ts';
import type { FoundKeys } from './judge/keys.ts';
import { needOf, poolService, scaledBy } from './judge/need.ts';
import type { FoundProvider } from './judge/providers.ts';
import { asking, ASK_LIMIT_MS } from './measure/ask.ts';
import { wayTo } from './measure/egress.ts';
import type { SlackAccess } from './measure/slack.ts';
import type { Subject } from './subject-shape.ts';

/** What the environment and the event give to be looked at. */

/** What is launched: a runbook alone, or a launch with its audience. */
export interface Event {
  name: string;
  runbook: Runbook;
  launch: Launch | null;
  /** The moment, where no launch says it. */
  targetAtMs?: number;
}

export interface SubjectOptions {
  devices: number | null;
  iosShare: number | null;
  seconds: number;
  latencyMs: number;
  channelId: string | null;
  topic: string | null;
  isSandboxMeant: boolean;
  roles: { bot: string | null; worker: string | null };
  /** As its configuration has it; null: nobody has said. */
  fleet: { tasks: number; vcpus: number } | null;
  isRehearsal: boolean;
  /** Of the deployment; absent: those that the environment names. */
  secrets?: Subject['secrets'];
  starter: NonNullable<Subject['starter']>;
  /** Of one question; absent: 5 s. */
  limitMs?: number;
}

export function subjectOf(
  env: Env,
  cloud: CloudConfig,
  event: Event | null,
  options: SubjectOptions,
  clocks: () => Promise<readonly FoundClock[]>,
): Subject {
  const runbook = event?.runbook ?? null;
  const launch = event?.launch ?? null;
  const pool = runbook?.pool.name ?? env['GOBUTTON_POOL'] ?? 'gobutton-workers';
  const topic = options.topic ?? runbook?.campaign.apns.topic ?? null;
  const { limitMs = ASK_LIMIT_MS } = options;
  const { providers, ways } = providersOf(env, topic, { isSandboxMeant: options.isSandboxMeant, limitMs });
  return {
    cloud,
    pool,
    service: runbook === null ? null : poolService(runbook),
    scaled: runbook === null ? { services: [], groups: [], tables: [] } : scaledBy(runbook),
    automations: runbook === null ? { documents: [], roles: [] } : automationsOf(runbook),
    regions: runbook?.regions ?? null,
    secrets: options.secrets ?? secretsOf(env),
    needOf: (vcpusPerTask) =>
      event === null
        ? null
        : needOf(
            {
              name: event.name,
              runbook: event.runbook,
              audience: launch?.audience ?? null,
              targetAtMs: launch?.targetAtMs ?? event.targetAtMs ?? null,
            },
            {
              ...options,
              tasks: options.fleet?.tasks ?? null,
              vcpusPerTask: options.fleet?.vcpus ?? vcpusPerTask,
            },
          ),
    rights: [
      { process: 'bot', role: options.roles.bot ?? env['GOBUTTON_BOT_ROLE'] ?? null },
      { process: 'worker', role: options.roles.worker },
    ],
    starter: options.starter,
    slack: slackOf(env),
    channelId: options.channelId ?? launch?.channelId ?? null,
    people: launch?.people ?? runbook?.people ?? [],
    isRehearsal: options.isRehearsal,
    clocks,
    providers,
    providerWays: ways,
    keys: keysOf(env, launch),
    nowMs: Date.now,
    limitMs,
  };
}

/** Names of secrets, as their ARNs have them. */
function secretsOf(env: Env): Subject['secrets'] {
  const named = (...variables: string[]) =>
    variables.flatMap((variable) => {
      const name = env[variable]?.split(':secret:')[1];
      return name === undefined ? [] : [name];
    });
  return {
    bot: named('GOBUTTON_SLACK_SECRET_ARN'),
    worker: named('GOBUTTON_APNS_SECRET_ARN', 'GOBUTTON_GOOGLE_SECRET_ARN'),
  };
}

const SLACK_SECRETS = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'].map((name) => secret(name));

/** Null: no bot token here. */
function slackOf(env: Env): SlackAccess | null {
  const { values } = readEnvironment(env, SLACK_SECRETS);
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_API_URL: apiUrl, SLACK_MODE: mode } = values;
  if (botToken === undefined) return null;
  return { botToken, appToken: mode === 'http' ? null : (appToken ?? ''), apiUrl: apiUrl ?? null };
}

const VARIABLES = {
  apns: ['APNS_KEY', 'APNS_KEY_FILE', 'APNS_KEY_ID'],
  fcm: ['GOOGLE_SERVICE_ACCOUNT', 'GOOGLE_APPLICATION_CREDENTIALS'],
};
/** A meeting is several steps, each with the limit of a question or half of it. */
const MEET_LIMITS = 2.5;

function providersOf(
  env: Env,
  topic: string | null,
  { isSandboxMeant, limitMs }: { isSandboxMeant: boolean; limitMs: number },
): { providers: Subject['providers']; ways: Subject['providerWays'] } {
  const providers: Subject['providers'] = {};
  const ways = [];
  for (const provider of ['apns', 'fcm'] as const) {
    // What is not at hand on this machine at all is not asked for.
    if (!VARIABLES[provider].some((name) => (env[name] ?? '').trim() !== '')) continue;
    const parsed = parseProvider(env, provider);
    if (!parsed.ok) {
      providers[provider] = async () => ({
        ok: true,
        value: {
          at: '',
          streams: null,
          finding: {
            code: 'ENVIRONMENT_INVALID',
            say: `${describeConfigProblems(parsed.problems).trim().replaceAll(/\s+/g, ' ')}. Expected all of it as in .env.example. Correct ${parsed.problems.map(({ variable }) => variable).join(', ')}`,
          },
        },
      });
      continue;
    }
    const { config } = parsed;
    const { url, proxy } = config.provider === 'apns' ? config.apns : config.fcm;
    // Through a proxy only the meeting shows whether there is a way.
    if (proxy === null) ways.push(wayTo(url, config.ca));
    providers[provider] = () =>
      asking(limitMs * MEET_LIMITS)<FoundProvider>(provider, async (signal) => {
        // A device that doesn't exist: the credential is looked at, and nobody gets anything.
        const meeting = await meetProvider(config, {
          device: null,
          topic: topic ?? 'gobutton.doctor',
          launchId: 'doctor',
          isSandboxMeant,
          timeouts: { connectMs: limitMs, settingsMs: limitMs / 2, answerMs: limitMs },
          signal,
          log: pino({ level: 'silent' }),
        });
        const { finding, http2 } = meeting;
        return {
          at: url,
          streams: http2?.streamsAfter ?? null,
          finding: finding === null || isAboutDeviceAlone(finding) ? null : finding,
        };
      });
  }
  return { providers, ways };
}

/** Null: no key on this machine. */
function keysOf(env: Env, launch: Launch | null): FoundKeys | null {
  const { values, problemsOf } = readEnvironment(env, [...KEY_SECRETS.bot, ...KEY_SECRETS.worker]);
  const { trusted } = trustedFrom(env);
  const own: FoundKeys['own'] = { bot: null, worker: null };
  const problems: string[] = [];
  for (const role of ['bot', 'worker'] as const) {
    if (values[`GOBUTTON_${role.toUpperCase()}_KEY`] === undefined) continue;
    const read = keysFrom(values, role);
    if (read.ok) own[role] = read.keyring.signer?.key ?? null;
    else
      problems.push(
        ...problemsOf(read.issues).map(
          ({ variable, found, expected }) => `${variable}: found ${found}, expected ${expected}`,
        ),
      );
  }
  if (own.bot === null && own.worker === null && problems.length === 0) return null;
  return { own, trusted: trusted ?? { bot: [], worker: [] }, named: launch === null ? null : launch.keys, problems };
}
