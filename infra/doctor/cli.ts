import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readNumber } from '../../runbooks/typed/number.ts';
import type { CloudConfig } from '../aws/cloud-config.ts';
import { namesOf } from '../cdk/names.ts';
import { fleetOf, tasksOf } from '../cdk/needs.ts';
import { readDeployment } from '../cdk/read-config.ts';
import type { Deployment } from '../cdk/read-config.ts';
import { keptSecrets } from '../cdk/run/kept-secrets.ts';
import { rereadSecrets } from '../cdk/secret-names.ts';
import { CommandLineError, readCommandLine } from '../command-line/command-line.ts';
import { describeConfigProblems, readEnvironment } from '../environment.ts';
import type { Env } from '../environment.ts';
import { visibleLines } from '../visible.ts';
import { eventOf } from './event.ts';
import { examine } from './examine.ts';
import { judgeFleet } from './judge/fleet.ts';
import { exitCode } from './judge/line.ts';
import { NEED_DEFAULTS } from './judge/need.ts';
import { subjectOf } from './subject.ts';
import type { SubjectOptions } from './subject.ts';
import { doctorWords } from './words.ts';
import { workbook } from './workbook.ts';

const USAGE = `npm run doctor -- [--config FILE] [--runbook FILE | --launch ID] [--devices N] [--workbook FILE] [--json]

Looks whether Slack, AWS, Apple and Google are as a launch needs them, and sends nothing to anybody. What is wrong comes
first, with the command or the text that puts it right. Exit code 0: all is well; 1: something is wrong; 2: something could
not be looked at, or a wrong command line.

  --config FILE         the deployment: launch.yaml, with its runbook, names, size and fleet
  --runbook FILE        the event: its plan, people, pool and pace
  --launch ID           the event as it stands in the record, with its audience and channel (without any of the three:
                        the launch that is open, if it is the only one)
  --devices N           devices in all (default: those of the launch's audience)
  --platform-share X    part of them on iOS, 0 to 1
  --seconds N           to have everything written in (default ${NEED_DEFAULTS.seconds})
  --latency-ms N        mean time of an answer (default ${NEED_DEFAULTS.latencyMs})
  --channel C…          the war room
  --topic TOPIC         APNs topic
  --sandbox             Apple's sandbox is meant
  --bot-role ARN        role of the bot's task, whose rights are simulated (default: GOBUTTON_BOT_ROLE)
  --worker-role ARN     role of the workers' task (default: as their task definition says)
  --read-secrets        looks also whether each secret has its fields, which needs secretsmanager:GetSecretValue of whoever
                        runs this; no value is shown (default: whether there is a value, which AWS tells without it)
  --workbook FILE       writes the Countdown workbook of the event: figures, dates, what to do, letters
  --json                lines as JSON

Reads the environment of bot, worker or command line, by hand or in .env; what is not there is not looked at.
`;

interface Output {
  write(text: string): unknown;
}

/** Wrong input: its sentence. */
class Unusable extends Error {}

/** Returns the exit code. */
export async function main(args: string[], env: Env, out: Output, err: Output): Promise<number> {
  try {
    const asked = read(args);
    if (asked === null) {
      out.write(USAGE);
      return 0;
    }
    const deployment = asked.config === null ? null : deploymentOf(asked.config);
    const config = cloudOf(deployment === null ? env : { ...env, ...deployedEnv(deployment) });
    const found = await eventOf(env, config, { ...asked, deployment });
    if (!found.ok) throw new Unusable(found.problem);
    const { event, clocks } = found;
    if (asked.workbook !== null && event === null)
      throw new Unusable('--workbook needs the event: --config FILE, --runbook FILE or --launch ID');
    const subject = subjectOf(env, config, event, withDeployment(asked, deployment), clocks);
    const lines = [
      ...found.lines,
      ...(deployment === null ? [] : [judgeFleet(fleetOf(deployment))]),
      ...(await examine(subject)),
    ];
    if (asked.workbook !== null) {
      const need = subject.needOf(null);
      if (need === null)
        throw new Unusable('--workbook needs figures: --devices 6000000, or a launch with its audience');
      await writeFile(
        asked.workbook,
        workbook({
          need,
          lines,
          region: config.region,
          topic: asked.topic ?? event?.runbook.campaign.apns.topic ?? null,
          teamId: env['APNS_TEAM_ID'] ?? null,
          nowMs: Date.now(),
        }),
      );
    }
    out.write(`${asked.json ? JSON.stringify(lines, null, 2) : visibleLines(doctorWords(lines))}\n`);
    if (asked.workbook !== null) err.write(`Wrote ${asked.workbook}\n`);
    return exitCode(lines);
  } catch (error) {
    err.write(`doctor: ${visibleLines(error instanceof Error ? error.message : String(error))}\n`);
    // All of the options are two screens, and would push what is wrong off the first.
    if (error instanceof Unusable) err.write('npm run doctor -- --help lists the options.\n');
    return 2;
  }
}

const OPTIONS = {
  config: { type: 'string' },
  runbook: { type: 'string' },
  launch: { type: 'string' },
  devices: { type: 'string' },
  'platform-share': { type: 'string' },
  seconds: { type: 'string' },
  'latency-ms': { type: 'string' },
  channel: { type: 'string' },
  topic: { type: 'string' },
  sandbox: { type: 'boolean' },
  'bot-role': { type: 'string' },
  'worker-role': { type: 'string' },
  'read-secrets': { type: 'boolean' },
  workbook: { type: 'string' },
  json: { type: 'boolean' },
} as const;

