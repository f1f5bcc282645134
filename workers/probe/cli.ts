import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import { CommandLineError, readCommandLine } from '../../infra/command-line/command-line.ts';
import { describeConfigProblems } from '../../infra/environment.ts';
import { readRunbookFile } from '../../infra/runbook/read-runbook.ts';
import { visibleLines } from '../../infra/visible.ts';
import type { Platform } from '../../runbooks/launch/entries.ts';
import { describeProblem } from '../../runbooks/playbook/checked-yaml.ts';
import { parseConfig, parseProvider } from '../config.ts';
import type { ProviderConfig } from '../config.ts';
import { primeRation } from '../lanes/prime-ration.ts';
import { meetProvider } from './meet-provider.ts';
import { meetingWords } from './words.ts';

const USAGE = `npm run lane:probe -- apns|fcm [--runbook FILE | --launch ID] [--device TOKEN] [--topic TOPIC] [--sandbox] [--json]

Meets a provider as a worker's lane does, with one push that shows nothing (APNs: a background push; FCM: checked and not delivered),
and says what it is. Exit code 0: met; 1: not met, or not to be asked; 2: a wrong command line.

  --runbook FILE   takes APNs topic and the first device of the platform from a runbook
  --launch ID      takes them from a launch; the push counts among its priming pushes of the hour
  --device TOKEN   the device to ask for. Without any: one that doesn't exist, which a provider that knows us says
  --topic TOPIC    APNs topic (bundle id of the app); needed for apns without --runbook and --launch
  --sandbox        Apple's sandbox is meant
  --json           everything as JSON

Reads the worker's environment: APNS_KEY_FILE, APNS_KEY_ID, APNS_TEAM_ID or GOOGLE_APPLICATION_CREDENTIALS, GOBUTTON_APNS_URL,
GOBUTTON_FCM_URL, GOBUTTON_FCM_TOKEN_URL, GOBUTTON_CA_FILE, HTTPS_PROXY and NO_PROXY, by hand or in .env; --launch reads all of it.
`;

type Env = Readonly<Record<string, string | undefined>>;
interface Output {
  write(text: string): unknown;
}
interface Target {
  device: string | null;
  topic: string | null;
  notes: string[];
}

/** Wrong input: its sentence and the exit code. */
class Unusable extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Returns the exit code. */
export async function main(args: string[], env: Env, out: Output, err: Output): Promise<number> {
  try {
    const asked = read(args);
    if (asked === null) {
      out.write(USAGE);
      return 0;
    }
    const config = providerOf(env, asked.provider);
    const target = await targetOf(env, asked);
    if (asked.provider === 'apns' && target.topic === null)
      throw new Unusable(
        '--topic: found none, expected the bundle id of the app, or a runbook or launch that names it (--runbook FILE, --launch ID)',
        2,
      );
    for (const note of target.notes) err.write(`${visibleLines(note)}\n`);
    const meeting = await meetProvider(config, {
      device: target.device,
      topic: target.topic ?? '',
      launchId: asked.launch ?? 'lane-probe',
      isSandboxMeant: asked.sandbox,
      log: pino({ level: 'silent' }),
    });
    out.write(`${asked.json ? JSON.stringify(meeting, null, 2) : meetingWords(meeting)}\n`);
    return meeting.finding === null ? 0 : 1;
  } catch (error) {
    err.write(`lane:probe: ${visibleLines(error instanceof Error ? error.message : String(error))}\n`);
    if (error instanceof Unusable && error.exitCode === 2) err.write(`\n${USAGE}`);
    return error instanceof Unusable ? error.exitCode : 1;
  }
}

interface Asked {
  provider: 'apns' | 'fcm';
  runbook: string | null;
  launch: string | null;
  device: string | null;
  topic: string | null;
  sandbox: boolean;
  json: boolean;
}

function read(args: string[]): Asked | null {
  const { positionals, values } = parsed(args);
  if (values.help === true) return null;
  const [provider] = positionals;
  if (provider !== 'apns' && provider !== 'fcm')
    throw new Unusable(`found ${provider === undefined ? 'no provider' : `"${provider}"`}, expected apns or fcm`, 2);
  if (values.runbook !== undefined && values.launch !== undefined)
    throw new Unusable('found --runbook and --launch, expected one of them', 2);
  const { device = null } = values;
  if (provider === 'apns' && device !== null && !/^(?:[0-9a-f]{2}){16,100}$/i.test(device))
    throw new Unusable(
      `--device: found a text of ${device.length} characters, expected an APNs device token, hexadecimal digits`,
      2,
    );
  if (provider === 'fcm' && device !== null && !/^[\w:-]{8,4096}$/.test(device))
    throw new Unusable(`--device: found a text of ${device.length} characters, expected an FCM registration token`, 2);
  return {
    provider,
    runbook: values.runbook ?? null,
    launch: values.launch ?? null,
    device,
    topic: values.topic ?? null,
    sandbox: values.sandbox === true,
    json: values.json === true,
  };
}

