import { AudienceError } from '../../../contract/audience-error.ts';
import type { Cloud } from '../../../infra/aws/cloud.ts';
import { createJournal } from '../../../infra/aws/journal.ts';
import type { Journal } from '../../../infra/aws/journal.ts';
import { may } from '../../../runbooks/launch/authority.ts';
import type { Command } from '../../../runbooks/launch/commands.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { findPerson } from '../../../runbooks/launch/people.ts';
import { heldOutIn } from '../../../runbooks/launch/variants.ts';
import type { Earlier } from '../accept.ts';
import { cloudFrom, keyringFrom } from './environment.ts';

export interface LaunchSession {
  launch: Launch;
  cloud: Cloud;
  journal: Journal;
  by: string;
}

/**
 * A launch and the person who acts on it. What would be refused at the end is refused here already: nobody should wait for a
 * compile to hear that they may not set it. Throws ARGUMENT_INVALID, LAUNCH_UNKNOWN, REFUSED.
 */
export async function withLaunch<T>(
  launchId: string,
  by: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  work: (session: LaunchSession) => Promise<T>,
): Promise<T> {
  if (by === undefined)
    throw new AudienceError(
      'ARGUMENT_INVALID',
      '--as: found nothing, expected the id of the person on call, as in the runbook',
    );
  if (keyringFrom(env).signer === null) {
    throw new AudienceError(
      'REFUSED',
      "GOBUTTON_OPERATOR_KEY_FILE: found nothing, expected the file of your own key (`npm run go -- keygen`), which signs what this command changes; or the bot's key in GOBUTTON_BOT_KEY",
    );
  }
  return withLaunchToRead(launchId, env, async (read) => {
    const { launch } = read;
    const person = findPerson(launch.people, by);
    if (person === undefined)
      throw new AudienceError(
        'REFUSED',
        `--as: found "${by}", expected a person of the launch: ${launch.people.map(({ id }) => id).join(', ')}`,
      );
    if (!may(person, 'set-audience'))
      throw new AudienceError(
        'REFUSED',
        `--as: found ${by} with the roles ${person.roles.join(', ')}, expected somebody on duty`,
      );
    if (launch.closed)
      throw new AudienceError('REFUSED', `--launch: found ${launchId} closed, expected an open launch`);
    return work({ ...read, by });
  });
}

/** A launch, in whatever state, for who only looks. Throws ARGUMENT_INVALID, LAUNCH_UNKNOWN. */
export async function withLaunchToRead<T>(
  launchId: string,
  env: Readonly<Record<string, string | undefined>>,
  work: (session: Omit<LaunchSession, 'by'>) => Promise<T>,
): Promise<T> {
  const cloud = cloudFrom(env);
  try {
    const journal = createJournal({
      record: cloud.record,
      staff: cloud.staff,
      clock: cloud.clock,
      keyring: keyringFrom(env),
    });
    const launch = await journal.launch(launchId);
    if (launch === null)
      throw new AudienceError(
        'LAUNCH_UNKNOWN',
        `--launch: found no launch "${launchId}" in the record, expected an existing one`,
      );
    return await work({ launch, cloud, journal });
  } finally {
    cloud.close();
  }
}

/** Appends, and says what became of it. A launch that stands so already is fine: compiling twice must not fail. */
export async function submit({ journal, launch }: LaunchSession, command: Command): Promise<string> {
  const done = await journal.append(launch.id, command).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'KEY_MISSING')
      throw new AudienceError('REFUSED', error.message, { cause: error });
    throw error;
  });
  if (done.ok) return `entry ${done.entry.seq} of ${launch.id}`;
  if (done.code === 'ALREADY_SO') return `${launch.id} has it already`;
  throw new AudienceError('REFUSED', `${launch.id} refused ${command.kind}: ${done.say} (${done.code})`);
}

/** Launches that are looked through for the one before. */
const LOOK_BACK = 50;

/** The audience of the last other launch of this runbook that has one. */
export async function earlierAudience({ launch, cloud, journal }: Omit<LaunchSession, 'by'>): Promise<Earlier | null> {
  const others = (await cloud.live.launches()).filter(({ launchId }) => launchId !== launch.id).slice(0, LOOK_BACK);
  for (const { launchId } of others) {
    const other = await journal.launch(launchId);
    if (other?.audience != null && other.runbook.id === launch.runbook.id)
      return { launchId, devices: other.audience.devices + heldOutIn(other.audience, 'all') };
  }
  return null;
}