function read(args: string[]) {
  const values = parsed(args);
  if (values.help === true) return null;
  if (values.runbook !== undefined && values.launch !== undefined)
    throw new Unusable('found --runbook and --launch, expected one of them');
  if (values.runbook !== undefined && values.config !== undefined)
    throw new Unusable('found --runbook and --config, expected one of them: the configuration names its runbook');
  const number = (name: 'devices' | 'platform-share' | 'seconds' | 'latency-ms', least: number, most?: number) => {
    const text = values[name];
    if (text === undefined) return null;
    const found = readNumber(text, { fractions: name !== 'devices', least, ...(most === undefined ? {} : { most }) });
    if (!found.ok) throw new Unusable(`--${name}: found "${text}", expected ${found.expected}`);
    return found.value;
  };
  return {
    config: values.config ?? null,
    runbook: values.runbook ?? null,
    launch: values.launch ?? null,
    devices: number('devices', 1),
    iosShare: number('platform-share', 0, 1),
    seconds: number('seconds', 0.1),
    latencyMs: number('latency-ms', 0),
    channelId: values.channel ?? null,
    topic: values.topic ?? null,
    isSandboxMeant: values.sandbox === true,
    roles: { bot: values['bot-role'] ?? null, worker: values['worker-role'] ?? null },
    readsSecrets: values['read-secrets'] === true,
    workbook: values.workbook ?? null,
    json: values.json === true,
  };
}

function deploymentOf(path: string): Deployment {
  const read = readDeployment(path);
  if (!read.ok) throw new Unusable(`--config: it is not usable:\n${read.problems.join('\n')}`);
  return read.deployment;
}

/** Names come from the configuration: what the environment says of another deployment is not asked of this one. */
function deployedEnv(deployment: Deployment): Env {
  const { tablePrefix, bucket, botCluster, audienceFamily } = namesOf(deployment);
  return {
    AWS_REGION: deployment.config.region,
    GOBUTTON_TABLE_PREFIX: tablePrefix,
    GOBUTTON_BUCKET: bucket,
    GOBUTTON_AUDIENCE_TASK: `${botCluster}/${audienceFamily}`,
  };
}

const botServiceOf = (deployment: Deployment) => {
  const { botCluster, botService } = namesOf(deployment);
  return { cluster: botCluster, service: botService };
};

/** What the command line says goes before the configuration, and that before what is usual. */
function withDeployment(asked: NonNullable<ReturnType<typeof read>>, deployment: Deployment | null): SubjectOptions {
  const config = deployment?.config ?? null;
  const size = config?.size ?? null;
  return {
    ...asked,
    devices: asked.devices ?? size?.devices ?? null,
    iosShare: asked.iosShare ?? (size === null ? null : size.ios_percent / 100),
    seconds: asked.seconds ?? (size === null ? NEED_DEFAULTS.seconds : size.within / 1_000),
    latencyMs: asked.latencyMs ?? size?.latency ?? NEED_DEFAULTS.latencyMs,
    fleet: config === null ? null : { tasks: tasksOf(config), vcpus: config.workers.vcpu },
    isRehearsal: config?.purpose === 'rehearsal',
    ...(config === null ? {} : { secrets: rereadSecrets(config) }),
    starter: {
      bot: deployment === null ? null : botServiceOf(deployment),
      secrets: deployment === null ? null : keptSecrets(deployment),
      readsSecrets: asked.readsSecrets,
    },
  };
}

function parsed(args: string[]) {
  try {
    return readCommandLine(args, OPTIONS, { command: 'doctor' }).values;
  } catch (error) {
    throw error instanceof CommandLineError ? new Unusable(error.message, { cause: error }) : error;
  }
}

const environment = z.object({
  AWS_REGION: z.string('an AWS Region like us-east-1'),
  AWS_ENDPOINT_URL: z.url('the address of a local cloud, or nothing for AWS itself').optional(),
  GOBUTTON_TABLE_PREFIX: z.string().default('gobutton'),
  GOBUTTON_BUCKET: z.string('the name of the S3 bucket that holds audiences'),
  GOBUTTON_HOMES_URL: z
    .url('the address of the local stand-in of the table that two regions share, or nothing')
    .optional(),
  GOBUTTON_AUDIENCE_TASK: z
    .string()
    .regex(/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/, 'cluster and task definition, like superbowl-bot/superbowl-audience')
    .optional(),
});

function cloudOf(env: Env): CloudConfig {
  const { values, problemsOf } = readEnvironment(env, []);
  const found = environment.safeParse(values);
  if (!found.success)
    throw new Unusable(
      `the environment has problems (see .env.example)\n${describeConfigProblems(problemsOf(found.error.issues))}`,
    );
  const [cluster, family] = found.data.GOBUTTON_AUDIENCE_TASK?.split('/') ?? [];
  return {
    homes: found.data.GOBUTTON_HOMES_URL ?? null,
    // Where in the network it is put is no matter of the doctor's.
    audienceTask:
      cluster === undefined || family === undefined
        ? null
        : { cluster, family, subnets: [], groups: [], publicAddress: false },
    endpoint: found.data.AWS_ENDPOINT_URL ?? null,
    region: found.data.AWS_REGION,
    tablePrefix: found.data.GOBUTTON_TABLE_PREFIX,
    bucket: found.data.GOBUTTON_BUCKET,
  };
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), process.env, process.stdout, process.stderr);
