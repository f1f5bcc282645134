import type { RefusalCode } from '../../runbooks/launch/commands.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { context, message, section } from './blocks.ts';
import type { Message } from './message.ts';
import { peopleWith } from './names.ts';
import { clip, fit, safe, timeOfDay } from './words.ts';

/** Answers that only the person who acted sees. */

export function done(mrkdwn: string): Message {
  return message(mrkdwn, [section(`:white_check_mark: ${mrkdwn}`)]);
}

export function info(mrkdwn: string): Message {
  return message(mrkdwn, [section(mrkdwn)]);
}

/** What was typed can't be done as it stands. `problem` is mrkdwn. */
export function usageMessage(problem: string, usage: readonly string[], does: string): Message {
  return message(problem, [
    section(`:grey_question: ${problem}`),
    context(`${usage.map((one) => `\`/go ${safe(one, 120)}\``).join('  ·  ')}\n${safe(does, 300)}`),
  ]);
}

const HINTS: Partial<Record<RefusalCode, string>> = {
  GATES_RED: '`/go ready` shows every gate with its buttons.',
  HARD_GATE_RED: '`/go ready` shows every gate.',
  ROLE_MISSING: '`/go people` shows who does what.',
  NOT_ON_ROSTER: '`/go people` shows who is on the roster.',
  CONTENT_CHANGED: '`/go campaign` shows the present text.',
  SEGMENT_UNKNOWN: '`/go fire` without names asks for all segments that can go out now.',
  TARGET_UNKNOWN: '`/go status` shows what there is.',
  STEP_UNKNOWN: '`/go steps` shows what comes.',
  STEP_NOT_OPEN: '`/go steps` shows what comes.',
  PAYLOAD_REFUSED: '`/go campaign` edits the texts; the rest stands in the runbook.',
  PAYLOAD_TOO_LARGE: '`/go campaign` edits the text.',
};

/** A refusal: the core's sentence as it is, and nothing was changed. */
export function refused(code: string, say: string): Message {
  const hint = HINTS[code as RefusalCode];
  return message(say, [
    section(`:no_entry: ${safe(say, 2_800)}`),
    context(`Nothing was changed. ${hint ?? ''}`.trim()),
  ]);
}

export function stranger(launch: Launch): Message {
  const say = `You are not on the roster of ${safe(launch.name, 120)}.`;
  return message(say, [
    section(`:wave: ${say}`),
    context(
      `${peopleWith(launch, ['on-call'])} can ask for you to be added: \`/go people add @you marketer\`; a second person approves. Nothing was changed.`,
    ),
  ]);
}

/** `problems`: of runbooks that can't be used, one a file, with its line. */
export function noLaunch(runbooks: readonly string[], problems: readonly string[] = []): Message {
  const say = 'There is no launch in this channel.';
  return message(say, [
    section(
      `:grey_question: ${say} Create one here: \`/go create\` opens a form, \`/go create ${safe(runbooks[0] ?? 'superbowl', 40)} in 2h\` does it in one line.`,
    ),
    ...(runbooks.length === 0
      ? []
      : [
          context(
            `Runbooks: ${runbooks
              .slice(0, 30)
              .map((id) => `\`${safe(id, 40)}\``)
              .join(' ')}`,
          ),
        ]),
    ...(problems.length === 0
      ? []
      : [
          context(
            `With problems:\n${fit(
              problems.map((one) => `• ${safe(one, 300)}`),
              1_500,
            )}`,
          ),
        ]),
  ]);
}

/** Something broke. People get a number to quote; the details are in the log under it. */
export function failed(reference: string): Message {
  const say = `Something went wrong here, and it was written down as ${reference}.`;
  return message(say, [
    section(`:warning: ${say}`),
    context(
      'What was decided before stands in the channel; `/go status` shows the state. Try again; if it is about sending, the command line works without Slack.',
    ),
  ]);
}

/** What the room was told by an alarm, for whoever asks after it: nothing that stands in such a record is decided on. */
export function unreadable(why: string): Message {
  return message("The record of this launch can't be read on here.", [
    section(`:rotating_light: *The record of this launch can't be read on here:* ${safe(why, 1_500)}`),
    context('Nothing was changed. `/go halt` and the HALT button work all the same.'),
  ]);
}

/** An answer that Slack did not take when it was due; told directly. */
export function saidLate(answer: Message, sinceMs: number): Message {
  return {
    text: answer.text,
    blocks: [
      context(
        `:hourglass: Slack took no answer at ${timeOfDay(sinceMs)}. This is what became of what you did then; \`/go status\` in the channel shows how things stand now.`,
      ),
      ...answer.blocks.slice(0, 49),
    ],
  };
}

export const code = (text: string, maxChars = 120): string =>
  `\`${clip(safe(text.replaceAll('`', "'").replaceAll(/[\r\n\t]+/g, ' '), maxChars), maxChars)}\``;
