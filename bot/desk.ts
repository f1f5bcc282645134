import type { WebClient } from '@slack/web-api';
import type { Logger } from 'pino';
import type { Cloud } from '../infra/aws/cloud.ts';
import type { Journal } from '../infra/aws/journal.ts';
import { doing } from '../runbooks/launch/authority.ts';
import type { Command } from '../runbooks/launch/commands.ts';
import type { Entry, Via } from '../runbooks/launch/entries.ts';
import type { Launch } from '../runbooks/launch/launch.ts';
import { personOf } from '../runbooks/launch/people.ts';
import type { Person, Runbook } from '../runbooks/playbook/schema.ts';
import type { ChannelLog } from './channel/channel-log.ts';
import type { Refusals } from './channel/refusals.ts';
import type { RoomFiles } from './channel/room-files.ts';
import type { Conductor } from './conductor/conductor-port.ts';
import type { LaunchDoctor } from './launch-doctor.ts';
import type { LiveLinks } from './live-timeline/links.ts';
import type { Rooms } from './slack/rooms.ts';
import type { Teller } from './slack/teller.ts';

/** What every command and press works with. */
export interface Desk {
  cloud: Cloud;
  journal: Journal;
  conductor: Conductor;
  /** Which launch a channel is the war room of, and whether outsiders are in it. */
  rooms: Rooms;
  /** Short time-out, few retries (see slack-client.ts). */
  client: WebClient;
  /** The same, and tries nothing again by itself. */
  once: WebClient;
  /** What people say, and what they were refused, for the timeline. */
  channelLog: ChannelLog;
  refusals: Refusals;
  /** What they attach. */
  roomFiles: RoomFiles;
  /** What people call the bot in Slack: `/invite @…`. */
  botName: () => string;
  /** Answers people, now or when Slack is back. */
  teller: Teller;
  log: Logger;
  nowMs: () => number;
  runbooksDir: string;
  /** Whom steps of a plan would call and this bot can't, each as a sentence. */
  unreachable: (runbook: Runbook) => string[];
  /** Of audiences, and of lists that people put there. */
  bucket: string;
  /** Whether the account, Slack and the providers are as a launch needs them. */
  examine: LaunchDoctor;
  /** To the timeline as it grows. */
  liveLinks: LiveLinks;
}

export type Outcome =
  | { ok: true; entry: Entry; launch: Launch }
  | { ok: false; code: string; say: string; launch: Launch | null };

/** A person who is not on the roster can't be named; the core refuses this id in its own words. */
export const STRANGER = 'not-on-the-roster';

/**
 * Executes a command in the name of the person behind a Slack id, decided on the launch as it is at that moment; a refusal is
 * noted for the timeline. `make` gets the person's id and the state it is decided on.
 */
export async function submitAs(
  desk: Desk,
  launchId: string,
  slackId: string,
  make: (by: string, launch: Launch, nowMs: number) => Command,
): Promise<Outcome> {
  let wanted = '';
  const answer = await desk.conductor.execute(launchId, (launch, nowMs) => {
    if (launch === null) throw new Error(`LAUNCH_GONE ${launchId}: the index names a launch without a record`);
    const command = make(personOf(launch, { slackId })?.id ?? STRANGER, launch, nowMs);
    wanted = doing(command);
    return command;
  });
  if (!answer.ok) {
    desk.refusals.note(launchId, slackId, { what: wanted, code: answer.code, say: answer.say });
    return { ...answer, launch: desk.journal.peek(launchId) };
  }
  return answer;
}

export function whoIs(launch: Launch, slackId: string): Person | null {
  return personOf(launch, { slackId });
}

/** A press as the record keeps it: whose account, of which workspace, and where. */
export function slackVia({
  slackId,
  teamId,
  channelId,
}: {
  slackId: string;
  teamId: string | null;
  channelId: string;
}): Via {
  return { kind: 'slack', slackId, ...(teamId === null ? {} : { teamId }), channelId };
}
