import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { CloudConfig } from '../../infra/aws/cloud-config.ts';
import type { Cloud } from '../../infra/aws/cloud.ts';
import { createCloud } from '../../infra/aws/create-cloud.ts';
import { createJournal } from '../../infra/aws/journal.ts';
import type { CommandMaker, Journal } from '../../infra/aws/journal.ts';
import { trustedFrom } from '../../infra/aws/key-config.ts';
import { looseKeyring, signerOf } from '../../infra/aws/keyring.ts';
import { sha256 } from '../../infra/aws/sha256.ts';
import type { Env } from '../../infra/environment.ts';
import type { Reached } from '../../infra/running-start.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import { effectsOf } from '../../runbooks/launch/effects.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { personOf } from '../../runbooks/launch/people.ts';
import { fingerprintOf } from '../../runbooks/playbook/operator-key.ts';
import type { Conductor } from '../conductor/conductor-port.ts';
import { createConductor } from '../conductor/conductor.ts';
import { CliError } from './cli-error.ts';
import type { OperatorKey } from './operator-key.ts';

/**
 * What a command works with. The conductor is never started: it measures gates, halts, and performs the urgent effects of
 * entries that this process appends; a bot that is alive, or comes back, does the rest from the record.
 */
export interface Session {
  cloud: Cloud;
  journal: Journal;
  conductor: Conductor;
  log: Logger;
  out: (text: string) => void;
  nowMs: () => number;
}

/** How the launch that `npm start` runs is reached. */
const LOCALLY = 'npx node --env-file=.gobutton/local.env bot/cli.ts …';
const EFFECTS_WITHIN_MS = 30_000;
const EFFECTS_AGAIN_MS = 500;

const environment = z.object({
  AWS_REGION: z.string('an AWS region like us-east-1').regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region like us-east-1'),
  AWS_ENDPOINT_URL: z.url('the address of a local cloud, or nothing for AWS itself').optional(),
  GOBUTTON_HOMES_URL: z
    .url('the address of the local stand-in of the table that two regions share, or nothing for AWS')
    .optional(),
  GOBUTTON_OTHER_REGION_URL: z.url('the address of the local cloud of the other region, or nothing for AWS').optional(),
  GOBUTTON_TABLE_PREFIX: z.string().min(3).default('gobutton'),
  GOBUTTON_BUCKET: z.string('the name of the S3 bucket that holds audiences').min(3),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('warn'),
});

/** Whom a command is for, said where it could be somebody else. */
export function environmentOf(reached: Reached, tell: (say: string) => void): Env {
  if (!reached.ok) throw new CliError('USAGE', reached.say);
  if (reached.say !== null) tell(reached.say);
  return reached.env;
}

/** `key`: the operator's own, which signs what this command writes. */
export function openSession(env: Env, out: (text: string) => void, key: OperatorKey | null): Session {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = environment.safeParse(given);
  const { trusted, problems } = trustedFrom(given);
  if (!parsed.success || problems.length > 0) {
    const lines = (parsed.error?.issues ?? []).map(({ path, message }) => {
      const variable = String(path[0]);
      return `  ${variable}: found ${given[variable] === undefined ? 'nothing' : JSON.stringify(given[variable])}, expected ${message}`;
    });
    throw new CliError(
      'ENVIRONMENT_INVALID',
      `the environment has problems (see .env.example${given['AWS_REGION'] === undefined ? `; a launch of npm start is found by itself while it runs, or by ${LOCALLY}` : ''})\n${[...lines, ...problems.map(({ variable, found, expected }) => `  ${variable}: found ${found}, expected ${expected}`)].join('\n')}`,
    );
  }
  const found = parsed.data;
  const config: CloudConfig = {
    endpoint: found.AWS_ENDPOINT_URL ?? null,
    region: found.AWS_REGION,
    tablePrefix: found.GOBUTTON_TABLE_PREFIX,
    bucket: found.GOBUTTON_BUCKET,
    homes: found.GOBUTTON_HOMES_URL ?? null,
    otherRegion: found.GOBUTTON_OTHER_REGION_URL ?? null,
  };
  const cloud = createCloud(config);
  const journal = createJournal({
    record: cloud.record,
    staff: cloud.staff,
    clock: cloud.clock,
    keyring: looseKeyring(key === null ? null : signerOf(key.privateKey), trusted),
  });
  const log = pino({ name: 'cli', level: found.LOG_LEVEL }, pino.destination(2));
  const conductor = createConductor({
    cloud,
    journal,
    slack: null,
    log,
    config: { holder: `cli-${process.pid}-${randomUUID().slice(0, 8)}` },
  });
  return { cloud, journal, conductor, log, out, nowMs: cloud.clock.nowMs };
}

export async function launchOf(session: Session, launchId: string): Promise<Launch> {
  const launch = await session.journal.launch(launchId);
  if (launch === null)
    throw new CliError('NO_LAUNCH', `there is no launch ${launchId}; \`npm run go -- launches\` lists them`);
  return launch;
}

/** The person that a key stands for on this launch's roster. */
export function keyOwner(launch: Launch, key: OperatorKey): string {
  const person = personOf(launch, { publicKey: key.publicKey });
  if (person === null)
    throw new CliError(
      'NOT_ON_ROSTER',
      `nobody on the roster of ${launch.id} has this key (${fingerprintOf(key.publicKey, sha256)}); \`npm run go -- people\` shows whose keys it has`,
    );
  return person.id;
}

/** Executes a command and gives its entry; a refusal ends the command line with its sentence. */
export async function perform(
  session: Session,
  launchId: string,
  command: Command | CommandMaker,
): Promise<{ entry: Entry; launch: Launch }> {
  const acted = await session.conductor.execute(launchId, command);
  if (!acted.ok) throw new CliError(acted.code, acted.say);
  await seePerformed(session, acted);
  return acted;
}

/** What has failed is tried again here: with the bot gone nobody else would. */
async function seePerformed(
  { conductor, cloud, nowMs }: Session,
  { entry, launch }: { entry: Entry; launch: Launch },
): Promise<void> {
  const ids = effectsOf(entry, launch)
    .filter(({ urgent, lane }) => urgent && lane === 'cloud')
    .map(({ id }) => id);
  const endMs = nowMs() + EFFECTS_WITHIN_MS;
  for (;;) {
    const results = await Promise.all(ids.map((id) => cloud.live.effectResult(entry.launchId, id).catch(() => null)));
    const open = ids.filter((_, at) => results[at] === null);
    if (open.length === 0) return;
    if (nowMs() >= endMs)
      throw new CliError(
        'EFFECTS_OPEN',
        `it is decided and recorded (entry ${entry.seq}), but this could not be done: ${open.join(', ')}. A bot does it as soon as one runs`,
      );
    await sleep(EFFECTS_AGAIN_MS);
    await conductor.perform(entry.launchId, entry);
  }
}
