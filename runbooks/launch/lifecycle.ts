import { withKeySpelling } from '../playbook/people-rules.ts';
import { isVisible } from '../playbook/text-faults.ts';
import type { Decision, Given } from './commands.ts';
import { campaignProblem } from './content.ts';
import { accept, byPerson, CONDUCTOR, refuse } from './decision.ts';
import type { CommandOf, Refusal } from './decision.ts';
import { isPlace, noPlace } from './item-place.ts';
import type { Launch } from './launch.ts';
import { runningShots, shotsText } from './remaining.ts';
import { rosterProblem } from './roster.ts';
import { contentHash } from './shown.ts';
import { isPutBack } from './stand-down.ts';
import { clock, isOfTheseYears, lengthText, span } from './words.ts';

/** A launch from its creation to its end, and what people and the system note on the way. */

/** Becomes part of queue ids (at most 128 characters), claim keys and parameter names. */
const LAUNCH_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;
const NOTE_MAX = 3_000;
/** A day in a minute is 1,440; beyond this, times of steps would be no dates any more. */
export const COMPRESS_MOST = 100_000;
/** A target further back is a slip in the date: it would put every step to a person at once. */
const TARGET_PAST_MOST_MS = 86_400_000;

export function createLaunch(
  launch: Launch | null,
  command: CommandOf<'create-launch'>,
  { nowMs, sha256, keys = [] }: Given,
): Decision {
  if (launch !== null)
    return refuse(
      'LAUNCH_EXISTS',
      `${launch.name} exists here since ${clock(launch.createdAtMs)}. Take another name, or go on with that launch.`,
    );
  const { launchId, name, channelId, teamId, runbook, runbookHash, targetAtMs, compress } = command;
  if (!LAUNCH_ID.test(launchId))
    return refuse(
      'VALUE_INVALID',
      `A launch can't be called ${launchId}; expected up to 60 letters, digits, dots, dashes and underscores.`,
    );
  const problem = targetProblem(targetAtMs, nowMs);
  if (problem !== null) return problem;
  if (!(compress >= 1 / COMPRESS_MOST && compress <= COMPRESS_MOST))
    return refuse(
      'VALUE_INVALID',
      `The plan can't be compressed ${compress} times; expected a number from ${1 / COMPRESS_MOST} to ${COMPRESS_MOST}, 1 for real time.`,
    );
  const roster = rosterProblem(runbook.people, keys, runbook);
  if (roster !== null) return refuse('ROSTER_INVALID', `${roster} Correct the people in the runbook.`);
  const content = campaignProblem(runbook.campaign, launchId, []);
  if (content !== null) return content;
  return accept(byPerson(command.by), nowMs, {
    kind: 'LaunchCreated',
    name,
    channelId,
    runbook: { ...runbook, people: withKeySpelling(runbook.people) },
    runbookHash,
    targetAtMs,
    compress,
    contentHash: contentHash(runbook.campaign, sha256),
    ...(teamId === undefined ? {} : { teamId }),
    ...(keys.length === 0 ? {} : { keys: [...keys] }),
    ...(command.rehearses === undefined ? {} : { rehearses: command.rehearses }),
  });
}

/** Steps that have started stay started; all others move with the target. */
export function moveTarget(launch: Launch, command: CommandOf<'move-target'>, { nowMs }: Given): Decision {
  const { targetAtMs, reason } = command;
  const problem = targetProblem(targetAtMs, nowMs);
  if (problem !== null) return problem;
  if (targetAtMs === launch.targetAtMs) return refuse('ALREADY_SO', `The target is ${clock(targetAtMs)} already.`);
  return accept(byPerson(command.by), nowMs, {
    kind: 'TargetMoved',
    targetAtMs,
    fromAtMs: launch.targetAtMs,
    reason,
  });
}

function targetProblem(targetAtMs: number, nowMs: number): Refusal | null {
  if (!isOfTheseYears(targetAtMs, nowMs))
    return refuse(
      'TIME_INVALID',
      'The target time is no time of these years; expected a date and time such as 2027-02-14T18:30-05:00.',
    );
  if (nowMs - targetAtMs <= TARGET_PAST_MOST_MS) return null;
  return refuse(
    'TIME_INVALID',
    `${new Date(targetAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC is ${span(nowMs - targetAtMs)} ago; expected a target that is still to come.`,
  );
}

export function note(launch: Launch, command: CommandOf<'note'>, { nowMs }: Given): Decision {
  const { by, item } = command;
  const text = command.text.trim();
  const problem = noteProblem(text);
  if (problem !== null) return problem;
  if (by === null)
    return accept(CONDUCTOR, nowMs, {
      kind: 'Noted',
      text,
      ...(command.said === true ? { said: true } : {}),
      ...(command.over === true ? { over: true } : {}),
    });
  if (item === undefined) return accept(byPerson(by), nowMs, { kind: 'Noted', text });
  if (!isPlace(item)) return noPlace(item);
  if (launch.noted.includes(item.seq)) return refuse('ALREADY_SO', 'You have noted so already.');
  return accept(byPerson(by), nowMs, { kind: 'Noted', item });
}

/** Asked before the words are put where they are kept, too. */
export function noteProblem(text: string): Refusal | null {
  if (isVisible(text) && text.length <= NOTE_MAX) return null;
  return refuse('VALUE_INVALID', `The note ${lengthText(text)}; expected 1 to ${NOTE_MAX}.`);
}

/** Ties the chain of channel messages to this one: neither can be rewritten without the other. */
export function checkpoint(_launch: Launch, command: CommandOf<'checkpoint'>, { nowMs }: Given): Decision {
  const { channelSeq, channelHash } = command;
  if (!Number.isSafeInteger(channelSeq) || channelSeq < 0)
    return refuse('VALUE_INVALID', `A checkpoint at message ${channelSeq} is none; expected a whole number from 0 up.`);
  return accept(CONDUCTOR, nowMs, { kind: 'Checkpoint', channelSeq, channelHash });
}

export function closeLaunch(launch: Launch, command: CommandOf<'close-launch'>, { nowMs }: Given): Decision {
  const running = runningShots(launch);
  if (running.length > 0)
    return refuse(
      'SHOT_RUNNING',
      `Shot ${shotsText(running)} is not closed yet. Wait for its totals, or halt it with /go halt, then close the launch.`,
    );
  const reason = command.reason === '' ? (launch.stoodDown?.reason ?? '') : command.reason;
  if (command.by !== null) return accept(byPerson(command.by), nowMs, { kind: 'LaunchClosed', reason });
  if (isPutBack(launch)) return accept(CONDUCTOR, nowMs, { kind: 'LaunchClosed', reason });
  return refuse(
    'ROLE_MISSING',
    `Only a person closes ${launch.name}: it was not stood down, or not everything is back yet.`,
  );
}