const OPTIONS = {
  runbook: { type: 'string' },
  launch: { type: 'string' },
  device: { type: 'string' },
  topic: { type: 'string' },
  sandbox: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

function parsed(args: string[]) {
  try {
    return readCommandLine(args, OPTIONS, { command: 'lane:probe', words: 1 });
  } catch (error) {
    throw error instanceof CommandLineError ? new Unusable(error.message, 2) : error;
  }
}

function providerOf(env: Env, provider: 'apns' | 'fcm'): ProviderConfig {
  const found = parseProvider(env, provider);
  if (!found.ok) throw new Unusable(`the configuration is not usable:\n${describeConfigProblems(found.problems)}`, 1);
  return found.config;
}

async function namedBy(env: Env, { runbook, launch, device }: Asked, platform: Platform): Promise<Target> {
  if (runbook !== null) return fromRunbook(runbook, platform);
  if (launch !== null) return fromLaunch(env, launch, platform, device !== null);
  return { device: null, topic: null, notes: [] };
}

async function targetOf(env: Env, asked: Asked): Promise<Target> {
  const platform = asked.provider === 'apns' ? 'ios' : 'android';
  const named = await namedBy(env, asked, platform);
  return {
    device: asked.device ?? named.device,
    topic: asked.topic ?? named.topic,
    notes: asked.device === null ? named.notes : [],
  };
}

const NO_DEVICE = (where: string, platform: Platform): string =>
  `None of the people ${where} has ${platform === 'ios' ? 'an iOS' : 'an Android'} device: one that doesn't exist is asked for.`;

async function fromRunbook(path: string, platform: Platform): Promise<Target> {
  const { loaded } = await readRunbookFile(path);
  if (!loaded.ok)
    throw new Unusable(`--runbook: it is not usable:\n${loaded.problems.map(describeProblem).join('\n')}`, 1);
  const { people, campaign } = loaded.runbook;
  const device = people.flatMap(({ devices }) => devices).find((one) => one.platform === platform);
  const token = device !== undefined && 'token' in device ? device.token : null;
  return {
    device: token,
    topic: campaign.apns.topic,
    notes: token === null ? [NO_DEVICE(`in ${path}`, platform)] : [],
  };
}

/** A push more to a staff device is a push of the pool: it takes one of the ration's leases, or goes to nobody. */
async function fromLaunch(env: Env, launchId: string, platform: Platform, isNamed: boolean): Promise<Target> {
  const found = parseConfig(env);
  if (!found.ok)
    throw new Unusable(
      `the worker's configuration is not usable, which --launch needs:\n${describeConfigProblems(found.problems)}`,
      1,
    );
  const cloud = createCloud(found.config.cloud);
  try {
    const launch = await createJournal({
      record: cloud.record,
      staff: cloud.staff,
      clock: cloud.clock,
      keyring: found.config.keyring,
    }).launch(launchId);
    if (launch === null) throw new Unusable(`--launch: there is no launch ${launchId} in this account and table`, 1);
    const { topic } = launch.campaign.apns;
    if (isNamed) return { device: null, topic, notes: [] };
    const tokens = (await cloud.staff.of(launch)).flatMap((device) =>
      device.platform === platform && device.token !== null ? [device.token] : [],
    );
    if (tokens.length === 0) return { device: null, topic, notes: [NO_DEVICE(`of ${launchId}`, platform)] };
    if (platform === 'android') return { device: tokens[0] ?? null, topic, notes: [] };
    const may = primeRation({
      live: cloud.live,
      holder: `lane-probe/${randomUUID()}`,
      perDeviceHour: found.config.primesPerDeviceHour,
      share: () => Number.POSITIVE_INFINITY,
      nowMs: cloud.clock.nowMs,
    });
    for (const token of tokens) if (await may(token, true)) return { device: token, topic, notes: [] };
    return {
      device: null,
      topic,
      notes: [
        "Every iOS device of the launch has had its priming pushes of this hour: one that doesn't exist is asked for.",
      ],
    };
  } finally {
    cloud.close();
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process.stdout, process.stderr);
