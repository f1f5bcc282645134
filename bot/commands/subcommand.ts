import type { Command } from '../../runbooks/launch/commands.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import type { Desk } from '../desk.ts';
import { submitAs } from '../desk.ts';
import { refused, usageMessage } from '../views/answers.ts';
import type { HelpGroup } from '../views/help.ts';
import type { Message } from '../views/message.ts';
import type { Typed } from './arguments.ts';

/** One thing typed by one person in one channel. */
export interface Ask {
  desk: Desk;
  typed: Typed;
  slackId: string;
  /** Workspace of the account; null: Slack did not say. */
  teamId: string | null;
  channelId: string;
  /** Opens a modal, within 3 s of `atMs`. */
  triggerId: string;
  /** Receipt of the command. */
  atMs: number;
}

export interface LaunchAsk extends Ask {
  launch: Launch;
}
export interface PersonAsk extends LaunchAsk {
  person: Person;
}

/** The answer is for the asker alone; null: something else has answered (a modal, say). What the channel sees comes from the record. */
export type Answer = Message | null;

interface Described {
  name: string;
  also?: readonly string[];
  usage: readonly string[];
  does: string;
  group: HelpGroup;
}

/** `launch`: anybody in the channel of a launch may look. `person`: needs somebody on its roster; what they may do is the core's to say. */
export type Subcommand = Described &
  (
    | { needs: 'nothing'; run(ask: Ask): Promise<Answer> }
    | { needs: 'launch'; run(ask: LaunchAsk): Promise<Answer> }
    | { needs: 'person'; run(ask: PersonAsk): Promise<Answer> }
  );

/** `problem` is mrkdwn and says what is wrong with what was typed. */
export const misuse = (sub: Described, problem: string): Message =>
  usageMessage(
    problem,
    sub.usage,
    HALT_NEARBY.has(sub.group) ? `${sub.does} Nothing was changed. \`/go halt\` stops all sending.` : sub.does,
  );

/** Where somebody who wants to stop things looks first. */
const HALT_NEARBY: ReadonlySet<HelpGroup> = new Set(['Fire and halt', 'Drive']);

/** Submits and answers: the core's refusal as it is, or `confirm` of the state after it. */
export async function submit(
  ask: LaunchAsk,
  make: (by: string, launch: Launch, nowMs: number) => Command,
  confirm: (launch: Launch) => Answer,
): Promise<Answer> {
  const outcome = await submitAs(ask.desk, ask.launch.id, ask.slackId, make);
  return outcome.ok ? confirm(outcome.launch) : refused(outcome.code, outcome.say);
}
