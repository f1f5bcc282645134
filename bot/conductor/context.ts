import type { Logger } from 'pino';
import type { Cloud } from '../../infra/aws/cloud.ts';
import type { CommandMaker, Journal } from '../../infra/aws/journal.ts';
import type { Command } from '../../runbooks/launch/commands.ts';
import type { Entry } from '../../runbooks/launch/entries.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { LaunchDoctor } from '../launch-doctor.ts';
import type { Outside } from '../outside/outside.ts';
import type { SharedFile } from '../slack/shared-files.ts';
import type { SlackPort } from '../slack/slack-port.ts';
import type { Spoken } from '../slack/spoken.ts';
import type { Timings } from './timings.ts';

/** What every part of the conductor works with. */
export interface Context {
  cloud: Cloud;
  journal: Journal;
  /** Null: no Slack (the command line). */
  slack: SlackPort | null;
  /** Whom steps call beyond AWS and Slack. */
  outside: Outside;
  log: Logger;
  /** Names this instance in leases and claims. */
  holder: string;
  /** Whether another holder is known to have ended. */
  hasEnded: (holder: string) => boolean;
  /** Which gobutton this is; null: not known. */
  version: string | null;
  /** Of which task definition of ECS this process is; absent or null: of none, or nobody knows now. */
  ownDefinition?: () => Promise<string | null>;
  /** Quotas that this deployment went over by name, in words; null or absent: none. */
  overQuotas?: string | null;
  /** The chain of what people write in the room; absent: nobody here keeps it (the command line). */
  channelLog?: {
    append(launchId: string, channelId: string, message: Spoken): Promise<void>;
    reload(launchId: string): void;
  };
  /** Copies what people attach there, and tells the chain; absent: nobody here does. */
  roomFiles?: { keep(launchId: string, channelId: string, file: SharedFile): Promise<void> };
  /** The doctor's look at a launch; absent: nobody here can (the command line). */
  examine?: LaunchDoctor;
  timings: Timings;
  nowMs: () => number;
  /** The door to the record: see Conductor.execute. */
  execute: (launchId: string, command: Command | CommandMaker) => Promise<Acted>;
}

export type Acted = { ok: true; entry: Entry; launch: Launch } | { ok: false; code: string; say: string };
